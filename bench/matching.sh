#!/usr/bin/env bash
# Measures the matching engine and keeps the tables: bench/runs/<date>-<host>-matching.md. Less than a minute once it is built.
# BALLAST_CAPTURES names the captures folder; for BALLAST_HOST see facts.sh.
set -euo pipefail
cd "$(dirname "$0")"
. ./facts.sh

out=runs/$(date -u +%F)-$host-matching.md
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT

unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
cargo bench --quiet --locked --package ballast-bench --bench matching_table --no-run
{
    echo "# The matching engine, $(date -u +%F)"
    echo
    facts
    cargo bench --quiet --locked --package ballast-bench --bench matching_table
    printf '\nLoad after: %s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
} >"$tables"

mkdir -p runs
mv "$tables" "$out"
chmod 644 "$out"
echo "bench/$out"
