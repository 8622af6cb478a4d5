#!/usr/bin/env bash
# Builds the documentation as a site with a search, in target/site, from the pages that packaging/site/SUMMARY.md lists.
# Checks its links, anchors included.
set -euo pipefail
cd "$(dirname "$0")/.."
site=$(realpath -m "${CARGO_TARGET_DIR:-target}")/site
mdbook=$(packaging/tools/cargo-tool.sh mdbook 0.5.4 --no-default-features --features search)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src" && cp packaging/site/book.toml "$work"
python3 packaging/site/copy.py "$work/src"
rm -rf "$site" && "$mdbook/mdbook" build "$work" -d "$site"
python3 packaging/site/check.py "$site"
