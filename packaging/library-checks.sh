# shellcheck shell=bash
# Checks of a shared library for Linux, for scripts to source. Each takes the path of a library, and fails if the
# library is wrong. The script must define fail().
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
abi=$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)\..*"/\1/p' "$root/include/autopilot_sync.h")

exports_the_abi() { diff "$root/tests/abi/exports.txt" <(nm -D --defined-only "$1" | awk '{ print $NF }' | LC_ALL=C sort); }
is_named() { readelf -d "$1" | grep -F "soname: [libautopilot_sync.so.$abi]"; }
stays_loaded() { readelf -d "$1" | grep NODELETE; }
is_stripped() { ! readelf -S "$1" | grep -F .symtab; }
newest_symbol() { objdump -T "$1" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1; }
needs_old_glibc() { [ "$(printf '%s\n' "$(newest_symbol "$1")" GLIBC_2.17 | sort -V | tail -n 1)" = GLIBC_2.17 ]; }
needs_glibc_alone() {
    ! readelf -d "$1" | grep NEEDED | grep -vE '\[(lib(c|m|dl|pthread|rt)|ld-linux[^]]*)\.so\.[0-9]\]'
}
names_no_folder() { ! grep -aoE "(/home|/root|/tmp|$HOME|$root)/[[:print:]]*" "$1"; }

# Makes a library that must fail every check.
make_wrong_library() { # PATH
    { sed 's/.*/void &(void) {}/' "$root/tests/abi/exports.txt" && echo "#include <sys/random.h>
        long autopilot_more(char *to) { return getrandom(to, 1, 0); } const char *autopilot_home = \"$HOME/\";"; } |
        "${CC:-gcc}" -shared -fPIC -x c - -o "$1" -Wl,--no-as-needed -lresolv
}

all_pass() { # PATH CHECK...
    local said check
    for check in "${@:2}"; do said=$($check "$1" 2>&1) || fail "$1: $check: $said"; done
}
none_passes() { # PATH CHECK...
    local check
    for check in "${@:2}"; do ! $check "$1" >/dev/null 2>&1 || fail "$check passes what is wrong in every way"; done
}
