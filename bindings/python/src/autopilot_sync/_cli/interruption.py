"""Ctrl-C and other signals that end the program."""

from __future__ import annotations

import signal
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interruption:
    """The signal that ended the call, or None. And how the first one ends it."""

    def __init__(self, end: Callable[[], object]) -> None:
        self.signal: int | None = None
        self.end = end

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside this context the first signal raises KeyboardInterrupt."""
        before, self.end = self.end, interrupt
        try:
            yield
        finally:
            self.end = before


def interrupt() -> None:
    raise KeyboardInterrupt


@contextmanager
def ends(end: Callable[[], object]) -> Iterator[Interruption]:
    """Inside this context the first signal calls `end`, which should end what goes on. The second raises
    KeyboardInterrupt."""
    interruption = Interruption(end)

    def handle(number: int, _frame: object) -> None:
        is_first, interruption.signal = interruption.signal is None, number
        if not is_first:
            raise KeyboardInterrupt
        interruption.end()

    before: dict[int, Any] = {}
    for number in _SIGNALS:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup ignores SIGHUP on purpose
            before[number] = signal.signal(number, handle)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
