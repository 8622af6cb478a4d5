"""Prints the result on a terminal, with rich."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as RichText

from . import formatting
from .exit_code import ExitCode
from .printer import Text
from .tally import FEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from .report import Report
    from .tally import Tally

_WIDEST_NAME = 24


class Rich(Text):
    """Like Text, in colours."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._listed = 0

    def one(self, report: Report) -> None:
        if report.read is not None:
            self._print(_grid(formatting.state(report.read)))
        elif not report.is_error:
            self._print(RichText.assemble(sign(report), " ", report.line))
            if report.settings is not None:
                self._print(Padding(_grid(formatting.state(report.settings)[1:]), (0, 0, 0, 2)))

    def of_many(self, report: Report, tally: Tally) -> None:
        if not tally.lists(report):
            return
        self._listed += 1
        if self._listed <= FEW:
            tenant = (report.tenant or "").ljust(min(tally.widest_name, _WIDEST_NAME))
            self._print(RichText.assemble(tenant, "  ", sign(report), "  ", report.line))

    def summary(self, tally: Tally) -> None:
        if self._listed > FEW:
            self._print(f"and {self._listed - FEW:,} more, which --json or a pipe shows")
        if not tally.is_short:
            self._print("\n".join(tally.lines))

    def _print(self, shown: RenderableType) -> None:
        """By print, because rich turns its lines into lines above the live display. It does not do so with what another
        console writes."""
        with self._console.capture() as captured:
            self._console.print(shown)
        print(end=captured.get(), flush=True)


def sign(report: Report) -> RichText:
    """A mark and the name of the result."""
    if report.is_error:
        return RichText(f"✗ {report.name}", "bold red")
    if report.exit_code <= ExitCode.ALREADY_RUNNING:
        return RichText(f"✓ {report.name}", "bold green")
    return RichText(f"! {report.name}", "bold yellow")


def _grid(rows: list[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, value in rows:
        grid.add_row(RichText(name, "dim"), RichText(value))
    return grid
