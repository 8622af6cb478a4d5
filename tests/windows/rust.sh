#!/usr/bin/env bash
# Prints the path of a compiler that has the target x86_64-pc-windows-gnu: the one at hand after
# `rustup target add x86_64-pc-windows-gnu`, else Rust 1.85 as tests/rust-1.85.sh has it, with the standard library
# compiled for Windows once and kept beside it.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=x86_64-pc-windows-gnu
has_target() { compgen -G "$("$1" --print target-libdir --target $target)/libstd-*.rlib" >/dev/null; }

if has_target rustc; then rustup which rustc 2>/dev/null || command -v rustc; exit; fi
rustc=$(tests/rust-1.85.sh)
if ! has_target "$rustc"; then
  command -v x86_64-w64-mingw32-gcc >/dev/null ||
    { echo "x86_64-w64-mingw32-gcc is missing. Install it: apt-get install gcc-mingw-w64-x86-64-posix" >&2; exit 1; }
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cargo new --quiet --vcs none --lib --name probe "$work/probe"
  echo '#![no_std]' >"$work/probe/src/lib.rs"
  # With bitcode, as rustup's has it: the release libraries are optimised as a whole.
  (cd "$work/probe" && RUSTC=$rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=$work/built \
    nice cargo build --quiet --release -Zbuild-std=std,panic_unwind,test --target $target) >&2
  rm "$work/built/$target"/release/deps/libprobe-*
  folder=$("$rustc" --print target-libdir --target $target)
  mkdir -p "$folder.new" && cp "$work/built/$target"/release/deps/*.rlib "$folder.new"
  for object in rsbegin rsend; do # what every program begins and ends with
    RUSTC_BOOTSTRAP=1 "$rustc" --target $target --emit obj -O -o "$folder.new/$object.o" \
      "$("$rustc" --print sysroot)/lib/rustlib/src/rust/library/rtstartup/$object.rs"
  done
  rm -rf "$folder" && mv "$folder.new" "$folder" # whole, or not there
fi
echo "$rustc"
