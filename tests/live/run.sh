#!/usr/bin/env bash
# Lets public exchange clients trade on `ballast simulate` over loopback: see clients.py.
#
# Installs ccxt from PyPI into an environment of its own (BALLAST_LIVE_VENV, default in the target folder), and on Debian what
# Python needs for that.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
venv=${BALLAST_LIVE_VENV:-$target/live-venv}
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update
    "${as_root[@]}" apt-get install --yes --no-install-recommends python3 python3-venv
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check 'ccxt==4.5.90'

cargo build --locked --package ballast
"$venv/bin/python" tests/live/clients.py "$target/debug/ballast"
