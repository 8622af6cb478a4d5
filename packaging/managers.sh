#!/usr/bin/env bash
# Builds the README's program with each package manager of docs/package-managers.md, by the files and commands of that
# page: from an empty folder to an answer of the emulator. To save time, they share what cargo compiles.
#
#   packaging/managers.sh cold      starts each from nothing, as its user would, does the same by cargo and pip alone, and
#                                   says how long each takes, for docs/installing.md
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
mode=${1:-}
if [ "$mode" = cold ]; then
    unset CARGO_TARGET_DIR
    work=$(mktemp -d)
else
    work=$CARGO_TARGET_DIR/managers # always the same, so that cargo recognises what it has compiled
    rm -rf "$work" && mkdir "$work"
fi
trap 'rm -rf "$work"' EXIT
export CONAN_HOME=$work/conan-home

# The repository that the page names, with the files of this tree.
upstream=$work/github/autopilot-sync
mkdir -p "$upstream"
tar -c --exclude=./.git --exclude=./target . | tar -x -C "$upstream"
version=$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)"/\1/p' include/autopilot_sync.h)
(cd "$upstream" && git init -q && git add . && git -c user.name=a -c user.email=a@b -c commit.gpgSign=false commit -qm "$version" &&
    git -c tag.gpgSign=false tag "v$version")
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.file://$work/github/.insteadOf
export GIT_CONFIG_VALUE_0=https://github.com/autopilot-sync/

from_page() { block docs/package-managers.md "$@"; }
as_page() { follow docs/package-managers.md sh "$1"; }
is_accepted() { # COMMAND...
    AUTOPILOT_TOKEN=token "$emulator" run -- "$@" >"$work/said" 2>&1 && grep -Eiq '^(AUTOPILOT_OK|accepted)' "$work/said" ||
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
    is_accepted build/agent
    echo "managers: $1: $((SECONDS - start)) s"
}

by fetchcontent 'from_page cmake FetchContent >CMakeLists.txt
    as_page "cmake -S . -B build && "'
by subdirectory 'as_page "git submodule"
    from_page cmake add_subdirectory >CMakeLists.txt
    as_page "cmake -S . -B build && "'
needed=$(readelf -d build/agent)
[[ $needed != *autopilot* ]] || fail "BUILD_SHARED_LIBS=OFF links the shared library"
by meson 'mkdir subprojects
    from_page ini wrap-git >subprojects/autopilot_sync.wrap
    from_page meson "project(" >meson.build
    as_page "meson setup"'
by conan 'as_page "conan create"
    from_page ini CMakeToolchain >conanfile.txt
    block docs/c-and-cpp.md cmake find_package >CMakeLists.txt
    as_page "conan install"'

if [ "$mode" = cold ]; then
    by cargo 'as_page "git submodule"
        cp agent.c autopilot-sync && cd autopilot-sync
        eval "$(block README.md sh "# C and C++:" | head -n 1)"
        follow README.md sh "cc -Iinclude agent.c"
        mkdir ../build && mv agent ../build'
    by cargo-add 'as_page "git submodule"
        block README.md rust,no_run >agent.rs
        cargo new -q --vcs none --name agent package && mv agent.rs package/src/main.rs && cd package
        eval "$(block README.md sh "cargo add" | tail -n 1)" && cargo build --release
        mkdir ../build && mv target/release/agent ../build'
    by pip 'as_page "git submodule"
        python3 -m venv build && . build/bin/activate
        (cd autopilot-sync && eval "$(block README.md sh "pip install" | sed -n 2p)")
        { echo "#!$PWD/build/bin/python"; block README.md python; } >build/agent && chmod +x build/agent'
    exit
fi

echo "managers: the Conan package's own test, with both libraries"
. conan/bin/activate
recipe=autopilot-sync/packaging/conan
for shared in False True; do
    conan create $recipe -o "&:shared=$shared" --no-remote --build=missing --test-folder= >"$work/log" 2>&1 ||
        fail "$(cat "$work/log")"
    is_accepted conan test $recipe/test_package "autopilot_sync/$version" -o "autopilot_sync/*:shared=$shared"
    [ "$(grep -c ^AUTOPILOT_ "$work/said")" = 2 ] || fail "not two answers: $(cat "$work/said")"
done

echo "managers: the vcpkg port, by CMake alone"
mkdir "$work/vcpkg" && cd "$work/vcpkg"
cp ../conan/agent.c ../conan/CMakeLists.txt .
port=$work/subdirectory/autopilot-sync/packaging/vcpkg/autopilot-sync
cmake -DPORT_DIR="$port" -DFOLDER="$PWD" -P "$root/packaging/vcpkg.cmake" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
cmake -S . -B build -DCMAKE_PREFIX_PATH="$PWD/package" >"$work/log" 2>&1 && cmake --build build >>"$work/log" 2>&1 ||
    fail "$(cat "$work/log")"
is_accepted build/agent
echo "managers: all work"
