#!/usr/bin/env bash
# Runs Ballast against its rivals and keeps the tables: bench/runs/<date>-<host>.md.
# The processor target is cargo's default, so that every contender is compiled for the same machine.
# BALLAST_CAPTURES names the captures folder; for BALLAST_HOST see facts.sh.
set -euo pipefail
cd "$(dirname "$0")"

. ./facts.sh
out=runs/$(date -u +%F)-$host.md
tables=$(mktemp)
figures=$(mktemp)
log=$(mktemp)
trap 'rm -f "$tables" "$figures" "$log"' EXIT

unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
peers() { cargo run --quiet --release --locked --manifest-path peers/Cargo.toml -- "$@"; }
cargo build --release --locked --manifest-path peers/Cargo.toml

{
    echo "# Ballast and its rivals, $(date -u +%F)"
    echo
    facts
} >"$tables"

for bench in decode rings replay fills; do
    peers "$bench" 2>"$log" | tail -n 1 >>"$figures" || { cat "$log" >&2; exit 1; }
    { printf '## %s\n\n' "$bench"; cat "$log"; } | tee -a "$tables" >&2
done
printf 'Load after: %s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)" >>"$tables"
printf '\n## Figures\n\n```json\n%s\n```\n' "$(cat "$figures")" >>"$tables"

mkdir -p runs
mv "$tables" "$out"
chmod 644 "$out"
echo "bench/$out"
