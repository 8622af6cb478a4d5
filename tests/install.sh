#!/usr/bin/env bash
# Installs the C libraries into a clean prefix by the README's line, and builds and runs programs outside of this tree
# with them: the README's own, by its own lines; in C and C++, shared and static, by pkg-config and by CMake.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
fail() { echo "install: $*" >&2; exit 1; }
for tool in cmake pkg-config; do
    command -v $tool >/dev/null || fail "$tool is missing. Install it (Debian: apt-get install $tool)"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The README's block of a language that has the given text.
block() { # LANGUAGE TEXT
    awk -v fence="\`\`\`$1" -v text="$2" '
        $0 == fence { on = 1; block = ""; next }
        on && /^```$/ { on = 0; if (index(block, text)) { printf "%s", block; found = 1 } }
        on { block = block $0 "\n" }
        END { exit !found }' README.md || fail "the README has no $1 block with '$2'"
}

# cargo-c takes ten minutes to build: it is kept. The version is the README's.
install=$(block sh "cargo cinstall")
version=$(sed -n 's/.*cargo install cargo-c@\([^ ]*\).*/\1/p' <<<"$install")
tools=${AUTOPILOT_TOOLS:-$HOME/.cache/autopilot-sync/cargo-c-$version}
[ -x "$tools/bin/cargo-cinstall" ] || cargo install -q "cargo-c@$version" --locked --root "$tools"
export PATH=$tools/bin:$PATH

echo "install: by the README's line"
export PREFIX=$work/prefix
eval "$(grep 'cargo cinstall' <<<"$install")"
cd "$PREFIX"
ls include/autopilot_sync.h include/autopilot_sync.hpp lib/libautopilot_sync.a lib/pkgconfig/autopilot_sync.pc \
    share/cmake/autopilot_sync/autopilot_sync-config.cmake >/dev/null
cmp include/autopilot_sync.h "$root/include/autopilot_sync.h"
soname=$(readelf -d lib/libautopilot_sync.so | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
[ "$(readlink -f "lib/$soname")" = "$(readlink -f lib/libautopilot_sync.so)" ] || fail "nothing is named $soname"

cargo build -q --locked --manifest-path "$root/Cargo.toml" -p autopilot-emulator
emulator=${CARGO_TARGET_DIR:-$root/target}/debug/autopilot-emulator
export AUTOPILOT_TOKEN=token
says_ok() { # COMMAND
    "$emulator" run -- bash -c "$1" >"$work/said" && grep -q AUTOPILOT_OK "$work/said" || fail "$1: $(cat "$work/said")"
}

echo "install: the README's program, by its lines for pkg-config and for CMake"
mkdir "$work/readme" && cd "$work/readme"
(cd "$root" && block c "autopilot_sync(getenv") >agent.c
(cd "$root" && block cmake "find_package") >CMakeLists.txt
says_ok "$(cd "$root" && block sh "pkg-config --cflags")"
says_ok "$(cd "$root" && block sh "cmake -S")"

echo "install: C and C++, shared and static, by pkg-config"
cd "$root" && mkdir "$work/consumers" && cp tests/install/CMakeLists.txt "$work/consumers"
block c "autopilot_sync(getenv" >"$work/consumers/main.c"
block cpp "<autopilot_sync.hpp>" >"$work/consumers/main.cpp"
cd "$work/consumers"
export PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig
[ "$(pkg-config --modversion autopilot_sync)" = "$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)"/\1/p' "$PREFIX/include/autopilot_sync.h")" ]
flags="-Wall -Wextra -Werror $(pkg-config --cflags autopilot_sync)"
gcc main.c $flags $(pkg-config --libs autopilot_sync) -o c-shared
g++ -std=c++17 main.cpp $flags $(pkg-config --libs autopilot_sync) -o cpp-shared
# With both installed the linker takes the shared one, unless it is told.
static="-Wl,-Bstatic $(pkg-config --libs autopilot_sync) -Wl,-Bdynamic $(pkg-config --static --libs-only-l autopilot_sync | sed 's/-lautopilot_sync//')"
gcc main.c $flags $static -o c-static
g++ -std=c++17 main.cpp $flags $static -o cpp-static

needs() { readelf -d "$1" | grep NEEDED; }
runs_all() { # FOLDER: each program says OK, and needs the shared library if it is to
    for program in "$1"/c*-{shared,static}; do
        case $program in
        *-shared) says_ok "LD_LIBRARY_PATH=$PREFIX/lib $program"; needs "$program" | grep -F "$soname" >/dev/null ;;
        *-static) says_ok "$program"; ! needs "$program" | grep autopilot >/dev/null ;;
        esac || fail "$program is not linked as it should be"
    done
}
runs_all "$PWD"

echo "install: the same by CMake, from a prefix that was moved"
mv "$PREFIX" "$work/moved" && PREFIX=$work/moved
asks_for() { cmake -S . -B "build-$1" -DCMAKE_PREFIX_PATH="$PREFIX" -DASK_FOR="$1" >"$work/cmake.log" 2>&1; }
abi=${soname#libautopilot_sync.so.}
asks_for "$abi" || fail "CMake: $(cat "$work/cmake.log")"
cmake --build "build-$abi" >"$work/cmake.log" 2>&1 || fail "CMake: $(cat "$work/cmake.log")"
runs_all "$PWD/build-$abi"
for other in 0.0 "$abi.99" 99.0; do
    ! asks_for "$other" || fail "CMake takes this version for $other"
done
echo "install: all work"
