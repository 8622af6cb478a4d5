#!/usr/bin/env bash
# Checks a DLL: it exports tests/abi/exports.txt, needs no DLL but Windows' own, and contains no path of this machine.
# Prints a line for each thing that is wrong, and fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
dll=$1
export LC_ALL=C # for the order of names
wrong=
no() { echo "windows: $dll: $*" >&2; wrong=1; }

exports=$(x86_64-w64-mingw32-objdump -p "$dll" |
  awk '/^\[Ordinal\/Name Pointer\]/ { on = 1; next } !NF { on = 0 } on { print $NF }' | sort)
others=$(comm -3 tests/abi/exports.txt - <<<"$exports" | xargs)
[ -z "$others" ] || no "the exports are not those of tests/abi/exports.txt: $others"
# DLLs of Windows 10 itself, so no runtime of MinGW.
own="advapi32 api-ms-win-core-synch-l1-2-0 bcrypt bcryptprimitives crypt32 kernel32 msvcrt ntdll winhttp ws2_32"
needed=$(x86_64-w64-mingw32-objdump -p "$dll" | sed -n 's/.*DLL Name: \(.*\)\.dll/\L\1/p' | sort -u)
others=$(comm -13 <(xargs -n 1 <<<"$own" | sort) - <<<"$needed" | xargs)
[ -z "$others" ] || no "it needs $others"
folders=$(grep -aoE "(/home|/root|/tmp|$HOME|$PWD)/[[:print:]]*" "$dll" | sort -u | xargs) || true
[ -z "$folders" ] || no "it names $folders"
[ -z "$wrong" ]
echo "$(wc -l <tests/abi/exports.txt) functions, $(stat -c %s "$dll") bytes"
