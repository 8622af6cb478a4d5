#!/usr/bin/env bash
# Builds the README's program with each package manager of docs/package-managers.md, by the files and commands of that
# page: from an empty folder to an answer of the emulator. It prints how long each takes. To save time, they share what
# cargo compiles; `packaging/managers.sh cold` starts each from nothing, for the page's table.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
fail() { echo "managers: $*" >&2; exit 1; }
. packaging/page.sh
need() { command -v "$1" >/dev/null || fail "$1 is missing. Install it (Debian: apt-get install $2)"; }
need git git
need cmake cmake
need meson meson
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR
cargo build -q --locked -p autopilot-emulator
emulator=$CARGO_TARGET_DIR/debug/autopilot-emulator
work=$CARGO_TARGET_DIR/managers # always the same, so that cargo recognises what it has compiled
rm -rf "$work" && mkdir "$work"
trap 'rm -rf "$work"' EXIT
export CONAN_HOME=$work/conan-home

# The repository that the page names, with the files of this tree.
upstream=$work/github/autopilot-sync
mkdir -p "$upstream"
tar -c --exclude=./.git --exclude=./target . | tar -x -C "$upstream"
version=$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)"/\1/p' include/autopilot_sync.h)
(cd "$upstream" && git init -q && git add . && git -c user.name=a -c user.email=a@b commit -qm "$version" &&
    git tag "v$version")
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.file://$work/github/.insteadOf
export GIT_CONFIG_VALUE_0=https://github.com/autopilot-sync/

from_page() { block docs/package-managers.md "$@"; }
says_ok() { # COMMAND...
    AUTOPILOT_TOKEN=token "$emulator" run -- "$@" >"$work/said" 2>&1 && grep -q AUTOPILOT_OK "$work/said" ||
        fail "$*: $(cat "$work/said")"
}
by() { # NAME COMMANDS: in a new folder
    mkdir "$work/$1" && cd "$work/$1"
    block README.md c "autopilot_sync(getenv" >agent.c
    block README.md cpp "autopilot::sync(" >agent.cpp
    [ "$mode" != cold ] || export CARGO_HOME=$work/$1/crates
    local start=$SECONDS
    (eval "$2") >"$work/log" 2>&1 & # `set -e` applies to a job, but not to the left side of ||
    wait $! || fail "$1: $(cat "$work/log")"
    says_ok build/agent
    echo "managers: $1: $((SECONDS - start)) s"
}
mode=${1:-}
[ "$mode" != cold ] || unset CARGO_TARGET_DIR
build=$(from_page sh "cmake -S . -B build && ")

by fetchcontent 'from_page cmake FetchContent >CMakeLists.txt
    eval "$build"'
by subdirectory 'eval "$(from_page sh "git submodule")"
    from_page cmake add_subdirectory >CMakeLists.txt
    eval "$build"'
! readelf -d build/agent | grep autopilot || fail "BUILD_SHARED_LIBS=OFF links the shared library"
by meson 'mkdir subprojects
    from_page ini wrap-git >subprojects/autopilot_sync.wrap
    from_page meson "project(" >meson.build
    eval "$(from_page sh "meson setup")"'
by conan 'eval "$(from_page sh "conan create")"
    from_page ini CMakeToolchain >conanfile.txt
    block docs/c-and-cpp.md cmake find_package >CMakeLists.txt
    eval "$(from_page sh "conan install")"'

echo "managers: the Conan package's own test, with both libraries"
. conan/bin/activate
recipe=autopilot-sync/packaging/conan
for shared in False True; do
    conan create $recipe -o "&:shared=$shared" --no-remote --build=missing --test-folder= >"$work/log" 2>&1 ||
        fail "$(cat "$work/log")"
    says_ok conan test $recipe/test_package "autopilot_sync/$version" -o "autopilot_sync/*:shared=$shared"
    [ "$(grep -c ^AUTOPILOT_ "$work/said")" = 2 ] || fail "not two answers: $(cat "$work/said")"
done

echo "managers: the vcpkg port, by CMake alone"
mkdir "$work/vcpkg" && cd "$work/vcpkg"
cp ../conan/agent.c ../conan/CMakeLists.txt .
port=$work/subdirectory/autopilot-sync/packaging/vcpkg/autopilot-sync
cmake -DPORT_DIR="$port" -DFOLDER="$PWD" -P "$root/packaging/vcpkg.cmake" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
cmake -S . -B build -DCMAKE_PREFIX_PATH="$PWD/package" >"$work/log" 2>&1 && cmake --build build >>"$work/log" 2>&1 ||
    fail "$(cat "$work/log")"
says_ok build/agent
echo "managers: all work"
