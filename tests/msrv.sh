#!/usr/bin/env bash
# Builds the library and the emulator with the oldest supported compiler, Rust 1.85: Debian 12's rustc-web, unpacked
# into a cache and not installed. Elsewhere: `rustup toolchain install 1.85 && cargo +1.85 check --workspace`.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/autopilot-sync/rust-1.85
if [ ! -x "$cache/rustc" ]; then
  rm -rf "$cache" && mkdir -p "$cache/debs"
  version=$(apt-cache madison rustc-web | awk '$3 ~ /^1\.85\./ { print $3; exit }')
  [ -n "$version" ] || { echo "rustc-web 1.85 is not in this system's package lists (apt-get update?)" >&2; exit 1; }
  llvm=$(apt-cache show "libstd-rust-web-1.85=$version" | grep -om1 'libllvm[0-9]*')
  (cd "$cache/debs" && apt-get download -qq -o APT::Sandbox::User=root \
    "rustc-web=$version" "libstd-rust-web-dev=$version" "libstd-rust-web-1.85=$version" "$llvm" libedit2 libz3-4 libxml2)
  for deb in "$cache"/debs/*.deb; do dpkg -x "$deb" "$cache"; done
  rm -rf "$cache/debs"
  libraries=$cache/usr/lib/x86_64-linux-gnu:$cache/usr/lib/llvm-${llvm#libllvm}/lib
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libraries" "$cache/usr/bin/rustc" >"$cache/rustc"
  chmod +x "$cache/rustc"
fi
export RUSTC=$cache/rustc CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/msrv
"$RUSTC" --version
cargo check --locked -p autopilot-sync
cargo check --locked --workspace
