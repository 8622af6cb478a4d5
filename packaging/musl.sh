#!/usr/bin/env bash
# Tries what packaging/build.sh made for musl. It makes an agent in C that is one static file and runs in an empty folder,
# with nothing but itself and a CA file: for Arm, under qemu. The shared libraries run with Debian's musl. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/library-checks.sh
. packaging/page.sh
. packaging/way.sh
export CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
out=$CARGO_TARGET_DIR/artefacts
fail() { echo "musl: $*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing. Install it (Debian: apt-get install $2)"; }
need musl-gcc musl-tools
need qemu-aarch64 qemu-user
need pkg-config pkg-config
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build -q --locked -p autopilot-emulator
emulator=$CARGO_TARGET_DIR/debug/autopilot-emulator
tools=$(packaging/tools/pip-tools.sh)
export AUTOPILOT_TOKEN=token
says_ok() { # COMMAND...
    local said
    said=$("$emulator" run -- "$@") && [ "$said" = AUTOPILOT_OK ] || fail "$*: $said"
}

needed() { readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'; }
needs_musl_alone() { [ "$(needed "$1")" = libc.so ]; }
is_one_file() { [ -z "$(needed "$1")" ] && ! { readelf -l "$1" || echo INTERP; } | grep INTERP; }
checks=(exports_the_abi is_named stays_loaded is_stripped names_no_folder needs_musl_alone)
for machine in x86_64 aarch64; do
    tar -xzf "$out"/autopilot-sync-*-$machine-linux-musl.tar.gz -C "$work"
    mv "$work"/autopilot-sync-* "$work/$machine"
    for wheel in "$out"/*-musllinux_1_2_$machine.whl; do python3 -m zipfile -e "$wheel" "$work/$machine/wheel"; done
    all_pass "$work/$machine/lib/libautopilot_sync.so" "${checks[@]}"
    all_pass "$work/$machine/lib/libautopilot_sync.a" names_no_folder
    all_pass "$work/$machine/bin/autopilot-emulator" is_stripped names_no_folder is_one_file
    cmp "$work/$machine"/{lib,wheel/autopilot_sync}/libautopilot_sync.so
    cmp "$work/$machine"/{bin,wheel/*.data/scripts}/autopilot-emulator
done
make_wrong_library "$work/wrong.so"
none_passes "$work/wrong.so" "${checks[@]}" is_one_file

block README.md c >"$work/agent.c"
cat >"$work/one-file" <<END
#!/bin/sh
cp "\$SSL_CERT_FILE" $work/root/ca.pem
SSL_CERT_FILE=/ca.pem exec chroot $work/root /agent
END
chmod +x "$work/one-file"

way an agent with musl that is one file
(cd "$work" && PREFIX=$work/x86_64 && follow docs/c-and-cpp.md sh musl-gcc)
all_pass "$work/agent" is_one_file
mkdir "$work/root" && cp "$work/agent" "$work/root"
says_ok "$work/one-file"
works
echo "try: it has $(stat -c %s "$work/agent") bytes"
[ "$(ls "$work/root" | xargs)" = "agent ca.pem" ] || fail "its folder has more in it"

way the shared library for musl
musl-gcc "$work/agent.c" $(PKG_CONFIG_PATH=$work/x86_64/lib/pkgconfig pkg-config --cflags --libs autopilot_sync) \
    -o "$work/shared"
says_ok env "LD_LIBRARY_PATH=$work/x86_64/lib" "$work/shared"
works
# No Python for musl is to be had here. This loads the wheel's library as ctypes does.
cat >"$work/loads.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL)
        return 1;
    int (*sync)(const char *) = (int (*)(const char *))dlsym(library, "autopilot_sync");
    const char *(*name)(int) = (const char *(*)(int))dlsym(library, "autopilot_result_name");
    return puts(name(sync(getenv("AUTOPILOT_TOKEN")))) < 0;
}
END
musl-gcc "$work/loads.c" -o "$work/loads"
says_ok "$work/loads" "$work/x86_64/wheel/autopilot_sync/libautopilot_sync.so"
"$work/x86_64/bin/autopilot-emulator" run -- true

way the static library for musl on 64-bit Arm, under qemu
"$tools/python" -m ziglang cc -target aarch64-linux-musl -static -I"$work/aarch64/include" "$work/agent.c" \
    "$work/aarch64/lib/libautopilot_sync.a" -o "$work/arm"
says_ok qemu-aarch64 "$work/arm"
works
