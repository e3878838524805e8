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
targets=()
for manifest in {engine,feeds}/*/fuzz/Cargo.toml; do
    folder=${manifest%/Cargo.toml}
    cargo fuzz build --fuzz-dir "$folder"
    for target in $(cargo fuzz list --fuzz-dir "$folder"); do targets+=("$folder $target"); done
done

# run_one FOLDER TARGET: one target; what it says is printed when it ends, so that those which run at a time do not mingle.
run_one() {
    local folder=$1 target=$2 said failed=0
    local corpus=$CARGO_TARGET_DIR/fuzz-corpus/$target
    said=$(mktemp)
    mkdir -p "$corpus" "$seeds/$target"
    cargo fuzz run --fuzz-dir "$folder" "$target" "$corpus" "$seeds/$target" -- \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 >"$said" 2>&1 || failed=$?
    printf '\n== %s %s, %s s\n%s\n' "$folder" "$target" "$seconds" "$(tail -n 100 "$said")"
    rm -f "$said"
    return "$failed"
}
export -f run_one
export seeds seconds

# One for each core at a time; xargs fails where any of them does.
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -L 1 bash -c 'run_one "$@"' run_one
