#!/usr/bin/env bash
# Every check of the project, in the order in which they fail cheapest:
#
#     ./tests/run.sh           format, lints, tests in debug and optimised builds, 40 simulated worlds (the first by BALLAST_SIM_FROM,
#                              else 1), exchange clients on the simulator, the chain on a local
#                              node, documentation, fuzz targets 30 s each
#     ./tests/run.sh --full    also benches built, fuzz targets linted, the comparison with rival crates (a long build) and the
#                              licences (cargo-deny)
#
# Needs Rust by rustup; what else is missing it installs, on Debian. BALLAST_CAPTURES names a folder of recorded captures
# (default ../shared/captures); without one the tests that need them say that they are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
./tools/prepare.sh

case "${1-}" in
'') full=no ;;
--full) full=yes ;;
*)
    echo "usage: $0 [--full]" >&2
    exit 2
    ;;
esac

# Compilers for zstd (C) and libFuzzer (C++); Debian's g++ brings both.
if ! command -v cc >/dev/null || ! command -v c++ >/dev/null; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update
    "${as_root[@]}" apt-get install --yes --no-install-recommends g++
fi

# One folder for all workspaces, so that what they share is built once.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
steps=()

# step NAME COMMAND...: runs the command, says how long it took, keeps what it said.
step() {
    local name=$1 begin=$SECONDS
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    if ! "$@" 2>&1 | tee "$logs/$name"; then
        printf '\n== %s failed after %d s\n' "$name" $((SECONDS - begin)) >&2
        exit 1
    fi
    steps+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$name")")
}

lint() { step "$1" cargo clippy --locked --manifest-path "$2" --all-targets -- -D warnings; }

step format cargo fmt --all --check
step lint cargo clippy --locked --workspace --all-targets -- -D warnings
step test-debug cargo test --locked --workspace --no-fail-fast
# Simulated worlds; a failure prints the command that repeats it. The default seeds are known: over seeds that nobody has seen about one
# world in 250 breaks the oracle of exposure by a lot at present.
from=${BALLAST_SIM_FROM:-1}
printf '\n== worlds: first seed %s (BALLAST_SIM_FROM=%s repeats them)\n' "$from" "$from"
step worlds cargo run --locked --quiet --package ballast -- sim --seeds 40 --from "$from" --shrink
# What a build without checks may do otherwise: arithmetic, decisions and their records, and what needs many operations.
step test-optimised cargo test --locked --no-fail-fast --profile optimised --package ballast-core --package ballast-exchange \
    --package ballast-tests --lib --test matching --test tape --test replay --test journal --test captures --test no_alloc \
    --test scenario --test turn
step loom env RUSTFLAGS="--cfg loom" cargo test --locked --package ballast-sync --target-dir "$CARGO_TARGET_DIR/loom" --lib --test loom
step sanitize ./tests/sanitize.sh
step live ./tests/live/run.sh
step chain ./tests/chain/run.sh
step docs env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
for manifest in {engine,feeds}/*/fuzz/Cargo.toml; do
    crate=$(cut -d / -f 2 <<<"$manifest")
    step "fuzz-$crate-format" cargo fmt --check --manifest-path "$manifest"
done
step fuzz ./tests/fuzz.sh 30
if [ "$full" = yes ]; then
    step benches cargo bench --locked --workspace --no-run
    for manifest in {engine,feeds}/*/fuzz/Cargo.toml; do
        lint "fuzz-$(cut -d / -f 2 <<<"$manifest")" "$manifest"
    done
    step peers-format cargo fmt --check --manifest-path bench/peers/Cargo.toml
    lint peers bench/peers/Cargo.toml
    step peers-test cargo test --locked --manifest-path bench/peers/Cargo.toml --release
    step pool-peers-format cargo fmt --check --manifest-path bench/pool/Cargo.toml
    lint pool-peers bench/pool/Cargo.toml
    step pool-peers-test cargo test --locked --manifest-path bench/pool/Cargo.toml --release
    step licences cargo deny --locked check bans licenses sources
fi

# What the test runner itself said, once more: one line for each program of tests.
for build in debug optimised; do
    printf '\n== tests, %s build\n' "$build"
    grep -E '^ +(Running|Doc-tests) |^test result: ' "$logs/test-$build"
    awk '/^test result: /{ passed += $4; ignored += $8 } END { print passed " passed, " ignored " ignored" }' \
        "$logs/test-$build"
done
printf '\n== all passed\n'
printf '%s\n' "${steps[@]}"
printf '%5d s  in all\n' "$SECONDS"
