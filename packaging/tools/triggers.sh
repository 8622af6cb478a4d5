#!/usr/bin/env bash
# Runs a program that makes one call, with the emulator: `triggers.sh COMMAND ARGUMENT...`. The emulator must accept the
# sync, and the program must print 0.
set -euo pipefail
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "triggers: $*" >&2; exit 1; }

cargo build -q --locked --manifest-path "$root/Cargo.toml" -p autopilot-emulator
emulator=${CARGO_TARGET_DIR:-$root/target}/debug/autopilot-emulator
"$emulator" run --log "$work/exchanges" -- "$@" >"$work/said" && [ "$(cat "$work/said")" = 0 ] ||
    fail "$*: $(cat "$work/said")"
grep -F '"status":204' "$work/exchanges" >/dev/null || fail "$*: the service saw nothing"
