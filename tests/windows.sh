#!/usr/bin/env bash
# Builds the library for 64-bit Windows, here, and tests it under Wine: target/windows/autopilot_sync.dll, its import
# libraries for MinGW (libautopilot_sync.dll.a) and MSVC (autopilot_sync.lib), its .def, and a static library for MinGW.
# On a new Debian machine, as root, it installs what it needs. The compiler is kept under ~/.cache.
#
# What Wine cannot show is not tested: the revocation check of Windows' own CryptoAPI, a service's account and store, a
# signed DLL, Python.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }
fail() { echo "windows: $*" >&2; exit 1; }

step "tools"
packages="gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix wine64 llvm clang lld"
wine=/usr/lib/wine/wine64
missing() {
  for tool in x86_64-w64-mingw32-{gcc,g++,windres,objdump} llvm-dlltool clang lld-link $wine; do
    command -v "$tool" >/dev/null || echo "$tool"
  done
}
if [ "$(missing)" ] && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends $packages >/dev/null
fi
[ -z "$(missing)" ] || fail "missing: $(missing | xargs). Install: apt-get install $packages"
target=x86_64-pc-windows-gnu
folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/windows
rustc=$(tests/windows/rust.sh)
"$rustc" --version
for_windows() {
  RUSTC=$rustc RUSTFLAGS=-Dwarnings CARGO_TARGET_DIR=$folder/build nice cargo "$1" --locked --target $target "${@:2}"
}

step "the DLL and its import libraries"
for_windows build --release -p autopilot-sync-c
built=$folder/build/$target/release
cp "$built/autopilot_sync.dll" "$built/libautopilot_sync.dll.a" "$built/libautopilot_sync.a" "$folder"
dll=$folder/autopilot_sync.dll
exports() {
  x86_64-w64-mingw32-objdump -p "$1" |
    awk '/^\[Ordinal\/Name Pointer\]/ { on = 1; next } !NF { on = 0 } on { print $NF }' | sort
}
{ echo "LIBRARY autopilot_sync.dll"; echo EXPORTS; exports "$dll"; } >"$folder/autopilot_sync.def"
# LLVM's writes the short form that MSVC's own tools write; that of binutils an older one, of whole object files.
llvm-dlltool -m i386:x86-64 -d "$folder/autopilot_sync.def" -D autopilot_sync.dll -l "$folder/autopilot_sync.lib"

diff tests/abi/exports.txt <(exports "$dll") || fail "the exports are not those of tests/abi/exports.txt"
# Windows' own, there since Windows 10: no runtime of MinGW.
own="advapi32 api-ms-win-core-synch-l1-2-0 bcrypt bcryptprimitives crypt32 kernel32 msvcrt ntdll winhttp ws2_32"
needed=$(x86_64-w64-mingw32-objdump -p "$dll" | sed -n 's/.*DLL Name: \(.*\)\.dll/\L\1/p' | sort -u)
others=$(comm -13 <(xargs -n 1 <<<"$own" | sort) - <<<"$needed")
[ -z "$others" ] || fail "it needs $others"
echo "$(wc -l <tests/abi/exports.txt) functions, $(stat -c %s "$dll") bytes"

step "Wine"
export WINEPREFIX=$folder/wine WINEDEBUG=-all LC_ALL=C.UTF-8
rm -rf "$WINEPREFIX" && mkdir "$WINEPREFIX"
trap 'timeout 30 /usr/lib/wine/wineserver -k || true' EXIT
timeout 60 /usr/lib/wine/wineserver -p >"$folder/wineserver.log" 2>&1 # one for all that follows
timeout 300 $wine wineboot -i </dev/null >"$folder/wineboot.log" 2>&1 || fail "wineboot: $(cat "$folder/wineboot.log")"
x86_64-w64-mingw32-gcc -shared tests/windows/bcryptprimitives.c -ladvapi32 \
  -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll"

step "programs under Wine"
# The names of the test programs that cargo makes of these targets. They run by themselves: CC is for what they compile,
# and cargo would take it for the host's.
programs() {
  cargo test --locked --no-run --message-format json "$@" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}
of_mingw() { dirname "$(x86_64-w64-mingw32-g++ -print-file-name="$1")"; }
runtime="Z:$(of_mingw libstdc++-6.dll);Z:$(of_mingw libwinpthread-1.dll)" # of the programs, not of the DLL
under_wine() {
  CC=x86_64-w64-mingw32-gcc CXX=x86_64-w64-mingw32-g++ WINEPATH=$runtime AUTOPILOT_TEST_LIBRARY=$dll \
    AUTOPILOT_TEST_UNDER=$PWD/tests/windows/wine.sh AUTOPILOT_TEST_CFLAGS="-lcrypt32 -lwinhttp -lversion -lshell32" \
    timeout 1200 "$@" 2>&1 | tee -a "$folder/tests.log"
}
: >"$folder/tests.log"
failed=
under_wine "$(programs --test windows)" || failed=1
# Not what asks Linux itself: fork, LD_PRELOAD, /proc, signals; nor programs in Python and Rust; nor a sanitizer's.
under_wine "$(programs --test programs)" c_api:: hostile:: threads:: languages:: cpp::every cpp::the_headers cpp::what \
  --skip forked --skip look_up --skip memory_is_bounded --skip host_process --skip every_language || failed=1

step "Rust's own tests under Wine, the emulator included"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$PWD/tests/windows/wine.sh
for_windows test --no-fail-fast -p autopilot-sync --features capi --lib --test one_call --test stages --test wait \
  --test faults 2>&1 | tee -a "$folder/tests.log" || failed=1

step "the end"
awk '/^test result:/ { passed += $4; bad += $6 } END { print passed " passed, " bad " failed" }' "$folder/tests.log"
[ -z "$failed" ]
