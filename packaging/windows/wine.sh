#!/usr/bin/env bash
# Runs a Windows program as the tests run a Linux program. It looks for DLLs in LD_LIBRARY_PATH, then in WINEPATH, and
# removes the carriage returns. The output goes through files, because Wine's services keep a pipe open after the end.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
program=$1
shift
[ -e "$program" ] || program=$program.exe # what MinGW makes of a name without an ending
folders=${LD_LIBRARY_PATH:+Z:${LD_LIBRARY_PATH//:/;Z:};}${WINEPATH-}
export WINEPATH=${folders//\//\\}
printed=$(mktemp -d)
trap 'rm -rf "$printed"' EXIT
status=0
"$here/exec.sh" "$program" "$@" >"$printed/out" 2>"$printed/err" || status=$?
tr -d '\r' <"$printed/out"
tr -d '\r' <"$printed/err" >&2
exit $status
