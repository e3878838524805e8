#!/usr/bin/env bash
# Tests the reading of the chain on a real local node with the exchanges' real contracts: see feeds/chain/tests/node.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
export BALLAST_NODE=${BALLAST_NODE:-$target/chain-node}
./tests/chain/prepare.sh "$BALLAST_NODE"
# With the whole workspace's features, so that what building its tests made is used again.
timeout 600 cargo test --locked --workspace --test node
