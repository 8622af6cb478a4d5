#!/usr/bin/env bash
# Checks that the ABI of the header is the committed one in tests/abi/, function by function and type by type.
#
#   tests/abi.sh            compares
#   tests/abi.sh --accept   writes the header's ABI to tests/abi/, for you to review and commit. If programs must be
#                           built again, the number in the SONAME must change too.
#
# The header contains everything that a C program knows about the library, and is generated from the library's sources.
# So this script compares a library of empty functions made from the header. It is the same with every compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "abi: $*" >&2; exit 1; }
command -v abidiff >/dev/null || fail "abidiff is missing. Install it (Debian: apt-get install abigail-tools)"

# The ABI of a header, and the names of its functions.
describe() { # HEADER OUTPUT
    cp "$1" "$work/autopilot_sync.h"
    { echo '#include "autopilot_sync.h"'
      awk '/^AUTOPILOT_API/ { on = 1 } on { ends = sub(/;$/, " { __builtin_trap(); }"); print; on = !ends }' "$1"; } >"$work/empty.cpp"
    # Compile it as C++, because in C the functions return plain integers, not enums.
    # `|| fail`, because `set -e` has no effect inside a condition.
    "${CXX:-g++}" -g -fno-eliminate-unused-debug-types -shared -fPIC -I"$work" -o "$work/empty.so" "$work/empty.cpp" ||
        fail "$1 does not compile"
    abidw --load-all-types --no-show-locs --no-corpus-path --no-comp-dir-path "$work/empty.so" | sed "s|$work/||g" >"$2" ||
        fail "$1 cannot be read"
}
names() { grep -oP "<elf-symbol name='\K[^']*" "$1" | sort; }
same() { # HEADER: prints the differences from the committed ABI
    describe "$1" "$work/now.abi"
    abidiff --non-reachable-types tests/abi/autopilot_sync.abi "$work/now.abi" && diff tests/abi/exports.txt <(names "$work/now.abi")
}

if [ "${1-}" = --accept ]; then
    describe include/autopilot_sync.h tests/abi/autopilot_sync.abi
    names tests/abi/autopilot_sync.abi >tests/abi/exports.txt
    exit
fi

same include/autopilot_sync.h || fail "the ABI has changed. If it is meant to: tests/abi.sh --accept"

# The check itself: it must notice each of these changes.
broken() { # WHAT SED-SCRIPT
    sed -E "$2" include/autopilot_sync.h >"$work/broken.h"
    cmp -s include/autopilot_sync.h "$work/broken.h" && fail "the change '$1' changes nothing"
    ! same "$work/broken.h" >"$work/report" || fail "$1: not noticed"
}
! (broken "a header that does not compile" 's/autopilot_version\(void\)/autopilot_version(nothing)/') 2>"$work/said" &&
    grep -q 'does not compile$' "$work/said" || fail "a header that does not compile counts as a noticed change: $(cat "$work/said")"
broken "a function less" '/^AUTOPILOT_API void autopilot_detail_free/d'
broken "a function more" 's/^(AUTOPILOT_API void autopilot_)detail(_free\(autopilot_detail \*detail\);)/&\n\1more\2/'
broken "another name" 's/autopilot_version\(void\)/autopilot_versions(void)/'
broken "a narrower integer" 's/int64_t timeout_ms/int32_t timeout_ms/'
broken "an argument more" 's/autopilot_sync\(const char \*token\);/autopilot_sync(const char *token, int32_t flags);/'
broken "another order" 's/\(const autopilot_detail \*detail, int32_t index\)/(int32_t index, const autopilot_detail *detail)/'
broken "another result" 's/^(AUTOPILOT_API )int32_t( autopilot_detail_attempts)/\1int64_t\2/'
broken "another number" 's/(AUTOPILOT_ERROR_CONFIGURATION =) -13/\1 -14/'
broken "a value less" '/AUTOPILOT_TRIGGER_JOINED = 4/d'
broken "another cloud" 's/(AUTOPILOT_CLOUD_CHINA =) 3/\1 4/'
broken "a wider enum" 's/enum name : int32_t/enum name : int64_t/'
broken "another callback" 's/^typedef int32_t \(\*autopilot_progress_fn\)/typedef int64_t (*autopilot_progress_fn)/'
echo "abi: $(wc -l <tests/abi/exports.txt) functions, as committed"
