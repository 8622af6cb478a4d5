#!/usr/bin/env bash
# What `cargo build --release` promises of the C libraries: exports, SONAME, nodelete, size; and a small crate tree.
set -euo pipefail
cd "$(dirname "$0")/.."
library=${CARGO_TARGET_DIR:-target}/release/libautopilot_sync.so
fail() { echo "release: $*" >&2; exit 1; }

[ -f "${library%.so}.a" ] || fail "there is no static library"
exported=$(nm -D --defined-only "$library" | awk '{ print $NF }' | sort)
committed=$(cat tests/abi/exports.txt)
[ "$exported" = "$committed" ] || fail "exports are not tests/abi/exports.txt: $(diff <(echo "$committed") <(echo "$exported"))"
version=$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)\..*"/\1/p' include/autopilot_sync.h)
readelf -d "$library" | grep -F "soname: [libautopilot_sync.so.$version]" >/dev/null || fail "the SONAME is wrong"
readelf -d "$library" | grep NODELETE >/dev/null || fail "it can be unloaded"
size=$(stat -c %s "$library")
[ "$size" -le 1900000 ] || fail "$size bytes: at most 1,900,000"
crates=$(cargo tree --locked -p autopilot-sync -e normal --prefix none --target x86_64-unknown-linux-gnu | tail -n +2 | awk '{ print $1, $2 }' | sort -u | wc -l)
[ "$crates" -le 40 ] || fail "$crates crates: at most 40"
echo "release: $(wc -l <<<"$exported") functions, $size bytes, $crates crates"
