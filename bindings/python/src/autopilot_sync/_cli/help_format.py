"""Fits the texts of --help to the width of the terminal."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDEST = 118


class Formatter(argparse.HelpFormatter):
    """Keeps paragraphs and indented lines, and wraps both."""

    def __init__(self, prog: str) -> None:
        width = min(_WIDEST, shutil.get_terminal_size((_WIDEST + 2, 24)).columns - 2)
        super().__init__(prog, max_help_position=24 if width > 60 else 8, width=width)

    def _fill_text(self, text: str, width: int, _indent: str) -> str:
        return "\n\n".join("\n".join(_wrapped(paragraph, width)) for paragraph in text.strip().split("\n\n")) + "\n"


def _wrapped(paragraph: str, width: int) -> Iterator[str]:
    """Lines that are indented, or end with a colon, stay alone. The others flow."""
    flowing: list[str] = []
    for line in [*paragraph.splitlines(), ""]:
        is_alone = not line or line.startswith(" ") or line.endswith(":") and not flowing
        if not is_alone:
            flowing.append(line)
            continue
        if flowing:
            yield textwrap.fill(" ".join(flowing), width, break_on_hyphens=False)
            flowing.clear()
        if line:
            hanging = " " * _second_column(line, width)
            yield textwrap.fill(line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def _second_column(line: str, width: int) -> int:
    """Where the second of two columns begins; if that is too far to the right, a little further than the first."""
    found = re.match(r" *\S.*?  +(?=\S)", line)
    return found.end() if found and found.end() < width // 2 else 6
