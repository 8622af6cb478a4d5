#!/usr/bin/env bash
# Checks the systemd units in bindings/c/examples: systemd accepts them, they are as closed as they can be, and they
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
# The program need not be installed here; any other that is will do.
sed -i "s|=/usr/local/bin/autopilot-syncd |=$(command -v true) |" "$folder/autopilot-sync.service"
# It also warns and goes on: every word of it is a failure.
said=$(systemd-analyze verify --man=no "$folder"/autopilot-sync.{service,timer} 2>&1) || true
[ -z "$said" ] || { echo "$said" >&2; exit 1; }
# Tenths of systemd's measure of what a service could still do: from 0 to 100.
systemd-analyze security --offline=yes --threshold=15 "$folder/autopilot-sync.service" | tail -n 1

fail() { echo "autopilot-sync.service: $*" >&2; exit 1; }
setting() { sed -n "s/^$1=//p" "$folder"/autopilot-sync.{service,timer}; }
microseconds() { systemd-analyze timespan "$(setting "$1")" | sed -n 's/.*μs: *//p'; }
# A credential is loaded by a start and never afterwards, so a token that is no good is changed by a restart only.
[ -n "$(setting LoadCredential)" ] && [ "$(setting Restart)" = on-failure ] || fail "no restart loads the token anew"
for code in 66 69 77; do
    case " $(setting RestartPreventExitStatus) " in *" $code "*) fail "no restart after exit code $code" ;; esac
done
for code in 1 64 70 78; do
    case " $(setting RestartPreventExitStatus) " in *" $code "*) ;; *) fail "a vain restart after exit code $code" ;; esac
done
# Starts that fail at once come to an end, and its interval is over when the timer starts it next: after 50 minutes at least.
pause=$(microseconds RestartSec) interval=$(microseconds StartLimitIntervalSec) starts=$(setting StartLimitBurst)
((pause * starts < interval)) || fail "the restarts never end"
[ "$(setting OnCalendar)" = hourly ] || fail "how often does the timer start it?"
((interval + $(microseconds RandomizedDelaySec) <= 3600000000)) || fail "the timer's start may be refused"
