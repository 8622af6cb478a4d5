#!/usr/bin/env bash
# Builds target/emulator/*manylinux_2_17*.whl, the emulator's Python package, and checks it. Then does what the emulator's
# README says in a clean Python: the example for pytest, the steps for CI, and what its container does, in a network of
# its own instead of a container.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "emulator: $*" >&2; exit 1; }
. packaging/library-checks.sh
. packaging/page.sh
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
out=$target/emulator
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools=$(packaging/tools/pip-tools.sh)

echo "emulator: the wheel"
PATH=$tools:$PATH CARGO_TARGET_DIR=$target/manylinux packaging/tools/zig.sh x86_64-linux-gnu \
    pip -q wheel --no-deps --no-build-isolation --no-cache-dir -w "$work" ./emulator/python
rm -rf "$out"
PATH=$tools:$PATH auditwheel repair --only-plat --plat manylinux_2_17_x86_64 -w "$out" "$work"/*.whl 2>"$work/log" ||
    fail "$(cat "$work/log")"
wheel=$(ls "$out"/*-py3-none-*manylinux_2_17_x86_64.whl)
"$tools/twine" check --strict "$wheel" >"$work/log" || fail "$(cat "$work/log")"
"$tools/check-wheel-contents" --toplevel autopilot_emulator "$wheel" >"$work/log" || fail "$(cat "$work/log")"
"$tools/python" -m zipfile -e "$wheel" "$work/open"
program=$(ls "$work"/open/*.data/scripts/autopilot-emulator)
all_pass "$program" is_stripped needs_old_glibc needs_glibc_alone names_no_folder
for licence in LICENSE-*; do cmp "$licence" "$work"/open/*.dist-info/licenses/"$licence"; done
echo "emulator: $(basename "$wheel"): $(stat -c %s "$wheel") bytes, $(newest_symbol "$program")"

blocks() { block emulator/README.md "$1"; }
folder=$work/agent
mkdir "$folder" && cp "$wheel" "$folder"
blocks python >"$folder/test_agent.py"
sync=https://graph.microsoft.com/beta/deviceManagement/windowsAutopilotSettings/sync
printf '#!/bin/sh\nexec curl -sSf -X POST -H "Authorization: Bearer any-token" %s\n' $sync >"$folder/any-agent"
chmod +x "$folder/any-agent"
python3 -m venv "$work/venv"
export PATH=$work/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=$root/bindings/python/requirements-dev.txt
unset AUTOPILOT_EMULATOR_PROGRAM

echo "emulator: the steps for CI"
steps=$(blocks yaml | sed -n 's/^ *- run: //p')
[ "$(wc -l <<<"$steps")" = 3 ] || fail "not three steps: $steps"
while read -r step; do
    echo "$step"
    (cd "$folder" && bash -ec "$step") </dev/null >"$work/said" 2>&1 || fail "$(cat "$work/said")"
    [ "$step" != pytest ] || grep ' 3 passed in ' "$work/said" || fail "$(cat "$work/said")"
done <<<"$steps"
grep -F '"status":204' "$folder/exchanges.jsonl" >/dev/null || fail "the agent did not reach the emulator"

echo "emulator: what its container does"
in_container() { # INSTRUCTION: its command line
    blocks dockerfile | sed -n "s/^$1 //p" | python3 -c 'import json, shlex, sys; print(shlex.join(json.load(sys.stdin)))'
}
outside=$(blocks sh | sed -n '/^curl .*ca.pem/,/any-agent$/p')
[ "$(wc -l <<<"$outside")" = 2 ] || fail "not two commands: $outside"
(cd "$folder" && env -i PATH="$PATH" unshare --map-root-user --net bash -euc "ip link set lo up
    exec 3< <(exec $(in_container ENTRYPOINT))
    trap 'kill \$!' EXIT
    read -r _ <&3 # it serves
    $(in_container 'HEALTHCHECK CMD')
    $outside" >"$work/said" 2>&1) || fail "$(cat "$work/said")"
echo "emulator: all work"
