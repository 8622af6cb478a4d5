#!/usr/bin/env bash
# Builds the libraries for musl into target/musl (64-bit x86), and makes an agent in C that is one static file: it runs
# in an empty folder, with nothing but itself and a CA file. The shared library runs with Debian's musl. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
out=$CARGO_TARGET_DIR/musl
fail() { echo "musl: $*" >&2; exit 1; }
command -v musl-gcc >/dev/null || fail "musl-gcc is missing. Install it (Debian: apt-get install musl-tools)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. packaging/library-checks.sh
. packaging/page.sh

packaging/tools/zig.sh x86_64-linux-musl cargo build --locked --release -p autopilot-sync-c
rm -rf "$out" && mkdir "$out"
cp "$CARGO_TARGET_DIR"/x86_64-unknown-linux-musl/release/libautopilot_sync.{a,so} "$out"
# The compiler's unwinder may be one for glibc only, as Debian's is. So zig's is in the static library too.
echo 'int main(void) { return 0; }' >"$work/empty.c"
unwinder=$("$CARGO_TARGET_DIR/zig-x86_64-linux-musl/cc" "$work/empty.c" -o "$work/empty" -lunwind -v 2>&1 |
    grep -o '[^ ]*/libunwind\.a')
ld -r --strip-debug --whole-archive "$unwinder" -o "$work/unwinder.o"
ar rD "$out/libautopilot_sync.a" "$work/unwinder.o" 2>"$work/said" || fail "$(cat "$work/said")" # it warns of bitcode
needs_musl_alone() { [ "$(readelf -d "$1" | grep NEEDED | grep -o '\[.*\]')" = '[libc.so]' ]; }
checks=(exports_the_abi is_named stays_loaded is_stripped names_no_folder needs_musl_alone)
all_pass "$out/libautopilot_sync.so" "${checks[@]}"
all_pass "$out/libautopilot_sync.a" names_no_folder
make_wrong_library "$work/wrong.so"
none_passes "$work/wrong.so" "${checks[@]}"

mkdir "$work/empty-root" "$work/build"
block README.md c >"$work/build/agent.c"
line=$(grep -h '^musl-gcc ' docs/c-and-cpp.md) || fail "docs/c-and-cpp.md has no line that begins with musl-gcc"
ln -s "$root/include" "$work/build/include" && ln -s "$CARGO_TARGET_DIR" "$work/build/target"
(cd "$work/build" && eval "$line")
! readelf -l "$work/build/agent" | grep INTERP || fail "the agent is not one file"
cp "$work/build/agent" "$work/empty-root"
cat >"$work/one-file" <<END
#!/bin/sh
cp "\$SSL_CERT_FILE" $work/empty-root/ca.pem
SSL_CERT_FILE=/ca.pem exec chroot $work/empty-root /agent
END
cat >"$work/with-musl" <<END
#!/bin/sh
exec env LD_LIBRARY_PATH=$work $work/shared
END
ln -s "$out/libautopilot_sync.so" "$work/libautopilot_sync.so.$abi"
musl-gcc -Iinclude "$work/build/agent.c" "$out/libautopilot_sync.so" -o "$work/shared"
chmod +x "$work/one-file" "$work/with-musl"

cargo build -q --locked -p autopilot-emulator
export AUTOPILOT_TOKEN=token
for agent in one-file with-musl; do
    said=$("$CARGO_TARGET_DIR/debug/autopilot-emulator" run -- "$work/$agent") && [ "$said" = AUTOPILOT_OK ] ||
        fail "$agent: $said"
done
[ "$(ls "$work/empty-root" | xargs)" = "agent ca.pem" ] || fail "the folder of the one file has more in it"
echo "musl: works; the agent has $(stat -c %s "$work/build/agent") bytes, the shared library" \
    "$(stat -c %s "$out/libautopilot_sync.so")"
