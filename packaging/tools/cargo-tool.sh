#!/usr/bin/env bash
# Prints the folder of a tool from crates.io, built once and kept: `cargo-tool.sh cargo-cyclonedx 0.5.9 [OPTION...]`.
set -euo pipefail
tools=${XDG_CACHE_HOME:-$HOME/.cache}/autopilot-sync/$1-$2
compgen -G "$tools/bin/*" >/dev/null || nice cargo install -q "$1@$2" --locked --root "$tools" "${@:3}" >&2
echo "$tools/bin"
