#!/usr/bin/env bash
# Replaces itself with a program under Wine: `exec.sh PROGRAM ARGUMENT...`. It turns off random addresses if it can:
# once in some thousand starts, a random address is one that Wine 8 needs, and the program does not start.
set -euo pipefail
fixed=$(setarch -R true 2>/dev/null && echo "setarch -R") || true
exec $fixed /usr/lib/wine/wine64 "$@"
