#!/usr/bin/env bash
# Tries what packaging/build.sh made for Windows: checks the libraries in the archive, builds C programs with them using
# CMake and MinGW, and runs these and Pythons with the wheel under Wine. The emulator runs outside of Wine.
set -euo pipefail
cd "$(dirname "$0")/../.."
. packaging/way.sh
root=$PWD out=$(realpath -m "${CARGO_TARGET_DIR:-target}")/artefacts
fail() { echo "try: $*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing. Install it (Debian: apt-get install $2)"; }
need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-posix
need /usr/lib/wine/wine64 wine64
need cmake "cmake make"
work=$(mktemp -d)
trap 'timeout 30 /usr/lib/wine/wineserver -k || true; rm -rf "$work"' EXIT
export WINEPREFIX=$work/wine WINEDEBUG=-all LC_ALL=C.UTF-8

packaging/windows/prefix.sh

way the archive for Windows
python3 -m zipfile -e "$out"/autopilot-sync-*-x86_64-windows.zip "$work"
folder=$(echo "$work"/autopilot-sync-*-x86_64-windows)
packaging/windows/check-dll.sh "$folder/bin/autopilot_sync.dll"
! grep -aE "(/home|/root|/tmp|$HOME|$root)/" "$folder"/lib/* || fail "a library names a folder"

# The check itself: it must find everything that is wrong with this DLL.
echo "__declspec(dllexport) const char *autopilot_home = \"$HOME/\"; int WINAPI MessageBeep(unsigned);
__declspec(dllexport) int autopilot_more(void) { return MessageBeep(0); }" |
    x86_64-w64-mingw32-gcc -DWINAPI=__stdcall -shared -x c - -o "$work/wrong.dll" -luser32
! packaging/windows/check-dll.sh "$work/wrong.dll" 2>"$work/said" || fail "a DLL that is wrong in every way passes"
[ "$(wc -l <"$work/said")" = 3 ] || fail "not three faults in a DLL: $(cat "$work/said")"

mkdir "$work/agent" && cd "$work/agent"
abi=$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)\..*"/\1/p' "$folder/include/autopilot_sync.h")
cat >CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.21)
project(agent C)
find_package(autopilot_sync $abi CONFIG REQUIRED COMPONENTS shared static)
foreach(kind shared static)
  add_executable(\${kind} $folder/examples/one_call.c)
  target_link_libraries(\${kind} PRIVATE autopilot_sync::\${kind})
  set_target_properties(\${kind} PROPERTIES RUNTIME_OUTPUT_DIRECTORY \${kind})
endforeach()
add_custom_command(TARGET shared POST_BUILD COMMAND
  \${CMAKE_COMMAND} -E copy \$<TARGET_RUNTIME_DLLS:shared> \$<TARGET_FILE_DIR:shared>)
END
cmake -S . -B . -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc \
    -DCMAKE_PREFIX_PATH="$folder" -DCMAKE_C_FLAGS="-Wall -Werror" >"$work/said" 2>&1 &&
    cmake --build . >>"$work/said" 2>&1 ||
    fail "CMake: $(cat "$work/said")"

# MSVC is not installed. CMake tells which import library it would link with.
mkdir "$work/msvc" && cat >"$work/msvc/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(agent NONE)
find_package(autopilot_sync CONFIG REQUIRED COMPONENTS shared)
get_target_property(library autopilot_sync::shared IMPORTED_IMPLIB)
message(STATUS "links \${library}")
END
cmake -S "$work/msvc" -B "$work/msvc" -DCMAKE_SYSTEM_NAME=Windows -DMSVC=ON -DCMAKE_PREFIX_PATH="$folder" \
    >"$work/said" 2>&1 && grep -xF -- "-- links $folder/lib/autopilot_sync.lib" "$work/said" >/dev/null ||
    fail "MSVC: $(cat "$work/said")"

under_wine=$root/packaging/windows/wine.sh
for kind in shared static; do "$root/packaging/tools/triggers.sh" "$under_wine" "$PWD/$kind/$kind.exe" token; done
works
rm shared/autopilot_sync.dll
! "$under_wine" "$PWD/shared/shared.exe" token 2>/dev/null || fail "the shared program does not need the DLL"

way the wheel for Windows
pip=$("$root/packaging/tools/pip-tools.sh")/pip
for version in 3.9 3.13; do # the oldest supported version, and a new one
    "$root/packaging/windows/python.sh" $version --version # fetches it, which the emulator's proxy would refuse
    "$pip" -q --disable-pip-version-check install --no-index --find-links "$out" --only-binary :all: \
        --platform win_amd64 --python-version $version --target "$work/site-$version" autopilot-sync
    cmp "$work/site-$version/autopilot_sync/autopilot_sync.dll" "$folder/bin/autopilot_sync.dll"
    PYTHONPATH="Z:$work/site-$version" PYTHONDONTWRITEBYTECODE=1 \
        "$root/packaging/tools/triggers.sh" "$root/packaging/windows/python.sh" $version -c \
        'import autopilot_sync; print(autopilot_sync.sync("token").answer.value)'
done
works
