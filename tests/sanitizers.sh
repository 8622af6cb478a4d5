#!/usr/bin/env bash
# Runs the C programs of the tests, and some of the Rust tests, under checkers of memory and threads. Needs gcc, clang
# with its sanitizers, valgrind, nightly Rust, whose sanitizers see into the library too, and Debian 12's Rust 1.85,
# which has the standard library's sources.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }
missing() { echo "missing: $1. Install it: $2" >&2; exit 1; }
for tool in gcc g++ clang clang++ valgrind; do
  command -v $tool >/dev/null || missing $tool "apt-get install gcc g++ clang valgrind"
done
nightly=$(rustc +nightly --print target-libdir 2>/dev/null) || missing "Rust's nightly toolchain" "rustup toolchain install nightly"
target=$(rustc +nightly -vV | sed -n 's/^host: //p')
folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/sanitizers

# Left out where a program is compiled with a sanitizer: what is loaded before a program's libraries (LD_PRELOAD) must be
# the sanitizer, its own memory is more than the bound, and it finds no leaks in a PID namespace.
not_here=(--skip look_up --skip memory_is_bounded --skip parents_number)
rust_tests=(ffi:: call:: canceller:: stage)
memory="-fsanitize=address,undefined -fno-sanitize-recover=all"

# The library for C, compiled with a sanitizer by the cargo that the other arguments name. Prints where it is.
library() {
  local sanitizer=$1
  shift
  RUSTFLAGS=-Zsanitizer=$sanitizer CARGO_TARGET_DIR=$folder/$sanitizer \
    "$@" --locked --quiet -p autopilot-sync-c --target "$target"
  echo "$folder/$sanitizer/$target/debug/libautopilot_sync.so"
}

# A program that breaks the rules in the given way must not end well.
finds() {
  local library=$1 how=$2
  shift 2
  clang -std=c99 -g -Iinclude tests/programs/misuse.c "$library" -pthread -Wl,-rpath,"$folder/linked" "$@" -o "$folder/misuse"
  mkdir -p "$folder/linked" && ln -sf "$library" "$folder/linked/$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')"
  "$folder/misuse" none
  if "$folder/misuse" "$how" 2>/dev/null; then echo "not found: $how" >&2; exit 1; fi
}

# The tests, their programs compiled by clang. In a folder of their own: another compiler makes cargo build anew.
with_clang() {
  CC=clang CXX=clang++ CARGO_TARGET_DIR=$folder/clang cargo test --locked --test programs -- "$@"
}

step "address and undefined behaviour, gcc"
AUTOPILOT_TEST_CFLAGS=$memory cargo test --locked --test programs -- "${not_here[@]}" c_api:: hostile:: threads:: languages:: forks::

step "address and undefined behaviour, clang, with the library's own code"
address=$(library address cargo +nightly build)
for how in getter string double-free leak; do finds "$address" $how $memory; done
# Nor here: the documented stack, for the sanitizer's frames are larger; Python, and what has an allocator of its own,
# which are not linked with the sanitizer.
AUTOPILOT_TEST_CFLAGS=$memory AUTOPILOT_TEST_LIBRARY=$address \
  with_clang "${not_here[@]}" --skip documented_stack --skip every_language --skip forked_anywhere c_api:: hostile:: threads:: languages:: forks::

step "address, the library's own Rust tests: the C boundary, and calls that end at every stage"
RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$folder/address cargo +nightly test --locked -p autopilot-sync --features capi \
  --target "$target" --lib --test stages -- "${rust_tests[@]}"

step "the C++ header, clang"
with_clang cpp:: header::

step "threads, clang, with the library's own code and the standard library's"
# Without the standard library's own code the sanitizer does not see what a lock orders: it finds races that are none.
rustc=$(packaging/tools/rust-1.85.sh)
thread=$(RUSTC=$rustc RUSTC_BOOTSTRAP=1 library thread cargo build -Zbuild-std=std,panic_unwind)
# Nightly's runtime, and not clang's, which may be too old for Rust's code.
races="-fsanitize=thread -fno-sanitize-link-runtime -Wl,--whole-archive $nightly/librustc-nightly_rt.tsan.a -Wl,--no-whole-archive -Wl,--export-dynamic -ldl -lm -lrt"
export TSAN_OPTIONS=history_size=7
finds "$thread" race $races
AUTOPILOT_TEST_CFLAGS=$races AUTOPILOT_TEST_LIBRARY=$thread with_clang --skip look_up threads::

step "threads, the library's own Rust tests: the C boundary, and calls that end at every stage"
before="-Zpre-link-arg=-Wl,--whole-archive,$nightly/librustc-nightly_rt.tsan.a,--no-whole-archive"
RUSTC=$rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$folder/thread-tests \
  RUSTFLAGS="-Zsanitizer=thread -Zexternal-clangrt $before -Clink-args=-Wl,--no-gc-sections,--export-dynamic" \
  cargo test -Zbuild-std=std,panic_unwind --locked -p autopilot-sync --features capi --target "$target" \
  --lib --test stages -- "${rust_tests[@]}"
unset TSAN_OPTIONS

step "memory, valgrind"
leaks=definite,indirect # what the process-wide client holds is reachable until the end
AUTOPILOT_TEST_UNDER="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=$leaks --errors-for-leak-kinds=$leaks --suppressions=$PWD/tests/valgrind.supp" \
  cargo test --locked --test programs -- c_api:: hostile:: threads::

step "all is well"
