#!/usr/bin/env bash
# Prints the folder of cargo-c, of the version that docs/c-and-cpp.md names. It takes ten minutes to build: it is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$(sed -n 's/.*cargo install cargo-c@\([^ ]*\).*/\1/p' docs/c-and-cpp.md)
tools=${AUTOPILOT_TOOLS:-$HOME/.cache/autopilot-sync/cargo-c-$version}
if [ ! -x "$tools/bin/cargo-cinstall" ]; then
    pkg-config --exists openssl ||
        { echo "OpenSSL's headers are missing. Install them (Debian: apt-get install libssl-dev)" >&2; exit 1; }
    cargo install -q "cargo-c@$version" --locked --root "$tools" >&2
fi
echo "$tools/bin"
