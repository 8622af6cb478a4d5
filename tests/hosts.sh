#!/usr/bin/env bash
# Runs what docs/other-hosts.md shows, by the page's own commands, against the emulator: C# under Mono, and Go. Compares
# AutopilotSync.cs with the header, and the PowerShell script with AutopilotSync.cs.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "hosts: $*" >&2; exit 1; }
. packaging/page.sh
packages="mono-mcs mono-runtime golang-go gcc libc6-dev"
missing() { for tool in mcs mono go gcc; do command -v $tool >/dev/null || echo $tool; done; }
if [ "$(missing)" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends $packages >/dev/null
fi
[ -z "$(missing)" ] || fail "missing: $(missing | xargs). Install: apt-get install $packages"

cargo build -q --locked -p autopilot-sync-c -p autopilot-emulator
built=$(realpath "${CARGO_TARGET_DIR:-target}")/debug
root=$PWD source=$PWD/bindings/csharp/AutopilotSync.cs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/target" && ln -s "$built" "$work/target/release" && ln -s "$PWD/include" "$PWD/bindings" "$work"
blocks() { block docs/other-hosts.md "$1"; }
commands() { blocks sh | sed -n "$1"; } # the lines of one program
blocks csharp >"$work/Agent.cs"
blocks go >"$work/agent.go"
emulated() { # OPTION... -- SHELL: in the folder of the page's reader
    (cd "$work" && AUTOPILOT_TOKEN=any-token "$built/autopilot-emulator" run --duration 1s "${@:1:$#-1}" sh -ec "${!#}" 2>&1)
}
agent() { # COMMANDS RUN OK UNAUTHORIZED: the agent waits for a sync, and says why it fails
    local said
    said=$(emulated -- "$1") || fail "$said"
    [[ $said == "$3: the sync completed"* ]] || fail "$2: $said"
    ! said=$(emulated --other-tokens invalid -- "$2") || fail "$2 does not fail: $said"
    [[ $said == "$4: "* && $said != *any-token* ]] || fail "$2: $said"
}

echo "hosts: C#, under Mono"
agent "$(commands '/^mcs/,/mono/p')" "$(commands '/mono/p')" Ok Unauthorized
mcs -langversion:5 -warnaserror -warn:4 -out:"$work/Calls.exe" tests/hosts/Calls.cs "$source"
said=$(emulated --token expired-token:expired -- "LD_LIBRARY_PATH=target/release mono Calls.exe") || fail "$said"
[ "$said" = "done" ] || fail "$said"
# Both lists as lines such as SYNC_FAILED=-11.
of_header=$(sed -nE 's/^    AUTOPILOT_(ERROR_|SYNC_)?([A-Z_]+) = (-?[0-9]+),/\2=\3/p' \
    <(sed -n '/^AUTOPILOT_ENUM(autopilot_result)/,/^};/p' include/autopilot_sync.h))
of_source=$(sed -nE 's/^        ([A-Za-z]+) = (-?[0-9]+),/\1=\2/p' "$source" | sed -E 's/([a-z])([A-Z])/\1_\2/g' | tr a-z A-Z)
[ "$(wc -l <<<"$of_header")" -ge 18 ] && diff <(echo "$of_header") <(echo "$of_source") || fail "the results differ"

echo "hosts: PowerShell's names"
names=$(blocks powershell | grep -oE '(AutopilotSync|\$client|\$outcome)\.[A-Z][A-Za-z]+' | sed 's/.*\.//' | sort -u)
[ "$(wc -l <<<"$names")" -ge 6 ] || fail "they are not found: $names"
for name in $names; do
    grep -E "^ +public .*\b$name( :|\(| \{)" "$source" >/dev/null || fail "there is no $name"
done

echo "hosts: Go"
agent "$(commands '/CGO_CFLAGS/,/agent$/p')" ./agent AUTOPILOT_OK AUTOPILOT_ERROR_UNAUTHORIZED
echo "hosts: all work"
