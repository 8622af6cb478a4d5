#!/usr/bin/env bash
# Prints the folder of cargo-c, in the version that docs/c-and-cpp.md names. The first run builds it in ten minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
pkg-config --exists openssl ||
    { echo "OpenSSL's headers are missing. Install them (Debian: apt-get install pkg-config libssl-dev)" >&2; exit 1; }
packaging/tools/cargo-tool.sh cargo-c "$(sed -n 's/.*cargo install cargo-c@\([^ ]*\).*/\1/p' docs/c-and-cpp.md)"
