"""Shows on standard error what is going on: nothing, or plain lines."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, suppress

from ..progress import activity, next_step
from .help_text import PROGRAM
from .tally import FEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Callable

    from ..progress import Progress
    from .report import Report

PARTS = 20


class Quiet:
    """Shows only errors, and the log if that is wanted."""

    def line(self, text: str) -> None:
        with suppress(OSError):  # the reader has left: the call goes on
            print(text, file=sys.stderr, flush=True)

    def failure(self, report: Report) -> None:
        self.line(f"{PROGRAM}: {report.message}")
        for hint in report.hints:
            self.line(hint)

    def ask(self, text: str) -> None:
        """Asks the person to do something, so that the program can go on."""
        self.line(text)

    def note(self, text: str) -> None:
        """Shows something that only a person wants to know."""

    @contextmanager
    def waiting(self) -> Iterator[Callable[[Progress], object] | None]:
        """Gives the progress callback of a wait."""
        yield None

    def counted(self, reports: Iterable[Report], total: int) -> Iterator[Report]:
        """Passes the reports of tenants on, and shows how many there are so far."""
        yield from reports


class Lines(Quiet):
    """Shows a line whenever something changes."""

    @contextmanager
    def waiting(self) -> Iterator[Callable[[Progress], object] | None]:
        shown: list[str] = []

        def show(progress: Progress) -> None:
            doing = activity(progress)
            if doing not in shown[-1:]:
                shown.append(doing)
                step = next_step(progress)
                self.line(f"{doing}, {step}" if step else doing)

        yield show

    def note(self, text: str) -> None:
        self.line(text)

    def counted(self, reports: Iterable[Report], total: int) -> Iterator[Report]:
        for number, report in enumerate(reports, 1):
            if number * PARTS // total > (number - 1) * PARTS // total and total > FEW:
                self.line(f"{number:,} of {total:,} tenants")
            yield report


class LogLines(logging.Handler):
    """Hands the lines of the log to the display, which can write them between its own."""

    def __init__(self, display: Quiet) -> None:
        super().__init__()
        self._display = display

    def emit(self, record: logging.LogRecord) -> None:
        self._display.line(self.format(record))
