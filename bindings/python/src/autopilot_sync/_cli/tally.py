"""What became of many tenants."""

from __future__ import annotations

from collections import Counter

from .exit_code import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .report import Report

FEW = 40
"""So many tenants have a line each. Of more, those that went well or were interrupted are only counted."""


class Tally:
    """Counts the results of many tenants, and keeps those to list."""

    def __init__(self, tenants: Iterable[str]) -> None:
        self._places = {tenant: place for place, tenant in enumerate(tenants)}
        self._listed: list[Report] = []
        self._counts: Counter[tuple[int, str]] = Counter()

    def add(self, report: Report) -> None:
        self._counts[report.exit_code, report.kind] += 1
        if self.lists(report):
            self._listed.append(report)

    def lists(self, report: Report) -> bool:
        """Whether to show this one, and not only to count it."""
        return self.is_short or report.exit_code > ExitCode.ALREADY_RUNNING and not report.is_interrupted

    @property
    def worst_first(self) -> list[Report]:
        """Those to list. Those that are equally bad have the order in which the tenants were given."""
        return sorted(self._listed, key=lambda report: (-report.exit_code, self._places.get(report.tenant or "", 0)))

    @property
    def total(self) -> int:
        return len(self._places)

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
