#!/usr/bin/env bash
# Installs the Python package in every way that pip offers, builds target/wheels/*manylinux_2_17*.whl from its source
# distribution, checks that wheel, and uses it in every Python of this machine. It needs no containers: zig links
# for old systems.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
fail() { echo "wheels: $*" >&2; exit 1; }
. packaging/library-checks.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tools=$(packaging/tools/pip-tools.sh)
PATH=$tools:$PATH

cargo build -q --locked -p autopilot-emulator
emulator=$target/debug/autopilot-emulator
venv() { "$1" -m venv --without-pip "$work/$2" && echo "$work/$2/bin/python"; } # PYTHON NAME
into() { local python=$1; shift; pip -q --disable-pip-version-check --python "$python" install "$@"; }
program='import autopilot_sync; print(autopilot_sync.sync("token").answer.name, autopilot_sync.__file__)'
export AUTOPILOT_TOKEN=token
works() { # PYTHON [FOLDER]: its package, from its own folder or that one, triggers a sync; so does its command
    local said
    said=$(cd "$work" && "$emulator" run -- "$1" -I -c "$program") || fail "$1: $said"
    [[ $said == "ACCEPTED ${2-${1%/bin/python}}"/* ]] || fail "$1: $said"
    said=$(cd "$work" && "$emulator" run -- "${1%python}autopilot-sync" sync 2>&1) || fail "$1: $said"
    [[ $said == "ACCEPTED: "* ]] || fail "$1: the command: $said"
}

echo "wheels: pip install ./bindings/python"
python=$(venv python3 folder)
into "$python" ./bindings/python
works "$python"
pip -q wheel --no-deps --no-build-isolation -w "$work/plain" ./bindings/python
plain=$(ls "$work"/plain/*-py3-none-linux_x86_64.whl)

echo "wheels: pip install -e ./bindings/python"
beside=bindings/python/src/autopilot_sync/libautopilot_sync.so
[ -e $beside ] || trap 'rm -rf "$work" "$root/$beside"' EXIT
python=$(venv python3 editable)
into "$python" -e ./bindings/python
works "$python" "$root/bindings/python/src"

echo "wheels: the source distribution, and the one made from that"
rm -rf "$target/wheels" && mkdir -p "$target/wheels" "$work/again"
packs() { # FOLDER INTO
    python -m build --sdist --no-isolation -o "$2" "$1" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
}
packs bindings/python "$target/wheels"
sdist=$(ls "$target"/wheels/*.tar.gz)
tar -xzf "$sdist" -C "$work/again"
packs "$work"/again/*/ "$work/again"
diff <(tar -tzf "$sdist" | sort -u) <(tar -tzf "$work"/again/*.tar.gz | sort -u) || fail "they differ"
! tar -tzf "$sdist" | grep -E '\.(so|pyc)$' || fail "something built is in it"

echo "wheels: manylinux, from the source distribution and without the repository"
CARGO_TARGET_DIR=$target/manylinux packaging/tools/zig.sh x86_64-linux-gnu \
    pip -q wheel --no-deps --no-build-isolation --no-cache-dir -w "$work/sdist" "$sdist"
auditwheel repair --only-plat --plat manylinux_2_17_x86_64 -w "$target/wheels" "$work"/sdist/*.whl 2>"$work/log" ||
    fail "$(cat "$work/log")"
wheel=$(ls "$target"/wheels/*.whl)

# Each checks a wheel, $1, and its content in $open.
open=$work/open
library=$open/autopilot_sync/libautopilot_sync.so
opened() { rm -rf "$open" && python -m zipfile -e "$1" "$open"; }
is_small() { [ "$(stat -c %s "$1")" -le 1600000 ]; }
is_tagged() {
    [[ $1 == *-py3-none-*manylinux_2_17_x86_64.whl ]] || return
    grep -x 'Root-Is-Purelib: false' "$open"/*.dist-info/WHEEL >/dev/null
}
is_manylinux() { auditwheel show "$1" 2>/dev/null | tr '\n' ' ' | grep 'tag: "manylinux_2_17_x86_64"' >/dev/null; }
is_proper() { check-wheel-contents --toplevel autopilot_sync "$1" >/dev/null; }
is_licensed() { for licence in LICENSE-*; do cmp "$licence" "$open"/*.dist-info/licenses/"$licence" || return; done; }
holds_the_package() { # and nothing else
    diff <(cd bindings/python/src && find autopilot_sync -type f ! -name '*.so' ! -name '*.pyc' | sort) \
        <(cd "$open" && find * -type f ! -path '*.dist-info/*' ! -path '*.data/*' ! -path autopilot_sync/libautopilot_sync.so |
            sort)
}
has_its_manual() { # and no other data
    diff <(echo data/share/man/man1/autopilot-sync.1) <(cd "$open"/*.data && find * -type f) &&
        cmp bindings/python/man/autopilot-sync.1 "$open"/*.data/data/share/man/man1/autopilot-sync.1
}
of_wheel=(is_small is_tagged is_manylinux is_proper is_licensed holds_the_package has_its_manual)
of_library=(exports_the_abi stays_loaded is_stripped needs_old_glibc needs_glibc_alone names_no_folder)

opened "$wheel"
all_pass "$wheel" "${of_wheel[@]}"
all_pass "$library" "${of_library[@]}"
twine check --strict "$wheel" "$sdist" >"$work/log" || fail "$(cat "$work/log")"
echo "wheels: $(basename "$wheel"): $(stat -c %s "$wheel") bytes, $(newest_symbol "$library")"

# The checks themselves: each must refuse a wheel that is wrong in every way.
opened "$plain"
rm -r "$open"/*.dist-info/licenses "$open"/*.data && sed -i 's/: false/: true/' "$open"/*.dist-info/WHEEL
head -c 1600000 /dev/urandom >"$open/autopilot_sync/more.pyc"
echo autopilot_sync/more.pyc,, >>"$(ls "$open"/*.dist-info/RECORD)"
make_wrong_library "$library"
python -m zipfile -c "$work/$(basename "$plain")" "$open"/*
none_passes "$work/$(basename "$plain")" "${of_wheel[@]}"
none_passes "$library" "${of_library[@]}"

echo "wheels: in each Python here, with nothing else installed and no network"
tried=()
for python in python3 python3.{9..19} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.{9,1?}.*/bin/python; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    [[ " ${tried[*]} " != *" $version "* ]] || continue
    python=$(venv "$python" "python-$version")
    into "$python" --no-index "$wheel"
    works "$python"
    tried+=("$version")
done
echo "wheels: in Python ${tried[*]}"
[[ " ${tried[*]} " == *" 3.9 "* ]] || echo "wheels: NOT in 3.9, the oldest supported version, which is not installed here"

echo "wheels: without Rust, or with an old one"
mkdir "$work/path"
says() { # TEXT: a build with $work/path as its PATH fails with that text
    ! PATH=$work/path "$tools/pip" wheel --no-deps --no-build-isolation -w "$work/none" ./bindings/python \
        >"$work/log" 2>&1 || fail "it was built"
    grep -F "$1" "$work/log" >/dev/null || fail "not '$1' but: $(cat "$work/log")"
}
rust() { # VERSION: makes a cargo that only prints that version
    printf '#!/bin/sh\n[ "$1" = --version ] && echo "cargo %s"\n' "$1" >"$work/path/cargo"
    chmod +x "$work/path/cargo"
}
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
older=1.$((${oldest#1.} - 1)).9
says "Rust $oldest or later to build, but cargo was not found. Install Rust:"
says "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
rust "$older" && says "Rust $oldest or later to build, but found cargo $older. Run: rustup update"
rust "$oldest.0" && says "cargo rustc failed"
echo "wheels: all work"
