#!/bin/sh
# Builds the C libraries for CMake and Meson, and puts them into a folder under the names of installed libraries. Cargo's
# own variables apply: CARGO_BUILD_TARGET, for another machine, and CARGO_TARGET_DIR.
set -eu
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
command -v cargo >/dev/null ||
    { echo "cargo is missing. Install Rust: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2; exit 1; }
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$folder/cargo}"
cargo build --locked --release -p autopilot-sync-c
built=$CARGO_TARGET_DIR/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release

abi=$(sed -En 's/^#define AUTOPILOT_VERSION "(0\.[0-9]+|[1-9][0-9]*).*/\1/p' include/autopilot_sync.h)
put() { rm -f "$folder/$2" && cp -p "$built/$1" "$folder/$2"; } # a program may use the old file; the time says what is new
put libautopilot_sync.a libautopilot_sync.a
put libautopilot_sync.so "libautopilot_sync.so.$abi"
ln -sf "libautopilot_sync.so.$abi" "$folder/libautopilot_sync.so"
