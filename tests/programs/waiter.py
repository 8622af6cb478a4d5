"""The same as waiter.c, in Python."""

import sys
from datetime import datetime, timedelta, timezone

from autopilot_sync import AutopilotError, Client, Outcome, Progress

token, action, *times = sys.argv[1:]
seconds = [int(time) for time in times]
phases: list[str] = []


def note(progress: Progress) -> None:
    phase = str(progress.phase.value)
    if phases[-1:] != [phase]:
        phases.append(phase)


def call(client: Client) -> Outcome:
    if action == "wait":
        return client.sync_and_wait(seconds[0], note)
    if action == "since":
        change = datetime.now(timezone.utc) - timedelta(seconds=seconds[0])
        return client.sync_since(change, timeout=seconds[1], progress=note)
    return client.sync()


try:
    detail = call(Client(token, timeout=3600, trigger_only=action == "trigger-only")).detail
except AutopilotError as error:
    detail = error.detail
retry_after = -1 if detail.retry_after is None else round(detail.retry_after * 1000)
status = "-" if detail.settings is None else detail.settings.status_text
print(f"{detail.result} trigger={detail.trigger.value} retry_after={retry_after} status={status} "
      f"phases={''.join(phases)}: {detail.message}")
