#!/usr/bin/env bash
# Checks the library and the emulator with the oldest supported compiler, Rust 1.85. On other systems than Debian 12:
# `rustup toolchain install 1.85 && cargo +1.85 check -p autopilot-sync-c -p autopilot-emulator`.
set -euo pipefail
cd "$(dirname "$0")/.."
RUSTC=$(packaging/tools/rust-1.85.sh)
export RUSTC CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/msrv
"$RUSTC" --version
cargo check --locked -p autopilot-sync-c -p autopilot-emulator
