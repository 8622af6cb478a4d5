"""Prints the result on standard output: as text for people, or as JSON, a table or columns for programs."""

from __future__ import annotations

import sys

from . import formatting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .report import Report
    from .tally import Tally


class Printer:
    """How results are printed. For programs, an error is a result like any other."""

    def one(self, report: Report) -> None:
        """The result of the only call."""
        raise NotImplementedError

    def of_many(self, report: Report, _tally: Tally) -> None:
        """The result of one tenant, as soon as it is there."""
        self.one(report)

    def summary(self, tally: Tally) -> None:
        """What became of all, at the end. Each has its line already."""


class Json(Printer):
    """One JSON object a line."""

    def one(self, report: Report) -> None:
        print(report.json(), flush=True)


class Tsv(Printer):
    """One line for each result: its columns without their names, with tabs between them."""

    def one(self, report: Report) -> None:
        print(*report.row().values(), sep="\t", flush=True)


class Table(Printer):
    """Columns with their names above. They are aligned, so the rows of many tenants come at the end."""

    def __init__(self) -> None:
        self._rows: list[dict[str, str]] = []

    def one(self, report: Report) -> None:
        self._rows.append(report.row())
        self._print()

    def of_many(self, report: Report, _tally: Tally) -> None:
        self._rows.append(report.row())

    def summary(self, tally: Tally) -> None:
        self._print()

    def _print(self) -> None:
        rows = [{name: name for name in self._rows[0]}, *self._rows]
        widths = {name: max(len(row[name]) for row in rows) for name in rows[0]}
        for row in rows:
            print("  ".join(cell.ljust(widths[name]) for name, cell in row.items()).rstrip())
        sys.stdout.flush()


class Text(Printer):
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
