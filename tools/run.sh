#!/usr/bin/env bash
# Builds the program if need be and runs it: ./tools/run.sh demo
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

"$root/tools/prepare.sh"
exec cargo run --locked --release --quiet --manifest-path "$root/Cargo.toml" --package ballast -- "$@"
