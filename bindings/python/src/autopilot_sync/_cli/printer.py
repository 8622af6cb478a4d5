"""The result on standard output: for programs, for people, and for people at a terminal with rich."""

from __future__ import annotations

import os
import sys

from . import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from .report import Report


class Json:
    """One JSON object a line, for errors too."""

    def one(self, report: Report) -> None:
        print(report.json(), flush=True)

    def of_many(self, report: Report) -> None:
        self.one(report)

    def summary(self, reports: list[Report]) -> None:
        """All has been said."""


class Text:
    """Lines for people. The errors of a single call are said on standard error."""

    def one(self, report: Report) -> None:
        if report.read is not None:
            for name, value in words.state(report.read):
                print(f"{name + ':':<18}{value}")
        elif not report.is_error:
            print(f"{report.name}: {report.line}")
        sys.stdout.flush()

    def of_many(self, report: Report) -> None:
        print(f"{report.tenant}: {report.name}: {report.line}", flush=True)

    def summary(self, reports: list[Report]) -> None:
        """All has been said."""


def of(as_json: bool) -> Json | Text:
    if as_json:
        return Json()
    if is_live(sys.stdout):
        try:
            from .rich_printer import Rich
        except ImportError:
            return Text()
        return Rich()
    return Text()


def is_live(stream: TextIO | None) -> bool:
    """Whether it is a terminal on which more can be done than to append lines."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
