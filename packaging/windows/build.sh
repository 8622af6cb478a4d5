#!/usr/bin/env bash
# Builds the library for 64-bit Windows in target/windows: autopilot_sync.dll, its import libraries for MinGW
# (libautopilot_sync.dll.a) and MSVC (autopilot_sync.lib), its .def file, and a static library for MinGW.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "windows: $*" >&2; exit 1; }
for tool in x86_64-w64-mingw32-{gcc,windres,objdump,objcopy} llvm-dlltool; do
  command -v $tool >/dev/null || fail "$tool is missing. Install it: apt-get install gcc-mingw-w64-x86-64-posix llvm"
done
target=x86_64-pc-windows-gnu
folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/windows
rustc=$(packaging/tools/rust-for.sh $target)

# Keeps paths of this machine out of the result, so it is the same on every machine.
flags="-Dwarnings --remap-path-prefix=$("$rustc" --print sysroot)/lib/rustlib/src/rust=rust
  --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates --remap-path-prefix=$PWD=autopilot-sync"
RUSTC=$rustc RUSTFLAGS=$flags CARGO_TARGET_DIR=$folder/build \
  nice cargo build --locked --release --target $target -p autopilot-sync-c
built=$folder/build/$target/release
cp "$built"/{autopilot_sync.dll,libautopilot_sync.dll.a} "$folder"

# Removes the debug information from the static library: ring's, and the .dwo files in rustup's standard library, which
# objcopy refuses. Also removes the temporary folders of rustc's import libraries, which differ in each build:
# _head__tmp_rustcaClKId_bcrypt_dll_imports_lib becomes _head_1_bcrypt_….
static=$folder/libautopilot_sync.a
cp "$built/libautopilot_sync.a" "$static"
x86_64-w64-mingw32-ar t "$static" | { grep '\.dwo$' || true; } |
  xargs -r x86_64-w64-mingw32-ar dD "$static" 2>/dev/null # it warns about bitcode, as nm does
x86_64-w64-mingw32-nm "$static" 2>/dev/null |
  grep -oE '\b(_head|_)_\w+_rustc\w{6}_\w+$' |
  awk -F _rustc '!seen[$0]++ { run = substr($2, 1, 6); if (!(run in runs)) runs[run] = ++count
    print $0, ($1 ~ /^_head/ ? "_head_" : "__") runs[run] substr($2, 7) }' >"$folder/symbols"
x86_64-w64-mingw32-objcopy -D --strip-debug --redefine-syms "$folder/symbols" "$static"
{ echo "LIBRARY autopilot_sync.dll"; echo EXPORTS; cat tests/abi/exports.txt; } >"$folder/autopilot_sync.def"
# LLVM's dlltool writes the short form that MSVC's own tools write. The one of binutils writes whole object files.
(cd "$folder" && llvm-dlltool -m i386:x86-64 -d autopilot_sync.def -D autopilot_sync.dll -l autopilot_sync.lib)
packaging/windows/check-dll.sh "$folder/autopilot_sync.dll"
