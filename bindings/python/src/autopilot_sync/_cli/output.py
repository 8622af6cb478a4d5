"""Chooses the display and the printer that suit the program's output."""

from __future__ import annotations

import logging
import os
import sys

from .display import Lines, LogLines, Quiet
from .printer import Json, Printer, Table, Text, Tsv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

FORMATS: dict[str, type[Printer]] = {"json": Json, "table": Table, "tsv": Tsv}


def display(is_verbose: bool) -> Quiet:
    """The display for standard error, which also shows the log if that is wanted."""
    found = _display(is_verbose)
    logging.getLogger().addHandler(logging.NullHandler())  # errors repeat what other packages log
    if is_verbose:
        logger = logging.getLogger("autopilot_sync")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(LogLines(found))
    return found


def _display(is_verbose: bool) -> Quiet:
    if _is_live(sys.stderr):
        try:
            from .rich_display import Live
        except ImportError:
            return Lines()
        return Live()
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return Lines() if is_verbose or is_terminal else Quiet()


def printer(name: str | None) -> Printer:
    """The printer for standard output. None chooses the one for people."""
    if name is not None:
        return FORMATS[name]()
    if _is_live(sys.stdout):
        try:
            from .rich_printer import Rich
        except ImportError:
            return Text()
        return Rich()
    return Text()


def _is_live(stream: TextIO | None) -> bool:
    """Whether this is a terminal that can do more than append lines."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
