#!/usr/bin/env bash
# Runs what crosses threads (engine/sync/examples/crossing.rs) under ThreadSanitizer, from a plain program: the test runner's own threads
# are reported falsely, since the standard library is not instrumented. RUSTC_BOOTSTRAP lets the stable compiler take the option.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/sanitize
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"
target=$(rustc -vV | sed -n 's/^host: //p')
cargo build --locked --package ballast-sync --example crossing --target "$target"
program=$CARGO_TARGET_DIR/$target/debug/examples/crossing
grep -q __tsan_init "$program" || { echo "$program is not instrumented" >&2; exit 1; }
"$program"
