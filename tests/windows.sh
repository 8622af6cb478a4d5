#!/usr/bin/env bash
# Builds the library for 64-bit Windows with packaging/windows/build.sh, and tests it under Wine. As root on Debian, it
# installs what it needs. It keeps the compiler under ~/.cache.
#
# It does not test what Wine lacks: the revocation check of Windows' CryptoAPI, a service's account and store, a signed
# DLL.
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
rustc=$(packaging/tools/rust-for.sh $target)
"$rustc" --version
for_windows() { # SUBCOMMAND ARGUMENT...: cargo
  RUSTC=$rustc RUSTFLAGS=-Dwarnings CARGO_TARGET_DIR=$folder/build nice cargo "$1" --locked --target $target "${@:2}"
}

step "the DLL and its import libraries"
packaging/windows/build.sh
dll=$folder/autopilot_sync.dll

step "Wine"
export WINEPREFIX=$folder/wine WINEDEBUG=-all LC_ALL=C.UTF-8
trap 'timeout 30 /usr/lib/wine/wineserver -k || true' EXIT
packaging/windows/prefix.sh

step "programs under Wine"
of_mingw() { dirname "$(x86_64-w64-mingw32-g++ -print-file-name="$1")"; }
runtime="Z:$(of_mingw libstdc++-6.dll);Z:$(of_mingw libwinpthread-1.dll)" # for the programs, not for the DLL
under_wine() { # ARGUMENT...: of cargo test
  AUTOPILOT_TEST_CC=x86_64-w64-mingw32-gcc AUTOPILOT_TEST_CXX=x86_64-w64-mingw32-g++ WINEPATH=$runtime AUTOPILOT_TEST_LIBRARY=$dll \
    AUTOPILOT_TEST_UNDER=$PWD/packaging/windows/wine.sh AUTOPILOT_TEST_CFLAGS="-lcrypt32 -lwinhttp -lversion -lshell32" \
    timeout 1200 cargo test --locked "$@" 2>&1 | tee -a "$folder/tests.log"
}
: >"$folder/tests.log"
failed=
cargo test --locked --no-run --test windows --test programs
under_wine --test windows || failed=1
# Without the tests that need Linux (forks, LD_PRELOAD, /proc, signals), Python or Rust programs, or a sanitizer.
under_wine --test programs -- c_api:: credentials:: hostile:: threads:: languages:: \
  cpp::every cpp::the_headers cpp::what \
  --skip look_up --skip memory_is_bounded --skip host_process --skip every_language || failed=1

step "Rust's own tests under Wine, the emulator included"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$PWD/packaging/windows/wine.sh
for_windows test --no-fail-fast -p autopilot-sync --features capi --lib --test one_call --test stages --test wait \
  --test faults 2>&1 | tee -a "$folder/tests.log" || failed=1

step "Python under Wine"
for_windows build -q -p autopilot-emulator
pip=$(packaging/tools/pip-tools.sh)/pip
rm -rf "$folder/site"
"$pip" -q --disable-pip-version-check install --only-binary :all: --platform win_amd64 --python-version 3.11 \
  --target "$folder/site" -c bindings/python/requirements-dev.txt pytest azure-identity rich colorama
# Wine has no real terminal, and with its pipes the standard library's process pools hang.
PYTHONPATH="Z:$folder/site" PYTHONDONTWRITEBYTECODE=1 AUTOPILOT_SYNC_LIBRARY=Z:$dll \
  AUTOPILOT_EMULATOR_PROGRAM=Z:$folder/build/$target/debug/autopilot-emulator.exe \
  timeout 1800 packaging/windows/python.sh 3.11 -m pytest -q -p no:cacheprovider -c bindings/python/pyproject.toml \
  bindings/python/tests --ignore bindings/python/tests/test_terminal.py -k "not processes and not dask" \
  2>&1 | tee -a "$folder/tests.log" || failed=1

step "the end"
awk '/^test result:|^[0-9]+ .* in [0-9.]+s/ {
  for (i = 2; i <= NF; i++) if ($i ~ /^passed/) passed += $(i - 1); else if ($i ~ /^(failed|error)/) bad += $(i - 1)
} END { print passed " passed, " bad + 0 " failed" }' "$folder/tests.log"
[ -z "$failed" ]
