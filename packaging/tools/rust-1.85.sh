#!/usr/bin/env bash
# Prints the path of the oldest supported compiler, Rust 1.85. It is Debian 12's rustc-web with the standard library's
# sources, unpacked into a cache and not installed.
set -euo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/autopilot-sync/rust-1.85
if [ ! -x "$cache/rustc" ] || [ ! -d "$cache/usr/src" ]; then
  rm -rf "$cache" && mkdir -p "$cache/debs"
  version=$(apt-cache madison rustc-web | awk '$3 ~ /^1\.85\./ && !found++ { print $3 }')
  [ -n "$version" ] || { echo "rustc-web 1.85 is not in this system's package lists (apt-get update?)" >&2; exit 1; }
  llvm=$(apt-cache show "libstd-rust-web-1.85=$version" | grep -o 'libllvm[0-9]*' | sort -u)
  (cd "$cache/debs" && apt-get download -qq -o APT::Sandbox::User=root "rustc-web=$version" "rust-web-src=$version" \
    "libstd-rust-web-dev=$version" "libstd-rust-web-1.85=$version" "$llvm" libedit2 libz3-4 libxml2) >&2
  for deb in "$cache"/debs/*.deb; do dpkg -x "$deb" "$cache"; done
  rm -rf "$cache/debs"
  libraries=$cache/usr/lib/x86_64-linux-gnu:$cache/usr/lib/llvm-${llvm#libllvm}/lib
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libraries" "$cache/usr/bin/rustc" >"$cache/rustc"
  chmod +x "$cache/rustc"
fi
echo "$cache/rustc"
