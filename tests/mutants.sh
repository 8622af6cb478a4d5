#!/usr/bin/env bash
# Breaks the pure parts of the library in every small way that cargo-mutants knows, one at a time, and runs their tests.
# tests/mutants.txt lists each change that no test can notice, with the reason.
# Needs cargo-mutants: cargo install cargo-mutants --locked
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-target/mutants}
rooms=(wait/machine service outcome text)
arguments=()
for room in "${rooms[@]}"; do arguments+=(-f "src/$room/*.rs"); done
mkdir -p "$out"
cargo mutants -p autopilot-sync "${arguments[@]}" -o "$out" --no-shuffle --timeout 120 \
  -- --lib -- --skip machine::model || [ $? -eq 2 ] # without the model, which takes seconds each time
known=$(sed -E '/^#/d; /^$/d; s/ *\|.*//' tests/mutants.txt | sort)
survived=$(sed -E 's/:[0-9]+:[0-9]+: /: /' "$out/mutants.out/missed.txt" "$out/mutants.out/timeout.txt" | sort -u)
if ! diff <(echo "$known") <(echo "$survived"); then
  echo "mutants: what survived (>) is not what tests/mutants.txt explains (<)" >&2
  exit 1
fi
echo "mutants: $(wc -l <"$out/mutants.out/caught.txt") caught, $(sed '/^$/d' <<<"$survived" | wc -l) survived and explained"
