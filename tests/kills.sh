#!/usr/bin/env bash
# The engine at a simulated venue, killed (SIGKILL) at random moments and restarted from its journal each time: is anything lost, doubled
# or left, and how long does it take to be back? Two hundred kills take a quarter of an hour, since the venue counts what a start asks.
#
#     ./tests/kills.sh                200 kills at moments of a seed that is printed
#     ./tests/kills.sh 500 17         500 kills by seed 17
#
# BALLAST_KILLS_KEEP=1 keeps the journals and the venue's record of a run that failed, and says where. BALLAST_KILLS_DEBUG=1 tries a
# build with all its checks; times are those of the other.
set -euo pipefail
cd "$(dirname "$0")/.."

export BALLAST_KILLS=${1-200}
if [ -n "${2-}" ]; then export BALLAST_KILLS_SEED=$2; fi
profile=--release
if [ -n "${BALLAST_KILLS_DEBUG-}" ]; then profile=--profile=dev; fi
exec cargo test --locked "$profile" --package ballast-tests --test engine -- --include-ignored --nocapture --exact \
    deaths::many_kills_lose_and_double_nothing
