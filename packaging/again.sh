#!/usr/bin/env bash
# Makes the artefacts of the last commit once more, as another machine would: from a clone, in other folders, with
# nothing built, in another time zone and language. They must be the same, bit by bit. Its arguments are those of
# packaging/build.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "again: $*" >&2; exit 1; }
out=$(realpath -m "${CARGO_TARGET_DIR:-target}")/artefacts
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed: what was made may have them"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ln -s "${CARGO_HOME:-$HOME/.cargo}" "$work/cargo"
(umask 077 && git clone -q . "$work/elsewhere" && cd / &&
    CARGO_HOME=$work/cargo CARGO_TARGET_DIR=$work/built TZ=Asia/Tokyo LC_ALL=C \
    "$work/elsewhere/packaging/build.sh" "$@" >"$work/said") || fail "$(cat "$work/said")"
diff "$out/SHA256SUMS" "$work/built/artefacts/SHA256SUMS" || {
    mkdir -p "$out/../again" && cp -a "$work/built/artefacts/." "$out/../again"
    fail "not the same; the second ones are in target/again"
}
echo "again: $(wc -l <"$out/SHA256SUMS") files, the same"
