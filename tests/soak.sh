#!/usr/bin/env bash
# Makes many calls of every kind with the release library: soak.sh [CALLS], a hundred thousand by default. Prints
# memory, descriptors and threads after each third, and fails if they grow.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --release -p autopilot-sync-c
library=$(realpath "${CARGO_TARGET_DIR:-target}")/release/libautopilot_sync.so
AUTOPILOT_SOAK_CALLS=${1:-100000} AUTOPILOT_TEST_LIBRARY=$library cargo test --locked --test programs -- soak:: --nocapture
