#!/usr/bin/env bash
# Prints the folder of the tools of packaging/tools/requirements.txt, installed once.
set -euo pipefail
cd "$(dirname "$0")"
tools=${XDG_CACHE_HOME:-$HOME/.cache}/autopilot-sync/wheel-tools
if ! cmp -s requirements.txt "$tools/made-for.txt"; then
    python3 -m venv --clear "$tools" ||
        { echo "there is no Python with venv. Install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
    "$tools/bin/python" -m pip install -q -r requirements.txt >&2
    cp requirements.txt "$tools/made-for.txt"
fi
echo "$tools/bin"
