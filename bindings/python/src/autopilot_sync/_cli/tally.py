"""What became of many tenants."""

from __future__ import annotations

from collections import Counter

from .exit_code import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .report import Report

FEW = 40
"""So many tenants have a line each. Of more, those that went well or were interrupted are only counted."""


class Tally:
    """Counts the results of many tenants, and keeps those to list."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.listed: list[Report] = []
        self._counts: Counter[tuple[int, str]] = Counter()

    def add(self, report: Report) -> None:
        self._counts[report.exit_code, report.kind] += 1
        if self.lists(report):
            self.listed.append(report)

    def lists(self, report: Report) -> bool:
        """Whether to show this one, and not only to count it."""
        return self.is_short or report.exit_code > ExitCode.ALREADY_RUNNING and not report.is_interrupted

    @property
    def is_short(self) -> bool:
        return self.total <= FEW

    @property
    def good(self) -> int:
        return sum(count for (code, _), count in self._counts.items() if code <= ExitCode.ALREADY_RUNNING)

    @property
    def exit_code(self) -> int:
        """The highest of all."""
        return max(code for code, _ in self._counts)

    @property
    def lines(self) -> list[str]:
        """How many there are of each kind, the worst first."""
        return [f"{count:>7,} {kind}" for (_, kind), count in sorted(self._counts.items(), reverse=True)]
