"""Ctrl-C and its like."""

from __future__ import annotations

import signal
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interruption:
    """The signal that came, if one did."""

    def __init__(self) -> None:
        self.signal: int | None = None

@contextmanager
def ends(end: Callable[[], object]) -> Iterator[Interruption]:
    """While it lasts, a signal calls this, which should end what goes on; a second one is a KeyboardInterrupt."""
    interruption = Interruption()

    def handle(number: int, _frame: object) -> None:
        is_first, interruption.signal = interruption.signal is None, number
        if not is_first:
            raise KeyboardInterrupt
        end()

    before: dict[int, Any] = {}
    for number in _SIGNALS:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup ignores one, and means it
            before[number] = signal.signal(number, handle)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
