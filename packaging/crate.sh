#!/usr/bin/env bash
# What a registry would serve: packs the crate, unpacks it elsewhere, and there runs its doc tests and builds it, also
# with the C ABI. It needs nothing of the workspace, and leaves its own source as it was.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
fail() { echo "package: $*" >&2; exit 1; }

cargo package --locked --allow-dirty --no-verify -p autopilot-sync
id=$(cargo pkgid --locked -p autopilot-sync)
packed=$target/package/autopilot-sync-${id##*[@#]}.crate
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xzmf "$packed" -C "$folder" # m: as new, or cargo would take what it built last time for this
cd "$folder"/*

state() { find . \( -type f -printf '%p %m ' -exec sha256sum {} \; \) -o -printf '%p %y %m\n' | sort; }
before=$(state)
export CARGO_TARGET_DIR=$target/package-check
cargo test --locked --doc
cargo build --locked --features capi
changed=$(diff <(echo "$before") <(state)) || fail "its build changed its source: $changed"
grep -q autopilot-emulator Cargo.toml && fail "it depends on the emulator"
echo "package: $(find . -type f | wc -l) files, $(stat -c %s "$packed") bytes"
