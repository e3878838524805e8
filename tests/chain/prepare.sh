#!/usr/bin/env bash
# Brings what the tests of the chain need into a folder: the node (anvil), and contracts.json with the contracts' creation code.
#
#     ./tests/chain/prepare.sh FOLDER
#
# Packages come from npm by their names and hashes in package-lock.json, none of their scripts is run, and nothing of them enters the
# repository (their licences differ from ours). Takes seconds the first time and nothing while what it was made from stays the same.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?the folder to prepare}

if ! command -v npm >/dev/null; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update
    "${as_root[@]}" apt-get install --yes --no-install-recommends nodejs npm
fi

made_from=$(cat "$here"/{package.json,package-lock.json,Shims.sol,contracts.cjs,prepare.sh} | sha256sum)
[ "$made_from" = "$(cat "$folder/made-from" 2>/dev/null)" ] && exit 0

mkdir -p "$folder"
rm -f "$folder/made-from"
cp "$here"/package{,-lock}.json "$folder"
cd "$folder"
timeout 300 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
timeout 60 node "$here/contracts.cjs"
ln -sf node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil anvil
chmod +x anvil
timeout 10 ./anvil --version
echo "$made_from" >made-from
