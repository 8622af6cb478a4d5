#!/usr/bin/env bash
# What `cargo build --release` promises of the C libraries: exports, SONAME, nodelete, size; and a small crate tree.
set -euo pipefail
cd "$(dirname "$0")/.."
library=${CARGO_TARGET_DIR:-target}/release/libautopilot_sync.so
fail() { echo "release: $*" >&2; exit 1; }

[ -f "${library%.so}.a" ] || fail "there is no static library"
exports() { nm -D --defined-only "$1" | awk '{ print $NF }' | sort; }
diff tests/abi/exports.txt <(exports "$library") || fail "the exports are not those of tests/abi/exports.txt"
other=$(mktemp)
sed 's/.*/void &(void) {}/; $a void autopilot_more(void) {}' tests/abi/exports.txt | "${CC:-gcc}" -shared -fPIC -x c - -o "$other"
[ "$(diff tests/abi/exports.txt <(exports "$other"))" ] || fail "an export more is not noticed"
rm "$other"
version=$(sed -n 's/^#define AUTOPILOT_VERSION "\(.*\)\..*"/\1/p' include/autopilot_sync.h)
readelf -d "$library" | grep -F "soname: [libautopilot_sync.so.$version]" >/dev/null || fail "the SONAME is wrong"
readelf -d "$library" | grep NODELETE >/dev/null || fail "it can be unloaded"
size=$(stat -c %s "$library")
[ "$size" -le 2500000 ] || fail "$size bytes: at most 2,500,000"
crates=$(cargo tree --locked -p autopilot-sync -e normal --prefix none --target x86_64-unknown-linux-gnu | tail -n +2 | awk '{ print $1, $2 }' | sort -u | wc -l)
[ "$crates" -le 40 ] || fail "$crates crates: at most 40"
echo "release: $(wc -l <tests/abi/exports.txt) functions, $size bytes, $crates crates"
