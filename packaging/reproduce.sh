#!/usr/bin/env bash
# Builds the release of the last commit again, as another machine would: from a clone, in other folders, from scratch,
# in another time zone and language. The files must be the same, byte for byte. It takes the arguments of
# packaging/build.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "reproduce: $*" >&2; exit 1; }
out=$(realpath -m "${CARGO_TARGET_DIR:-target}")/artefacts
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed, and the release may contain them"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ln -s "${CARGO_HOME:-$HOME/.cargo}" "$work/cargo"
(umask 077 && git clone -q . "$work/elsewhere" && cd / &&
    CARGO_HOME=$work/cargo CARGO_TARGET_DIR=$work/built TZ=Asia/Tokyo LC_ALL=C \
    "$work/elsewhere/packaging/build.sh" "$@" >"$work/said") || fail "$(cat "$work/said")"
diff "$out/SHA256SUMS" "$work/built/artefacts/SHA256SUMS" || {
    mkdir -p "$out/../reproduced" && cp -a "$work/built/artefacts/." "$out/../reproduced"
    fail "not the same; the second ones are in target/reproduced"
}
echo "reproduce: $(wc -l <"$out/SHA256SUMS") files are the same"
