#!/usr/bin/env bash
# Checks formatting, lints and documentation. Any warning is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all --check
cargo clippy --locked --workspace --exclude autopilot-sync-fuzz --all-targets -- -D warnings
cargo clippy --locked -p autopilot-sync --lib -- -D warnings # without the C ABI
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps -p autopilot-sync
