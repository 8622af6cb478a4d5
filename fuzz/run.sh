#!/usr/bin/env bash
# Runs the fuzz targets. If an input breaks one, it fails and prints the path of that input.
#
#   fuzz/run.sh                          for each target the corpus and 10,000 inputs, the same ones in each run
#   fuzz/run.sh SECONDS [TARGET...]      new inputs for that long, for each of the targets named, or for all
#
# The inputs grow from fuzz/corpus. A timed run keeps what it finds beyond that in target/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "fuzz: $*" >&2; exit 1; }
rustc +nightly --version >/dev/null 2>&1 || fail "nightly Rust is missing. Install it: rustup toolchain install nightly"
command -v "${CXX:-c++}" >/dev/null || fail "a C++ compiler is missing. Install it (Debian: apt-get install g++)"

PATH=$(packaging/tools/cargo-tool.sh cargo-fuzz 0.13.2):$PATH
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/fuzz
fuzz() { cargo +nightly fuzz "$1" --target-dir "$target" "${@:2}"; }
# The release profile is for the libraries. Fuzzing needs symbols, and a build that does not take minutes.
export CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

if [ $# -eq 0 ]; then
    amount=(-seed=1 -runs=10000)
else
    amount=(-max_total_time="$1" -runs=100000000)
fi
targets=("${@:2}")
[ $# -ge 2 ] || mapfile -t targets < <(sed -n 's|^path = "targets/\(.*\)\.rs"|\1|p' fuzz/Cargo.toml)
cargo +nightly metadata --locked --format-version 1 >/dev/null # `cargo fuzz` itself has no --locked
fuzz build 2>"$target.log" || fail "it cannot be built: $(cat "$target.log")"
for name in "${targets[@]}"; do
    kept=$target/corpus/$name
    [ $# -ge 1 ] || { kept=$target/unkept; rm -rf "$kept"; }
    mkdir -p "$kept" "$target/found"
    limits=("${amount[@]}" -max_len=1024 -timeout=10 -rss_limit_mb=2048)
    if ! fuzz run "$name" "$kept" "fuzz/corpus/$name" -- "${limits[@]}" \
        -dict=fuzz/dictionary.txt -artifact_prefix="$target/found/$name-" 2>"$target/$name.log"; then
        grep -m 1 -A 3 "panicked at" "$target/$name.log" >&2 || grep -m 1 -A 9 "ERROR:" "$target/$name.log" >&2 || true
        fail "$name breaks: $(sed -n 's/.*Test unit written to //p' "$target/$name.log") (all of it: $target/$name.log)"
    fi
    echo "fuzz: $name: $(sed -n 's/^#\([0-9]*\).*DONE *cov: \([0-9]*\).*corp: \([0-9]*\).*/\1 inputs, \2 edges, \3 kept/p' "$target/$name.log")"
done
