#!/usr/bin/env bash
# Runs Ballast against its rivals and keeps the tables: bench/runs/<date>-<host>.md.
# The processor target is cargo's default, so that every contender is compiled for the same machine.
# BALLAST_CAPTURES names the captures folder, BALLAST_HOST the host in the file's name: by default the processor, such as
# epyc-2c, since the name of a machine is nobody's business.
set -euo pipefail
cd "$(dirname "$0")"

processor() {
    sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1 | tr '[:upper:]' '[:lower:]' |
        grep -oE 'epyc|ryzen|xeon|core|neoverse' | head -n 1 || echo cpu
}
host=${BALLAST_HOST:-$(processor)-$(nproc)c}
out=runs/$(date -u +%F)-$host.md
tables=$(mktemp)
figures=$(mktemp)
log=$(mktemp)
trap 'rm -f "$tables" "$figures" "$log"' EXIT

fact() { lscpu | sed -n "s/^$1: *//p" | head -n 1; }
commit() {
    git rev-parse --short HEAD 2>/dev/null || { echo none; return; }
    [ -z "$(git status --porcelain)" ] || echo "(with local changes)"
}
governor() { cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2>/dev/null || echo unknown; }

unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
peers() { cargo run --quiet --release --locked --manifest-path peers/Cargo.toml -- "$@"; }
cargo build --release --locked --manifest-path peers/Cargo.toml

{
    echo "# Ballast and its rivals, $(date -u +%F)"
    echo
    echo "| fact | value |"
    echo "| ---- | ----- |"
    echo "| processor | $(fact 'Model name'), family $(fact 'CPU family') model $(fact Model), $(nproc) cores |"
    echo "| governor | $(governor) |"
    echo "| hypervisor | $(fact 'Hypervisor vendor' | grep . || echo none) |"
    echo "| kernel | $(uname -s) $(uname -r | cut -d- -f1) |"
    echo "| compiler | $(rustc --version), default target-cpu |"
    echo "| commit | $(commit | paste -sd ' ') |"
    echo "| load before | $(cut -d ' ' -f 1-3 /proc/loadavg) |"
    echo
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
