#!/usr/bin/env bash
# Runs a command whose cargo builds for Linux from glibc 2.17 on: `zig.sh aarch64 cargo build --release`. zig, which is
# one of packaging/tools/requirements.txt, compiles C and links.
set -euo pipefail
here=$(dirname "$(realpath "$0")") root=$(realpath "$(dirname "$0")/../..")
architecture=$1
export CARGO_BUILD_TARGET=$architecture-unknown-linux-gnu
variable=${CARGO_BUILD_TARGET//-/_}

work=$(realpath -m "${CARGO_TARGET_DIR:-target}")/zig-$architecture # kept: cargo knows a build by it
mkdir -p "$work"
tools=$("$here/pip-tools.sh")
program() { # NAME WHAT
    printf '#!/bin/sh\nPATH=%s:$PATH exec cargo-zigbuild zig %s\n' "$tools" "$2" >"$work/$1"
    chmod +x "$work/$1"
}
# Last, that no debug information be made: it names folders.
program cc "cc -- -fno-sanitize=all -target $architecture-linux-gnu.2.17 \"\$@\" -g0"
program ar 'ar "$@"'
export "CC_$variable=$work/cc" "AR_$variable=$work/ar" "CARGO_TARGET_${variable^^}_LINKER=$work/cc"

# No folder of this machine is in what is built, so it is the same wherever it is built.
RUSTC=$("$here/rust-for.sh" "$CARGO_BUILD_TARGET")
export RUSTC RUSTFLAGS="--remap-path-prefix=$("$RUSTC" --print sysroot)/lib/rustlib/src/rust=rust
    --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates --remap-path-prefix=$root=autopilot-sync"
exec nice "${@:2}"
