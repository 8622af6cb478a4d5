"""Shows live on a terminal what is going on, with rich."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from ..progress import Phase, Progress, activity, next_step
from .display import Quiet
from .rich_printer import sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Callable

    from .report import Report


class Live(Quiet):
    """One line that moves, and disappears at the end."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    def line(self, text: str) -> None:
        self._console.print(Text(text, "dim"))

    def failure(self, report: Report) -> None:
        self._console.print(sign(report), Text(report.line))
        for more in [*report.message.splitlines()[1:], *report.hints]:
            self._console.print(Text(more, "dim"))

    def ask(self, text: str) -> None:
        self._console.print(Text(text, "bold"))

    def note(self, text: str) -> None:
        self._console.print(Text(text, "bold"))

    @contextmanager
    def waiting(self) -> Iterator[Callable[[Progress], object] | None]:
        with self._bars(BarColumn(20), TextColumn("{task.fields[next]}", "dim")) as bars:
            task = bars.add_task("Connecting", total=None, next="")
            window = 0.0

            def show(progress: Progress) -> None:
                nonlocal window
                is_window = progress.phase is Phase.WINDOW
                window = max(window, progress.next_step) if is_window else 0.0
                bars.update(
                    task,
                    description=activity(progress),
                    next=next_step(progress),
                    total=window if is_window else None,
                    completed=window - progress.next_step if is_window else 0,
                )

            yield show

    def counted(self, reports: Iterable[Report], total: int) -> Iterator[Report]:
        with self._bars(BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]}", "red")) as bars:
            task, failed = bars.add_task("Tenants", total=total, failed=""), 0
            for report in reports:
                failed += report.is_error
                bars.update(task, advance=1, failed=f"{failed:,} failed" if failed else "")
                yield report

    def _bars(self, *columns: ProgressColumn) -> Bars:
        spinner = SpinnerColumn("dots" if self._console.encoding.startswith("utf") else "line")
        return Bars(
            spinner,
            TextColumn("{task.description}"),
            *columns,
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # rich would send piped output to the terminal too
        )
