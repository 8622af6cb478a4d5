#!/usr/bin/env bash
# Installs the C libraries into a clean prefix with the commands of docs/c-and-cpp.md. Then, outside of this tree,
# builds and runs the README's programs with the commands of that page, and C and C++ programs, shared and static, with
# pkg-config and CMake.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
fail() { echo "install: $*" >&2; exit 1; }
. packaging/page.sh
for tool in cmake pkg-config; do
    command -v $tool >/dev/null || fail "$tool is missing. Install it (Debian: apt-get install $tool)"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "install: by the lines of docs/c-and-cpp.md"
export PREFIX=$work/prefix CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
install=$(block docs/c-and-cpp.md sh "cmake --install" | grep '^cmake')
eval "${install//target\//\$work/}" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
cd "$PREFIX"
soname=$(readelf -d lib/libautopilot_sync.so | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
diff <(find . ! -type d | sort) <(printf './%s\n' include/autopilot_sync.{h,hpp} lib/{libautopilot_sync.{a,so},$soname} \
    lib/pkgconfig/autopilot_sync{,-static}.pc \
    share/cmake/autopilot_sync/autopilot_sync-{config,config-version,targets}.cmake | sort) ||
    fail "not the files (>) that should be there"
cmp include/autopilot_sync.h "$root/include/autopilot_sync.h"
[ "$(readlink -f "lib/$soname")" = "$(readlink -f lib/libautopilot_sync.so)" ] || fail "nothing is named $soname"

cargo build -q --locked --manifest-path "$root/Cargo.toml" -p autopilot-emulator
emulator=$CARGO_TARGET_DIR/debug/autopilot-emulator
needs() { readelf -d "$1" | grep NEEDED; }
export AUTOPILOT_TOKEN=token
says_ok() { # COMMAND
    "$emulator" run -- bash -c "$1" >"$work/said" && grep -q AUTOPILOT_OK "$work/said" || fail "$1: $(cat "$work/said")"
}

echo "install: the README's programs, by the lines for pkg-config and for CMake"
mkdir "$work/readme" && cd "$work/readme"
from_page() { block docs/c-and-cpp.md "$@"; }
block README.md c "autopilot_sync(getenv" >agent.c
block README.md cpp "autopilot::sync(" >agent.cpp
from_page cmake "find_package" >CMakeLists.txt
shared=$(from_page sh 'agent.c $(pkg-config --cflags --libs autopilot_sync)')
static=$(from_page sh 'autopilot_sync-static')
paths=$(grep '^export' <<<"$shared")$'\n'
says_ok "$shared"
needs ./agent | grep -F "$soname" >/dev/null || fail "the README's program does not need $soname"
says_ok "$paths$static && ./agent"
! needs ./agent | grep autopilot >/dev/null || fail "the README's static program needs the shared library"
says_ok "$paths$(from_page sh 'agent.cpp $(pkg-config')"
says_ok "$(from_page sh "cmake -S . -B build")"

echo "install: C and C++, shared and static, by pkg-config"
mkdir "$work/consumers" && cd "$work/consumers"
cp "$root/packaging/install.cmake" CMakeLists.txt
cp ../readme/agent.c main.c
cp ../readme/agent.cpp main.cpp
export PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig
version=$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)"/\1/p' "$PREFIX/include/autopilot_sync.h")
[ "$(pkg-config --modversion autopilot_sync)" = "$version" ]
c="${CC:-gcc} main.c -Wall -Wextra -Werror" cpp="${CXX:-g++} -std=c++17 main.cpp -Wall -Wextra -Werror"
$c $(pkg-config --cflags --libs autopilot_sync) -o c-shared
$cpp $(pkg-config --cflags --libs autopilot_sync) -o cpp-shared
static=${static%-o agent} # the page's line, but with another compiler and program
eval "${static/cc agent.c/$c} -o c-static"
eval "${static/cc agent.c/$cpp} -o cpp-static"

runs_all() { # FOLDER: each program there says OK, and only the shared ones need the shared library
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
abi=${soname#libautopilot_sync.so.}
log=$work/cmake.log
finds() { # REQUEST: what find_package() is asked for, such as "0.1 COMPONENTS shared"
    cmake -S . -B build -U 'autopilot_sync*' -DCMAKE_PREFIX_PATH="$PREFIX" "-DASK_FOR=${*// /;}" >"$log" 2>&1
}
takes() { finds "$1" || fail "CMake does not find it for '$1': $(cat "$log")"; }
refuses() { # WHAT WORDS
    ! finds "$1" || fail "CMake finds it for '$1'"
    tr -s ' \n' ' ' <"$log" | grep -qF "$2" || fail "CMake does not say '$2': $(cat "$log")"
}
takes "$abi COMPONENTS shared static"
for target in "shared: SHARED_LIBRARY $soname " "static: STATIC_LIBRARY " " gcc_s;"; do
    grep -qF -- "$target" "$log" || fail "CMake does not know '$target': $(cat "$log")"
done
cmake --build build >"$log" 2>&1 && cmake --install build --prefix "$work/agent" >>"$log" 2>&1 || fail "CMake: $(cat "$log")"
runs_all "$PWD/build"
mv "$PREFIX" "$work/away" # a program installed together with the shared library needs nothing else
says_ok "$work/agent/bin/c-shared"
mv "$work/away" "$PREFIX"

echo "install: the versions and components that CMake may ask for"
for asked in "" "$version EXACT" "$abi...<99" "0.0...$version" "OPTIONAL_COMPONENTS tls"; do takes "$asked"; done
for asked in 0.0 "$abi.99" 99.0 "0.0...<$version" "$abi.99...99"; do refuses "$asked" "not accepted: "; done
refuses "COMPONENTS shared tls" "there is no component 'tls'"
mkdir "$work/taken"
mv "$PREFIX/lib/libautopilot_sync.a" "$work/taken"
takes "COMPONENTS shared"
refuses "COMPONENTS shared static" "there is no component 'static'"
mv "$PREFIX"/lib/libautopilot_sync* "$work/taken"
refuses "" "there is no libautopilot_sync below $PREFIX"
mv "$PREFIX/include/autopilot_sync.h" "$work/taken"
for asked in "" "$abi" "$abi...<99"; do refuses "$asked" "$PREFIX/include/autopilot_sync.h is missing"; done
echo "install: all work"
