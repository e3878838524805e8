#!/usr/bin/env bash
# The engine at a simulated venue that plays captured flow again and again, through real sockets: is memory flat, is anything lost?
#
#     ./tests/soak.sh                 an hour of flow at twenty times its speed
#     ./tests/soak.sh 7200 10         two hours at ten times
#
# Needs captures: BALLAST_CAPTURES names their folder (default ../shared/captures).
set -euo pipefail
cd "$(dirname "$0")/.."

export BALLAST_SOAK_SECONDS=${1-3600} BALLAST_SOAK_SPEED=${2-20}
exec cargo test --locked --release --package ballast-tests --test engine -- --include-ignored --nocapture --exact \
    soak::an_hour_of_captured_flow_is_lossless
