#!/usr/bin/env bash
# Runs tests under checkers of memory and threads. It needs gcc, clang with its sanitizers, valgrind, nightly Rust, whose
# sanitizers also check the library itself, and Debian 12's Rust 1.85, which has the standard library's sources.
#
#   tests/sanitizers.sh          the C and C++ programs of the tests
#   tests/sanitizers.sh rust     the library's own Rust tests of the C boundary, and of calls that end at every stage
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

# Left out if a program is compiled with a sanitizer: the sanitizer must be loaded first, so LD_PRELOAD fails; its own
# memory exceeds the bound; it finds no leaks in a PID namespace; and a child that is forked while other threads allocate
# may find its allocator locked.
not_here=(--skip look_up --skip memory_is_bounded --skip parents_number --skip forked_child_has_an_empty_fleet)
memory="-fsanitize=address,undefined -fno-sanitize-recover=all"

rustc=$(packaging/tools/rust-1.85.sh)
# Cargo, for code that is compiled with a sanitizer.
with_address() { # SUBCOMMAND ARGUMENT...
  RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$folder/address cargo +nightly "$1" --locked --target "$target" "${@:2}"
}
with_threads() { # the same, with its own standard library: without, the sanitizer does not see the locks, and reports false races
  RUSTFLAGS="-Zsanitizer=thread -Zexternal-clangrt" RUSTC=$rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$folder/thread \
    cargo "$1" -Zbuild-std=std,panic_unwind --locked --target "$target" "${@:2}"
}

# The sanitizer itself: a program that breaks the rules in the given way must fail.
finds() {
  local library=$1 how=$2
  shift 2
  clang -std=c99 -g -Iinclude tests/programs/misuse.c "$library" -pthread -Wl,-rpath,"$folder/linked" "$@" -o "$folder/misuse"
  mkdir -p "$folder/linked" && ln -sf "$library" "$folder/linked/$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')"
  "$folder/misuse" none
  # A race can also spoil the memory. Then a panic's backtrace and the sanitizer's report can wait for each other for ever.
  local code=124
  while [ $code = 124 ]; do code=0; timeout 60 "$folder/misuse" "$how" 2>/dev/null || code=$?; done
  [ $code != 0 ] || { echo "not found: $how" >&2; exit 1; }
}

# Runs the tests with programs compiled by clang.
with_clang() { AUTOPILOT_TEST_CC=clang AUTOPILOT_TEST_CXX=clang++ cargo test --locked --test programs -- "$@"; }

if [ "${1-}" = rust ]; then
  tests=(ffi:: call:: canceller:: stage)
  step "address"
  with_address test -p autopilot-sync --features capi --lib --test stages -- "${tests[@]}"

  step "threads"
  before="-Zpre-link-arg=-Wl,--whole-archive,$nightly/librustc-nightly_rt.tsan.a,--no-whole-archive"
  for part in --lib --test=stages; do
    program=$(with_threads rustc --profile test -p autopilot-sync --features capi $part --message-format json -- \
      "$before" -Clink-args=-Wl,--no-gc-sections,--export-dynamic | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
    TSAN_OPTIONS=history_size=7 "$program" "${tests[@]}"
  done
  exit
fi

step "address and undefined behaviour, gcc"
AUTOPILOT_TEST_CFLAGS=$memory cargo test --locked --test programs -- "${not_here[@]}" c_api:: credentials:: hostile:: threads:: steps:: fleets:: languages:: forks::

step "address and undefined behaviour, clang, with the library's own code"
with_address build -q -p autopilot-sync-c
address=$folder/address/$target/debug/libautopilot_sync.so
for how in getter string double-free leak; do finds "$address" $how $memory; done
# This also leaves out the documented stack, because the sanitizer's frames are larger, and the programs that are not
# linked with the sanitizer: Python, and those with their own allocator.
AUTOPILOT_TEST_CFLAGS=$memory AUTOPILOT_TEST_LIBRARY=$address \
  with_clang "${not_here[@]}" --skip documented_stack --skip every_language --skip forked_anywhere c_api:: credentials:: hostile:: threads:: steps:: fleets:: languages:: forks::

step "the C++ header, clang"
with_clang cpp:: header::

step "threads, clang, with the library's own code and the standard library's"
with_threads build -q -p autopilot-sync-c
thread=$folder/thread/$target/debug/libautopilot_sync.so
# Use nightly's runtime, because clang's may be too old for Rust's code.
races="-fsanitize=thread -fno-sanitize-link-runtime -Wl,--whole-archive $nightly/librustc-nightly_rt.tsan.a -Wl,--no-whole-archive -Wl,--export-dynamic -ldl -lm -lrt"
export TSAN_OPTIONS=history_size=7
finds "$thread" race $races
# A forked child of many threads must start none under this sanitizer.
AUTOPILOT_TEST_CFLAGS=$races AUTOPILOT_TEST_LIBRARY=$thread with_clang --skip look_up --skip forked threads:: steps:: fleets::
unset TSAN_OPTIONS

step "memory, valgrind"
leaks=definite,indirect # what the process-wide client holds stays reachable; a forked child leaves what is its parent's
AUTOPILOT_TEST_UNDER="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=$leaks --errors-for-leak-kinds=$leaks --suppressions=$PWD/tests/valgrind.supp" \
  cargo test --locked --test programs -- --skip forked c_api:: credentials:: hostile:: threads:: steps:: fleets::

step "all is well"
