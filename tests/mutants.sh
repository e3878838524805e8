#!/usr/bin/env bash
# Shows that the simulated world catches an engine that is wrong on purpose: one build in which every mutant can be chosen, and for
# each the worlds of as many seeds as it takes. Prints mutant, oracle and seeds.
#
#     ./tests/mutants.sh
#
# Only the project's own crates are built with `--cfg mutant`, beside those of other builds.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
RUSTC_WORKSPACE_WRAPPER=$PWD/tests/sim/rustc.sh cargo test --locked --package ballast-tests --test sim -- --nocapture
