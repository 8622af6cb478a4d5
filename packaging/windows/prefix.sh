#!/usr/bin/env bash
# Makes a new Wine prefix, which is a Windows machine of its own, in the folder $WINEPREFIX. It starts a server for all
# programs that follow. `/usr/lib/wine/wineserver -k` stops it.
set -euo pipefail
cd "$(dirname "$0")"
rm -rf "$WINEPREFIX" && mkdir -p "$WINEPREFIX"
log=$WINEPREFIX/wineboot.log
timeout 60 /usr/lib/wine/wineserver -p >"$log" 2>&1
timeout 300 ./exec.sh wineboot -i </dev/null >>"$log" 2>&1 || { echo "wineboot: $(cat "$log")" >&2; exit 1; }
# What Wine 8 lacks, and Rust's standard library needs.
x86_64-w64-mingw32-gcc -shared bcryptprimitives.c -ladvapi32 \
  -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll"
