#!/usr/bin/env bash
# Installs what a fresh Debian machine that has Rust may lack: C and C++ compilers (zstd is C, the fuzz targets C++; Rust links with
# `cc`). Does nothing where they are there.
set -euo pipefail

if command -v cc >/dev/null && command -v c++ >/dev/null; then
    exit 0
fi
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update
"${sudo[@]}" apt-get install --yes --no-install-recommends g++
