"""What goes on meanwhile, on standard error: nothing, plain lines, or rich's live display."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, suppress

from . import words
from .help_text import PROGRAM
from .printer import is_live

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Callable

    from ..many import TenantResult
    from ..progress import Progress
    from .report import Report


class Quiet:
    """Says nothing but errors, and the lines of the log where they are wanted."""

    def line(self, text: str) -> None:
        with suppress(OSError):  # whoever read it has left: the call goes on
            print(text, file=sys.stderr, flush=True)

    def failure(self, report: Report) -> None:
        self.line(f"{PROGRAM}: {report.message}")
        for more in report.hints:
            self.line(more)

    def note(self, text: str) -> None:
        """Something that only a person wants to know."""

    @contextmanager
    def waiting(self) -> Iterator[Callable[[Progress], object] | None]:
        """Gives what a wait calls."""
        yield None

    def counted(self, results: Iterable[TenantResult], total: int) -> Iterator[TenantResult]:
        """Shows how many there are by now."""
        yield from results


class Lines(Quiet):
    """A line whenever something else goes on."""

    @contextmanager
    def waiting(self) -> Iterator[Callable[[Progress], object] | None]:
        said: list[str] = []

        def show(progress: Progress) -> None:
            now = words.doing(progress)
            if now not in said[-1:]:
                said.append(now)
                step = words.next_step(progress)
                self.line(f"{now}, {step}" if step else now)

        yield show

    def note(self, text: str) -> None:
        self.line(text)


class LogLines(logging.Handler):
    """Hands the lines of the log to the display, which knows how to write between its own."""

    def __init__(self, display: Quiet) -> None:
        super().__init__()
        self._display = display

    def emit(self, record: logging.LogRecord) -> None:
        self._display.line(self.format(record))


def of(is_verbose: bool) -> Quiet:
    display = _chosen(is_verbose)
    logging.getLogger().addHandler(logging.NullHandler())  # what other packages log, their errors say too
    if is_verbose:
        logger = logging.getLogger("autopilot_sync")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(LogLines(display))
    return display


def _chosen(is_verbose: bool) -> Quiet:
    if is_live(sys.stderr):
        try:
            from .rich_display import Live
        except ImportError:
            return Lines()
        return Live()
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return Lines() if is_verbose or is_terminal else Quiet()
