#!/usr/bin/env bash
# Runs a command in which cargo builds for Linux with glibc 2.17 or later: `zig.sh aarch64 cargo build --release`. zig,
# from packaging/tools/requirements.txt, compiles C and links.
set -euo pipefail
here=$(dirname "$(realpath "$0")") root=$(realpath "$(dirname "$0")/../..")
architecture=$1
export CARGO_BUILD_TARGET=$architecture-unknown-linux-gnu
variable=${CARGO_BUILD_TARGET//-/_}

work=$(realpath -m "${CARGO_TARGET_DIR:-target}")/zig-$architecture # kept, so that cargo can reuse a build
mkdir -p "$work"
tools=$("$here/pip-tools.sh")
program() { # NAME WHAT
    printf '#!/bin/sh\nPATH=%s:$PATH exec cargo-zigbuild zig %s\n' "$tools" "$2" >"$work/$1"
    chmod +x "$work/$1"
}
# -g0 comes last, because debug information contains paths.
program cc "cc -- -fno-sanitize=all -target $architecture-linux-gnu.2.17 \"\$@\" -g0"
program ar 'ar "$@"'
export "CC_$variable=$work/cc" "AR_$variable=$work/ar" "CARGO_TARGET_${variable^^}_LINKER=$work/cc"

# Keeps paths of this machine out of the result, so it is the same on every machine.
RUSTC=$("$here/rust-for.sh" "$CARGO_BUILD_TARGET")
export RUSTC RUSTFLAGS="--remap-path-prefix=$("$RUSTC" --print sysroot)/lib/rustlib/src/rust=rust
    --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates --remap-path-prefix=$root=autopilot-sync"
exec nice "${@:2}"
