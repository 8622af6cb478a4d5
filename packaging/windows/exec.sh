#!/usr/bin/env bash
# Becomes a program under Wine: `exec.sh PROGRAM ARGUMENT...`. At fixed addresses, where the system lets it: of random
# ones, once in some thousands of starts, one is taken that Wine 8 needs, and the program does not come to its start.
set -euo pipefail
fixed=$(setarch -R true 2>/dev/null && echo "setarch -R") || true
exec $fixed /usr/lib/wine/wine64 "$@"
