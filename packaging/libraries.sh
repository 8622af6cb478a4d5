#!/usr/bin/env bash
# Builds the release libraries for C, and checks them: exports, SONAME, size, and that they stay loaded. Then runs the
# tests that depend on the compiler's optimisations: those for copies of a token and for the stack.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "libraries: $*" >&2; exit 1; }
. packaging/library-checks.sh

cargo build --locked --release
library=$(realpath "${CARGO_TARGET_DIR:-target}")/release/libautopilot_sync.so
[ -f "${library%.so}.a" ] || fail "there is no static library"
checks=(exports_the_abi is_named stays_loaded is_stripped)
all_pass "$library" "${checks[@]}"
program=$(mktemp) wrong=$(mktemp) folder=${library%/*}
trap 'rm -f "$program" "$wrong"' EXIT
"${CC:-gcc}" -Iinclude tests/programs/one_call.c -L"$folder" -lautopilot_sync -Wl,-rpath,"$folder" -o "$program"
[ "$("$program" NULL)" = -1 ] || fail "a program that is linked in the target folder does not run there"
size=$(stat -c %s "$library")
[ "$size" -le 2600000 ] || fail "$size bytes: at most 2,600,000"

make_wrong_library "$wrong"
none_passes "$wrong" "${checks[@]}"

AUTOPILOT_TEST_LIBRARY=$library cargo test --locked --test programs -- secrets:: conditions::
echo "libraries: $(wc -l <tests/abi/exports.txt) functions, $size bytes"
