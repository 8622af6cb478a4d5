#!/usr/bin/env bash
# Checks the crate as a registry would serve it: packs it, unpacks it elsewhere, runs its doc tests there, and builds it
# with the C ABI. It must not need the workspace, and its build must not change its sources.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
fail() { echo "crate: $*" >&2; exit 1; }

cargo package --locked --allow-dirty --no-verify -p autopilot-sync
id=$(cargo pkgid --locked -p autopilot-sync)
packed=$target/package/autopilot-sync-${id##*[@#]}.crate
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xzmf "$packed" -C "$folder" # m: new file times, so that cargo does not reuse its last build
cd "$folder"/*

python3 "$OLDPWD/packaging/links.py" . || fail "these links lead nowhere"
state() { find . \( -type f -printf '%p %m ' -exec sha256sum {} \; \) -o -printf '%p %y %m\n' | sort; }
before=$(state)
export CARGO_TARGET_DIR=$target/package-check
cargo test --locked --doc
cargo build --locked --features capi
changed=$(diff <(echo "$before") <(state)) || fail "its build changed its sources: $changed"
grep -q autopilot-emulator Cargo.toml && fail "it depends on the emulator"
echo "crate: $(find . -type f | wc -l) files, $(stat -c %s "$packed") bytes"
