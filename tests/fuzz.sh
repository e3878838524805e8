#!/usr/bin/env bash
# Runs every fuzz target:
#
#     ./tests/fuzz.sh [SECONDS]      each for so long, 600 seconds where nothing is said
#
# Begins with seeds that the project writes itself, and goes on with what earlier runs have found (`fuzz-corpus` in cargo's target
# folder). What makes a target fail stays in its `artifacts` folder. Needs Rust by rustup; cargo-fuzz it installs.
set -euo pipefail
cd "$(dirname "$0")/.."
./tools/prepare.sh

seconds=${1-600}
case $seconds in
'' | *[!0-9]*)
    echo "usage: $0 [SECONDS]" >&2
    exit 2
    ;;
esac

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

seeds=$CARGO_TARGET_DIR/fuzz-seeds
rm -rf "$seeds"
cargo run --locked --quiet --package ballast-tests --example seeds -- "$seeds"

# Sanitizers and coverage are unstable options of a stable compiler.
export RUSTC_BOOTSTRAP=1
for manifest in {engine,feeds}/*/fuzz/Cargo.toml; do
    folder=${manifest%/Cargo.toml}
    for target in $(cargo fuzz list --fuzz-dir "$folder"); do
        corpus=$CARGO_TARGET_DIR/fuzz-corpus/$target
        mkdir -p "$corpus" "$seeds/$target"
        printf '\n== %s, %s s\n' "$folder $target" "$seconds"
        cargo fuzz run --fuzz-dir "$folder" "$target" "$corpus" "$seeds/$target" -- \
            -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1
    done
done
