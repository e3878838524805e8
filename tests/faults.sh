#!/usr/bin/env bash
# The engine at a simulated venue where things go wrong, and what became of it: one table, faults by outcome.
#
#     ./tests/faults.sh                each fault singly, and two short mixes
#     ./tests/faults.sh gap            the cases whose names contain "gap"
#     ./tests/faults.sh --mix 600 3    a mix of everything for 600 s, by seed 3
#
# BALLAST_FAULTS_KEEP=1 keeps configuration, journal and the venue's record of the cases that failed, and says where.
set -euo pipefail
cd "$(dirname "$0")/.."

test=whatever_goes_wrong_the_engine_agrees_with_the_venue_afterwards
if [ "${1-}" = --mix ]; then
    test=a_long_mix
    export BALLAST_FAULTS_SECONDS=${2-120} BALLAST_FAULTS_SEED=${3-1}
else
    export BALLAST_FAULTS=${1-}
fi
exec cargo test --locked --package ballast-tests --test engine -- --include-ignored --nocapture --exact "faults::$test"
