#!/usr/bin/env bash
# Runs a command in which cargo builds for Linux with glibc 2.17 or later, `zig.sh aarch64-linux-gnu cargo build`, or
# with musl, `zig.sh x86_64-linux-musl ...`. zig, from packaging/tools/requirements.txt, compiles C and links.
set -euo pipefail
here=$(dirname "$(realpath "$0")") root=$(realpath "$(dirname "$0")/../..")
platform=$1
export CARGO_BUILD_TARGET=${platform/-/-unknown-}
variable=${CARGO_BUILD_TARGET//-/_}

work=$(realpath -m "${CARGO_TARGET_DIR:-target}")/zig-$platform # kept, so that cargo can reuse a build
mkdir -p "$work"
tools=$("$here/pip-tools.sh")
program() { # NAME WHAT
    printf '#!/bin/sh\nPATH=%s:$PATH exec cargo-zigbuild zig %s\n' "$tools" "$2" >"$work/$1"
    chmod +x "$work/$1"
}
# -g0 comes last, because debug information contains paths.
program cc "cc -- -fno-sanitize=all -target ${platform/gnu/gnu.2.17} \"\$@\" -g0"
program ar 'ar "$@"'
export "CC_$variable=$work/cc" "AR_$variable=$work/ar" "CARGO_TARGET_${variable^^}_LINKER=$work/cc"

# Keeps paths of this machine out of the result, so it is the same on every machine.
RUSTC=$("$here/rust-for.sh" "$CARGO_BUILD_TARGET")
export RUSTC RUSTFLAGS="--remap-path-prefix=$("$RUSTC" --print sysroot)/lib/rustlib/src/rust=rust
    --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates --remap-path-prefix=$root=autopilot-sync"
if [[ $platform = *-musl ]]; then RUSTFLAGS+=" -Ctarget-feature=-crt-static"; fi # or there is no shared library
exec nice "${@:2}"
