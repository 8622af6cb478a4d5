"""What became of many tenants."""

from __future__ import annotations

from collections import Counter

from .exit_code import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from .report import Report

FEW = 40
"""So many tenants have a line each. Of more, those that went well or were interrupted are only counted."""


class Tally:
    """Counts the results of many tenants."""

    def __init__(self, tenants: Collection[str]) -> None:
        self.total = len(tenants)
        self.widest_name = max(map(len, tenants))
        self.exit_code = 0
        """The highest of all."""
        self.good = 0
        self._counts: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        """The highest exit code of each kind."""

    def add(self, report: Report) -> None:
        self.exit_code = max(self.exit_code, report.exit_code)
        self.good += report.exit_code <= ExitCode.ALREADY_RUNNING
        self._counts[report.kind] += 1
        self._codes[report.kind] = max(self._codes[report.kind], report.exit_code)

    def lists(self, report: Report) -> bool:
        """Whether to show this one, and not only to count it."""
        return self.is_short or report.exit_code > ExitCode.ALREADY_RUNNING and not report.is_interrupted

    @property
    def is_short(self) -> bool:
        return self.total <= FEW

    @property
    def lines(self) -> list[str]:
        """How many there are of each kind, the worst first."""
        worst_first = sorted(self._counts.items(), key=lambda kind: (-self._codes[kind[0]], kind[0]))
        return [f"{count:>7,} {kind}" for kind, count in worst_first]
