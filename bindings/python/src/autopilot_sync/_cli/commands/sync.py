"""The command that triggers a sync."""

from __future__ import annotations

from argparse import Namespace

from ...client import HALF_AN_HOUR
from ...fleet import Goal
from .. import report
from ..calls import Calls
from ..command import Command, OptionGroup, Options
from ..options import CALL
from ..times import change, duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ...client import Client
    from ...outcome import Outcome
    from ...progress import Progress
    from ..display import Quiet
    from ..printer import Printer
    from ..report import Report


def _add_options(options: Options) -> None:
    options.add_argument(
        "--wait",
        metavar="DURATION",
        nargs="?",
        type=duration,
        const=HALF_AN_HOUR,
        help="wait until the sync has completed, at most this long, such as 20m; half an hour if no duration follows",
    )
    options.add_argument(
        "--since",
        metavar="TIME",
        type=change,
        help="make sure that a sync has completed since TIME: look, and only if none has, trigger and wait, as with"
        " --wait; TIME is when your change was finished: 10m (ago), 2026-11-27T08:00Z, or start (of this program)",
    )


class Sync(Calls):
    """Triggers a sync, and waits for it if that is wanted."""

    access = "ReadWrite"

    def call(self, client: Client, show: Callable[[Progress], object] | None) -> Outcome:
        if self.given.since is not None:
            return client.sync_since(self.given.since, timeout=self._wait, progress=show)
        return client.sync() if self.given.wait is None else client.sync_and_wait(self._wait, show)

    def terms(self) -> dict[str, Any]:
        if self.given.since is not None:
            return {"goal": Goal.SYNC_SINCE, "since": self.given.since, "timeout": self._wait}
        return {"goal": Goal.SYNC} if self.given.wait is None else {"goal": Goal.SYNC_AND_WAIT, "timeout": self._wait}

    def report(self, found: Outcome, tenant: str | None = None) -> Report:
        return report.of_outcome(found, tenant)

    @property
    def _wait(self) -> float:
        return HALF_AN_HOUR if self.given.wait is None else float(self.given.wait)


def run(given: Namespace, shown: Quiet, printed: Printer) -> int:
    return Sync(given, shown, printed).run()


COMMAND = Command(
    "sync",
    "trigger a sync; with --wait, wait until it has completed; with --since, only if none has completed since",
    run,
    (OptionGroup("for sync", _add_options), *CALL),
)
