#!/usr/bin/env bash
# Do the loops of venues and of the shard allocate once they stand? Against the simulated venue on loopback, plain and under TLS.
#
#     ./tests/steady.sh                 a minute of each
#     ./tests/steady.sh 600             ten
set -euo pipefail
cd "$(dirname "$0")/.."

export BALLAST_STEADY_SECONDS=${1-60}
exec cargo test --locked --release --package ballast-tests --test no_alloc -- --nocapture --test-threads 1 steady::
