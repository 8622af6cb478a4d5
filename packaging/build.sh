#!/usr/bin/env bash
# Makes a release in target/artefacts: for each platform an archive and a wheel, for Linux the emulator's wheel, with
# glibc also Debian packages and RPMs; the source distribution for Python, SBOMs, and SHA256SUMS of everything. It needs
# no containers: zig links for old systems and for musl, and MinGW for Windows.
#
#   packaging/build.sh                      all platforms
#   packaging/build.sh x86_64-linux-gnu     only this one
#   packaging/try.sh                        tries them in a clean Debian 12, under qemu and under Wine
#   packaging/reproduce.sh                  builds them again elsewhere, and checks that they are the same
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "artefacts: $*" >&2; exit 1; }
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
out=$target/artefacts
[ $# -gt 0 ] || set -- {x86_64,aarch64}-linux-{gnu,musl} x86_64-windows
version=$(cargo pkgid --locked -p autopilot-sync)
version=${version##*[@#]} abi=${version%.*} # before 1.0; packaging/libraries.sh compares the SONAME with it
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# All files are as old as the last commit, whenever they are made.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CARGO_TARGET_DIR=$target/artefacts-build LC_ALL=C
umask 022

bundler=$(packaging/tools/cargo-tool.sh cargo-bundle-licenses 5.0.0)
cyclonedx=$(packaging/tools/cargo-tool.sh cargo-cyclonedx 0.5.9)
PATH=$(packaging/tools/pip-tools.sh):$PATH
rm -rf "$out" && mkdir -p "$out"
mkdir "$work/tree" && git ls-files -z | xargs -0 cp --parents -t "$work/tree" # wheels and SBOMs need files beside the sources
licences() { # FOLDER PACKAGE: of what the package contains
    (cd "$1" && PATH=$bundler:$PATH cargo-bundle-licenses -f json >"$work/$2.json" 2>"$work/log") ||
        fail "$(cat "$work/log")"
}
licences bindings/c autopilot-sync-c
licences emulator autopilot-emulator

built() { # PLATFORM FOLDER PREFIX LIBDIR: the C libraries, installed below the folder
    { cmake -S . -B "$work/cmake" -DCMAKE_INSTALL_PREFIX="$3" -DCMAKE_INSTALL_LIBDIR="$4" &&
        packaging/tools/zig.sh "$1" cmake --build "$work/cmake" &&
        DESTDIR=$2 cmake --install "$work/cmake"; } >"$work/log" 2>&1 || fail "$(cat "$work/log")"
}
with_unwinder() { # PLATFORM PREFIX: for musl, zig's unwinder joins the static library; compilers have one for glibc only
    local zig=$CARGO_TARGET_DIR/zig-$1 unwinder
    echo 'int main(void) { return 0; }' >"$work/empty.c"
    unwinder=$("$zig/cc" "$work/empty.c" -o "$work/empty" -lunwind -v 2>&1 | grep -o '[^ ]*/libunwind\.a' | sort -u)
    "$zig/cc" -r -nostdlib -Wl,--whole-archive "$unwinder" -o "$work/unwinder.o"
    llvm-strip --strip-debug "$work/unwinder.o" # it names folders
    "$zig/ar" rD "$2/lib/libautopilot_sync.a" "$work/unwinder.o"
    sed -i 's/-lgcc_s //' "$2/lib/pkgconfig/autopilot_sync"{,-static}.pc
    sed -i 's/gcc_s //' "$2/share/cmake/autopilot_sync/autopilot_sync-targets.cmake"
}
emulator() { # PLATFORM FOLDER: the program, into the folder
    packaging/tools/zig.sh "$1" cargo build --locked --release -p autopilot-emulator 2>"$work/log" ||
        fail "$(cat "$work/log")"
    install -D "$CARGO_TARGET_DIR/${1/-/-unknown-}/release/autopilot-emulator" -t "$2"
}
examples() { mkdir -p "$1" && cp bindings/c{,pp}/examples/* bindings/csharp/*.cs tests/programs/one_call.c "$1"; }
texts() {
    cp -r docs README.md SECURITY.md CHANGELOG.md LICENSE-* "$work/THIRD-PARTY.txt" "$1"
    rm "$1/docs/dependencies.md" # which is for contributors
    python3 packaging/links.py "$1" || fail "these links lead nowhere"
}

archive() { # PLATFORM
    local name=autopilot-sync-$version-$1
    built "$1" "$work" "/$name" lib
    if [[ $1 = *-musl ]]; then with_unwinder "$1" "$work/$name"; fi
    emulator "$1" "$work/$name/bin"
    examples "$work/$name/examples"
    texts "$work/$name"
    tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go+rX-w \
        -c "$name" | gzip -9n >"$out/$name.tar.gz"
}

zipped() { # the libraries that tests/windows.sh tests, in the folders of an installed library
    local name=autopilot-sync-$version-x86_64-windows from=$target/windows
    local to=$work/$name
    mkdir -p "$to"/{bin,lib,include,share/cmake/autopilot_sync,examples}
    cp "$from/autopilot_sync.dll" "$to/bin"
    cp "$from"/{autopilot_sync.{def,lib},libautopilot_sync{.dll,}.a} "$to/lib"
    cp include/autopilot_sync.h bindings/cpp/autopilot_sync.hpp "$to/include"
    cp bindings/c/cmake/* "$to/share/cmake/autopilot_sync"
    cp bindings/csharp/*.cs tests/programs/one_call.c "$to/examples" # the others are POSIX programs
    texts "$to"
    python3 packaging/zip.py "$to" "$out/$name.zip" "$SOURCE_DATE_EPOCH"
}

staged() { # PLATFORM FOLDER LIBDIR NAME: the content of the system's packages; NAME is the one for developers
    built "$1" "$2/dev" /usr "$3"
    mkdir -p "$2/runtime/usr/$3"
    mv "$2/dev/usr/$3"/libautopilot_sync.so.* "$2/runtime/usr/$3"
    examples "$2/dev/usr/share/doc/$4/examples"
    texts "$2/dev/usr/share/doc/$4"
    emulator "$1" "$2/emulator/usr/bin"
    install -Dm644 emulator/README.md -t "$2/emulator/usr/share/doc/autopilot-emulator"
}
pack() { # FOLDER KIND NAME ARCHITECTURE: a Debian package of a folder, by packaging/debian/KIND
    mkdir -p "$1/DEBIAN" "$1/usr/share/doc/$3"
    cat LICENSE-MIT LICENSE-APACHE "$work/THIRD-PARTY.txt" >"$1/usr/share/doc/$3/copyright"
    gzip -9nc CHANGELOG.md >"$1/usr/share/doc/$3/changelog.gz"
    for file in packaging/debian/"$2"/*; do
        sed "s/@VERSION@/$version/; s/@ABI@/$abi/g; s/@ARCHITECTURE@/$4/" "$file" >"$1/DEBIAN/${file##*/}"
    done
    (cd "$1" && find usr -type f | sort | xargs md5sum >DEBIAN/md5sums)
    chmod -R go+rX-w "$1"
    dpkg-deb --root-owner-group --build "$1" "$out" >/dev/null
}
debian() { # PLATFORM DEBIAN-ARCHITECTURE
    local folder=$work/debian-$1
    staged "$1" "$folder" "lib/$1" libautopilot-sync-dev
    chmod 644 "$folder/runtime/usr/lib/$1"/*
    pack "$folder/emulator" emulator autopilot-emulator "$2"
    pack "$folder/runtime" runtime "libautopilot-sync$abi" "$2"
    pack "$folder/dev" dev libautopilot-sync-dev "$2"
}
rpms() { # PLATFORM
    local folder=$work/rpm-$1
    staged "$1" "$folder" lib64 libautopilot-sync-devel
    mkdir "$folder/licences" && cp LICENSE-* "$work/THIRD-PARTY.txt" "$folder/licences"
    rpmbuild -bb --target "${1%%-*}-linux" --define "_topdir $work/rpm" --define "_rpmdir $out" \
        --define "folder $folder" --define "number $version" --define "abi $abi" \
        --define "licences $(python3 packaging/licences.py "$work/THIRD-PARTY.txt")" packaging/autopilot-sync.spec \
        >"$work/log" 2>&1 || fail "$(cat "$work/log")"
}

wheel_of() { # SOURCE FILE PLATFORM FOLDER: a wheel with this library or program, and all licences
    cp "$work/THIRD-PARTY.txt" "$work/tree/$1/LICENSE-THIRD-PARTY"
    AUTOPILOT_SYNC_PREBUILT=$2 AUTOPILOT_EMULATOR_PREBUILT=$2 _PYTHON_HOST_PLATFORM=$3 \
        pip -q wheel --no-deps --no-build-isolation --no-cache-dir -w "$4" "$work/tree/$1" 2>"$work/log" ||
        fail "$(cat "$work/log")"
}
linux_wheel() { wheel_of "$1" "$work/autopilot-sync-$version-$4/$3" "linux-${4%%-*}" "$work/wheels-$4"; }
manylinux() { # SOURCE NAME FILE PLATFORM: with the archive's file
    linux_wheel "$@"
    auditwheel repair --only-plat -w "$out" "$work/wheels-$4/$2"-*.whl 2>"$work/log" || fail "$(cat "$work/log")"
    ls "$out/$2"-*"manylinux_2_17_${4%%-*}.whl" >/dev/null || fail "the wheel is not for manylinux_2_17: $(cat "$work/log")"
}
musllinux() { # the same; auditwheel knows only the C library that it runs with
    linux_wheel "$@"
    wheel tags --remove --platform-tag "musllinux_1_2_${4%%-*}" "$work/wheels-$4/$2"-*.whl >"$work/log" 2>&1 ||
        fail "$(cat "$work/log")"
    cp "$work/wheels-$4/$2"-*.whl "$out"
}

sbom() { # TARGET PLATFORM
    PATH=$cyclonedx:$PATH cargo cyclonedx -q --manifest-path "$work/tree/bindings/c/Cargo.toml" --format json \
        --spec-version 1.5 --no-build-deps --target "$1" --override-filename sbom
    sed "s|file://$work/tree|file://|g" "$work/tree/bindings/c/sbom.json" >"$out/autopilot-sync-$version-$2.cdx.json"
}
notices() { python3 packaging/notices.py "$@" >"$work/THIRD-PARTY.txt"; } # of what is in a target's packages

linux() { # PLATFORM KIND: manylinux or musllinux
    notices "${1/-/-unknown-}" "$work"/autopilot-{sync-c,emulator}.json
    archive "$1"
    "$2" bindings/python autopilot_sync lib/libautopilot_sync.so "$1"
    "$2" emulator/python autopilot_emulator bin/autopilot-emulator "$1"
    sbom "${1/-/-unknown-}" "$1"
}
windows() {
    CARGO_TARGET_DIR=$target packaging/windows/build.sh 2>"$work/log" || fail "$(cat "$work/log")"
    notices x86_64-pc-windows-gnu "$work/autopilot-sync-c.json"
    { # MinGW's start-up code is in the DLL
        printf '\n%s\nmingw-w64, ZPL-2.1, https://www.mingw-w64.org\n\n' "$(printf '=%.s' {1..100})"
        sed '/^Files: [^*]/,$d' /usr/share/doc/mingw-w64-x86-64-dev/copyright
    } >>"$work/THIRD-PARTY.txt"
    zipped
    wheel_of bindings/python "$target/windows/autopilot_sync.dll" win-amd64 "$out"
    sbom x86_64-pc-windows-gnu x86_64-windows
}
for platform; do
    echo "artefacts: $platform"
    case $platform in
    x86_64-linux-gnu) linux "$platform" manylinux; debian "$platform" amd64; rpms "$platform" ;;
    aarch64-linux-gnu) linux "$platform" manylinux; debian "$platform" arm64; rpms "$platform" ;;
    *-linux-musl) linux "$platform" musllinux ;;
    x86_64-windows) windows ;;
    *) fail "there is no platform $platform" ;;
    esac
done

echo "artefacts: the Python source distribution"
python -m build --sdist --no-isolation -o "$out" bindings/python >"$work/log" 2>&1 || fail "$(cat "$work/log")"

cd "$out"
twine check --strict autopilot_* >"$work/log" || fail "$(cat "$work/log")"
sha256sum -- * >"$work/sums" && mv "$work/sums" SHA256SUMS
ls -lh
