#!/usr/bin/env bash
# Tries what packaging/build.sh made. It checks each library. It builds and runs C programs with the archive and the
# packages in a clean Debian 12 (a chroot, which needs root and is kept), and with the Arm archive under qemu. It says
# how long each takes, from the file to the emulator's answer. musl.sh and windows/try.sh do the same for musl and
# Windows.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/library-checks.sh
. packaging/way.sh
export CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
out=$CARGO_TARGET_DIR/artefacts
fail() { echo "try: $*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing. Install it (Debian: apt-get install $2)"; }
need debootstrap debootstrap
need qemu-aarch64 qemu-user
need aarch64-linux-gnu-gcc "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
need pkg-config pkg-config
need rpm rpm
need cpio cpio
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

PATH=$(packaging/tools/pip-tools.sh):$PATH
cargo build -q --locked -p autopilot-emulator # so that no time below contains this
cd "$out"
sha256sum --quiet --check SHA256SUMS
diff <(awk '{ print $2 }' SHA256SUMS) <(ls --ignore='SHA256SUMS*') || fail "not all files are in SHA256SUMS"

for archive in *-linux-gnu.tar.gz; do tar -xzf "$archive" -C "$work"; done
for package in *.deb; do dpkg-deb -x "$package" "$work/$package"; done
for package in *.rpm; do mkdir "$work/$package" && rpm2cpio "$package" | (cd "$work/$package" && cpio -idm --quiet); done
for wheel in *-manylinux*.whl; do python3 -m zipfile -e "$wheel" "$work/$wheel"; done
platforms=0
for archive in "$work"/*-linux-gnu; do platforms=$((platforms + 1)); done
libraries=$(find "$work" -name 'libautopilot_sync.so*' -type f)
[ "$(wc -l <<<"$libraries")" = $((4 * platforms)) ] ||
    fail "not an archive, two packages and a wheel for each platform: $libraries"
checks=(exports_the_abi is_named stays_loaded is_stripped needs_old_glibc needs_glibc_alone names_no_folder)
for library in $libraries; do
    all_pass "$library" "${checks[@]}"
    echo "try: ${library#"$work/"}: $(stat -c %s "$library") bytes, $(newest_symbol "$library")"
done
programs=$(find "$work" -name autopilot-emulator -type f)
[ "$(wc -l <<<"$programs")" = $((4 * platforms)) ] ||
    fail "the emulator is not in an archive, two packages and a wheel for each platform: $programs"
for program in $programs; do all_pass "$program" is_stripped needs_old_glibc needs_glibc_alone names_no_folder; done
for library in $(find "$work" -name libautopilot_sync.a); do all_pass "$library" names_no_folder; done

make_wrong_library "$work/wrong.so"
none_passes "$work/wrong.so" "${checks[@]}"

triggers() { "$root/packaging/tools/triggers.sh" "$@"; }
# Compiles $program shared and static, with the commands of docs/c-and-cpp.md.
compile='$cc -Wall -Werror $program $(pkg-config --cflags --libs autopilot_sync) -o $to/shared
    $cc -Wall -Werror $program $(pkg-config --cflags --libs autopilot_sync-static) -o $to/static'

clean=${XDG_CACHE_HOME:-$HOME/.cache}/autopilot-sync/debian-12
if [ ! -d "$clean" ]; then
    rm -rf "$clean.new"
    debootstrap --variant=minbase --include=gcc,libc6-dev,pkg-config,cmake,make bookworm "$clean.new" >"$work/said" ||
        fail "$(cat "$work/said")"
    mv "$clean.new" "$clean"
fi
cp -a "$clean" "$work/clean"
cat >"$work/inside" <<END
#!/bin/sh
[ -z "\$SSL_CERT_FILE" ] || cp "\$SSL_CERT_FILE" $work/clean/ca.pem
exec chroot $work/clean env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin cc=cc to=/tmp \
    HTTPS_PROXY="\$HTTPS_PROXY" SSL_CERT_FILE=/ca.pem sh -euc "\$1"
END
chmod +x "$work/inside"
inside() { "$work/inside" "$1" >"$work/said" 2>&1 || fail "$1: $(cat "$work/said")"; }

way the archive in a clean Debian 12
name=$(basename "$work"/*-x86_64-linux-gnu)
mv "$work/$name" "$work/clean/opt"
paths="export PKG_CONFIG_PATH=/opt/$name/lib/pkgconfig LD_LIBRARY_PATH=/opt/$name/lib"
inside "$paths; program=/opt/$name/examples/one_call.c; $compile"
triggers "$work/inside" "$paths; /tmp/shared token"
works
inside "/opt/$name/bin/autopilot-emulator run -- /tmp/static token"
inside "rm -r /opt/$name"
triggers "$work/inside" "/tmp/static token"
! "$work/inside" "/tmp/shared token" 2>"$work/said" && grep -F libautopilot_sync.so "$work/said" >/dev/null ||
    fail "the shared program does not miss the shared library: $(cat "$work/said")"

way the Debian packages there
cp libautopilot-sync*_amd64.deb "$work/clean/tmp"
inside "dpkg -i /tmp/*.deb; program=/usr/share/doc/libautopilot-sync-dev/examples/one_call.c; $compile"
triggers "$work/inside" "/tmp/shared token"
works
triggers "$work/inside" "/tmp/static token"
inside "test -s /usr/share/doc/libautopilot-sync-dev/docs/readings.md" # which the header names
cat >"$work/clean/tmp/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(agent C)
find_package(autopilot_sync $abi CONFIG REQUIRED COMPONENTS shared static)
add_executable(agent /usr/share/doc/libautopilot-sync-dev/examples/one_call.c)
target_link_libraries(agent PRIVATE autopilot_sync::shared)
END
inside "cmake -S /tmp -B /tmp/build; cmake --build /tmp/build"
triggers "$work/inside" "/tmp/build/agent token"
inside "dpkg -P libautopilot-sync-dev; rm -r /tmp/static"
triggers "$work/inside" "/tmp/shared token" # the runtime package is enough
inside "dpkg -P libautopilot-sync$abi; test -z \"\$(find /usr /etc -name '*autopilot*')\""

way "the emulator's Debian package there"
rm "$work"/clean/tmp/*.deb && cp autopilot-emulator_*_amd64.deb "$work/clean/tmp"
inside "dpkg -i /tmp/*.deb; autopilot-emulator run -- true; dpkg -P autopilot-emulator"
works

way the RPMs there, by rpm from outside
needed=$(rpm -qp --requires ./*.x86_64.rpm)
! grep -vE '^((ld-linux|lib(c|m|dl|pthread|rt)\.so|rpmlib\(|/sbin/ldconfig)|/usr/bin/pkg-config$|libautopilot)' <<<"$needed" ||
    fail "an RPM needs more than glibc"
echo /usr/lib64 >"$work/clean/etc/ld.so.conf.d/lib64.conf" # as where RPMs are at home
rpms() { rpm --root "$work/clean" --force-debian --nodeps "$@" >"$work/said" 2>&1 || fail "rpm $*: $(cat "$work/said")"; }
rpms --install ./*.x86_64.rpm
paths="export PKG_CONFIG_PATH=/usr/lib64/pkgconfig"
inside "$paths; program=/usr/share/doc/libautopilot-sync-devel/examples/one_call.c; $compile"
triggers "$work/inside" "/tmp/shared token"
works
inside "autopilot-emulator run -- /tmp/static token"
rpms --erase libautopilot-sync-devel autopilot-emulator
triggers "$work/inside" "/tmp/shared token" # the runtime package is enough
rpms --erase "libautopilot-sync$abi"
inside "test -z \"\$(find /usr /etc -name '*autopilot*')\""

way the wheels
python3 -m venv --without-pip "$work/venv"
pip -q --disable-pip-version-check --python "$work/venv" install --no-index --no-deps ./*manylinux*_x86_64.whl
sync='import autopilot_sync; print(autopilot_sync.sync("token").answer.value)'
triggers "$work/venv/bin/python" -I -c "$sync"
works
said=$("$work/venv/bin/autopilot-emulator" run -- "$work/venv/bin/python" -I -c "$sync")
[ "$said" = 0 ] || fail "the emulator's wheel: $said"

way the archive for 64-bit Arm, under qemu
folder=$(echo "$work"/*-aarch64-linux-gnu)
(export PKG_CONFIG_LIBDIR=$folder/lib/pkgconfig
    cc=aarch64-linux-gnu-gcc to=$work program=$folder/examples/one_call.c && eval "$compile")
triggers qemu-aarch64 -L /usr/aarch64-linux-gnu -E "LD_LIBRARY_PATH=$folder/lib" "$work/shared" token
works
triggers qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/static" token
qemu-aarch64 -L /usr/aarch64-linux-gnu "$folder/bin/autopilot-emulator" --version
for one in "$work"/libautopilot-sync"$abi"_*_arm64.deb/usr/lib/*/"libautopilot_sync.so.$abi" \
    "$work"/libautopilot-sync"$abi"-*.aarch64.rpm/usr/lib64/"libautopilot_sync.so.$abi" \
    "$work"/*_aarch64.whl/autopilot_sync/libautopilot_sync.so; do
    cmp "$folder/lib/libautopilot_sync.so" "$one"
done
"$root/packaging/musl.sh"
"$root/packaging/windows/try.sh"
echo "try: all work"
