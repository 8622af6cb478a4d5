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
    from .report import Report
    from .tally import Tally


class Rich(Text):
    """Like Text, in colours. Many tenants make a table, the worst first."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def one(self, report: Report) -> None:
        if report.read is not None:
            self._console.print(_grid(formatting.state(report.read)))
        elif not report.is_error:
            self._console.print(sign(report), RichText(report.line))
            if report.settings is not None:
                self._console.print(Padding(_grid(formatting.state(report.settings)[1:]), (0, 0, 0, 2)))

    def of_many(self, report: Report, _tally: Tally) -> None:
        """The table has it."""

    def summary(self, tally: Tally) -> None:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for column in ("tenant", "result", "message"):
            table.add_column(column, overflow="fold")
        worst_first = tally.worst_first
        for report in worst_first[:FEW]:
            table.add_row(RichText(report.tenant or ""), sign(report), RichText(report.line))
        if worst_first:
            self._console.print(table)
        if worst_first[FEW:]:
            self._console.print(f"and {len(worst_first) - FEW:,} more, which --json or a pipe shows")
        if not tally.is_short:
            self._console.print("\n".join(tally.lines))


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
