#!/usr/bin/env bash
# Prints the path of a compiler with the standard library for a target: `rust-for.sh aarch64-unknown-linux-gnu`. This is
# the installed compiler if it has the target (`rustup target add`), else Rust 1.85 from packaging/tools/rust-1.85.sh,
# for which this script compiles the standard library once, and keeps it.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1
has_target() { compgen -G "$("$1" --print target-libdir --target "$target")/libstd-*.rlib" >/dev/null; }

if has_target rustc; then rustup which rustc 2>/dev/null || command -v rustc; exit; fi
rustc=$(packaging/tools/rust-1.85.sh)
if ! has_target "$rustc"; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cargo new --quiet --vcs none --lib --name probe "$work/probe"
    echo '#![no_std]' >"$work/probe/src/lib.rs"
    sources=$("$rustc" --print sysroot)/lib/rustlib/src/rust
    # Like rustup's: with bitcode, for link-time optimisation, and without paths of this machine.
    flags="-Cembed-bitcode=yes --remap-path-prefix=$sources=rust
        --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates"
    (cd "$work/probe" && RUSTC=$rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=$flags CARGO_TARGET_DIR=$work/built \
        nice cargo build --quiet --release -Zbuild-std=std,panic_unwind,test --target "$target") >&2
    rm "$work/built/$target"/release/deps/libprobe-*
    folder=$("$rustc" --print target-libdir --target "$target")
    mkdir -p "$folder.new" && cp "$work/built/$target"/release/deps/*.rlib "$folder.new"
    if [[ $target = *-windows-gnu ]]; then # the start and end of every program
        for object in rsbegin rsend; do
            (cd "$sources/library/rtstartup" && RUSTC_BOOTSTRAP=1 "$rustc" --target "$target" --emit obj -O \
                -o "$folder.new/$object.o" "$object.rs")
        done
    fi
    rm -rf "$folder" && mv "$folder.new" "$folder" # complete, or not there
fi
echo "$rustc"
