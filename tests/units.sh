#!/usr/bin/env bash
# Does systemd take the units of bindings/c/examples, and are they as closed as they can be?
set -euo pipefail
cd "$(dirname "$0")/.."
command -v systemd-analyze >/dev/null || {
    echo "systemd-analyze is missing. Install it (Debian: apt-get install systemd)" >&2
    exit 1
}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cp bindings/c/examples/autopilot-sync.{service,timer} "$folder"
# The program need not be installed here; any other that is will do.
sed -i "s|=/usr/local/bin/autopilot-syncd |=$(command -v true) |" "$folder/autopilot-sync.service"
# It also warns and goes on: every word of it is a failure.
said=$(systemd-analyze verify --man=no "$folder"/autopilot-sync.{service,timer} 2>&1) || true
[ -z "$said" ] || { echo "$said" >&2; exit 1; }
# Tenths of systemd's measure of what a service could still do: from 0 to 100.
systemd-analyze security --offline=yes --threshold=15 "$folder/autopilot-sync.service" | tail -n 1
