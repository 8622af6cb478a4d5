#!/usr/bin/env bash
# Prints the folder of the tools in packaging/tools/requirements.txt, installed once and kept.
set -euo pipefail
cd "$(dirname "$0")"
tools=${XDG_CACHE_HOME:-$HOME/.cache}/autopilot-sync/pip-tools
if ! cmp -s requirements.txt "$tools/made-for.txt"; then
    python3 -m venv --clear "$tools" ||
        { echo "Python's venv is missing. Install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
    "$tools/bin/python" -m pip install -q --disable-pip-version-check -r requirements.txt >&2
    cp requirements.txt "$tools/made-for.txt"
fi
echo "$tools/bin"
