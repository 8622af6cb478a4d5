"""The command that reads how the last sync went."""

from __future__ import annotations

from argparse import Namespace

from ...fleet import Goal
from .. import report
from ..calls import Calls
from ..command import Command, OptionGroup, Options
from ..options import CALL
from ..times import age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ...client import Client
    from ...detail import HasDetail
    from ...progress import Progress
    from ..display import Quiet
    from ..printer import Printer
    from ..report import Report


def _add_options(options: Options) -> None:
    options.add_argument(
        "--max-age",
        metavar="DURATION",
        type=age,
        help="exit with 4 if the last completed sync is older, such as 90m, 12h, 2d",
    )


class Status(Calls):
    """Reads the settings."""

    access = "Read"

    def call(self, client: Client, _show: Callable[[Progress], object] | None) -> HasDetail:
        return client.settings()

    def terms(self) -> dict[str, Any]:
        return {"goal": Goal.SETTINGS}

    def report(self, found: HasDetail, tenant: str | None = None) -> Report:
        return report.of_settings(found.detail, self.given.max_age, tenant)


def run(given: Namespace, shown: Quiet, printed: Printer) -> int:
    return Status(given, shown, printed).run()


COMMAND = Command(
    "status",
    "read how and when the last sync ran and when the next is possible; changes nothing: a health check",
    run,
    (OptionGroup("for status", _add_options), *CALL),
)
