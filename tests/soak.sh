#!/usr/bin/env bash
# Makes many calls of every kind by the release library: soak.sh [CALLS], a hundred thousand unless told. Says what the
# process holds after each third, and fails if that grows.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
cargo build --locked --release -p autopilot-sync-c
# The emulator is what the calls wait for: it is compiled for speed, in a folder of its own.
AUTOPILOT_SOAK_CALLS=${1:-100000} AUTOPILOT_TEST_LIBRARY=$target/release/libautopilot_sync.so \
  CARGO_PROFILE_DEV_OPT_LEVEL=2 CARGO_TARGET_DIR=$target/soak \
  cargo test --locked --test programs -- soak:: --nocapture
