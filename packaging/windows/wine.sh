#!/usr/bin/env bash
# Runs a Windows program as the tests run one of Linux: it finds DLLs where LD_LIBRARY_PATH leads, then where WINEPATH
# does, and its lines end as Linux's. What it prints goes through files, for Wine's services hold a pipe open after its
# end.
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
