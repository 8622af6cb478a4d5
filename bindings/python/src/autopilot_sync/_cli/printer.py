"""Prints the result on standard output: as JSON for programs, as text for people."""

from __future__ import annotations

import sys

from . import formatting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .report import Report
    from .tally import Tally


class Json:
    """One JSON object a line, for errors too."""

    def one(self, report: Report) -> None:
        """The result of the only call."""
        print(report.json(), flush=True)

    def of_many(self, report: Report, _tally: Tally) -> None:
        """The result of one tenant, as soon as it is there."""
        self.one(report)

    def summary(self, tally: Tally) -> None:
        """What became of all, at the end. Each has its line already."""


class Text:
    """Lines for people. The error of a single call goes to standard error only."""

    def one(self, report: Report) -> None:
        if report.read is not None:
            for name, value in formatting.state(report.read):
                print(f"{name + ':':<18}{value}")
        elif not report.is_error:
            print(f"{report.name}: {report.line}")
        sys.stdout.flush()

    def of_many(self, report: Report, tally: Tally) -> None:
        if tally.lists(report):
            print(f"{report.tenant}: {report.name}: {report.line}", flush=True)

    def summary(self, tally: Tally) -> None:
        if not tally.is_short:
            print(*tally.lines, sep="\n", flush=True)
