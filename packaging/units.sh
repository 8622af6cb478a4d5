#!/usr/bin/env bash
# Checks the systemd units in bindings/c/examples: systemd accepts them, they are as restricted as they can be, and they
# restart only if a restart can help.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v systemd-analyze >/dev/null || {
    echo "systemd-analyze is missing. Install it (Debian: apt-get install systemd)" >&2
    exit 1
}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cp bindings/c/examples/autopilot-sync.{service,timer} "$folder"
# The service's other command lines must be right too.
sed -i -E "s/^#(ExecStart|LoadCredential)=/\1=/" "$folder/autopilot-sync.service"
# The program need not be installed here, so name one that is.
sed -i "s|=/usr/local/bin/autopilot-syncd |=$(command -v true) |" "$folder/autopilot-sync.service"
# systemd-analyze also prints warnings and succeeds, so any output is a failure.
said=$(systemd-analyze verify --man=no "$folder"/autopilot-sync.{service,timer} 2>&1) || true
[ -z "$said" ] || { echo "$said" >&2; exit 1; }
# systemd rates what a service could still do from 0.0 to 10.0; the threshold is in tenths.
systemd-analyze security --offline=yes --threshold=15 "$folder/autopilot-sync.service" | tail -n 1

fail() { echo "autopilot-sync.service: $*" >&2; exit 1; }
setting() { sed -n "s/^$1=//p" "$folder"/autopilot-sync.{service,timer}; }
microseconds() { systemd-analyze timespan "$(setting "$1")" | sed -n 's/.*μs: *//p'; }
# A credential is loaded only at the start, so only a restart replaces a bad secret, certificate or token.
for name in secret certificate token; do
    setting LoadCredential | grep -q "^$name:/" || fail "no credential $name"
    setting ExecStart | grep -q " --$name[a-z-]* %d/$name\b" || fail "no use of the credential $name"
done
[ "$(setting Restart)" = on-failure ] || fail "no restart reloads a credential"
for code in 66 69 77; do
    case " $(setting RestartPreventExitStatus) " in *" $code "*) fail "no restart after exit code $code" ;; esac
done
for code in 10 64 65 70 78; do
    case " $(setting RestartPreventExitStatus) " in *" $code "*) ;; *) fail "a useless restart after exit code $code" ;; esac
done
# If each start fails at once, the restarts end, and the interval is over before the timer's next start, which is at
# least 50 minutes later.
pause=$(microseconds RestartSec) interval=$(microseconds StartLimitIntervalSec) starts=$(setting StartLimitBurst)
((pause * starts < interval)) || fail "the restarts never end"
[ "$(setting OnCalendar)" = hourly ] || fail "how often does the timer start it?"
((interval + $(microseconds RandomizedDelaySec) <= 3600000000)) || fail "the timer's start may be refused"
