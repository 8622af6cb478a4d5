"""One call of the library: it can be cancelled, and the main thread stays open to signals while it blocks."""

from __future__ import annotations

from ._library import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TypeVar

    from ._errand import Ask

    T = TypeVar("T")


class Cancel:
    """Ends a call of the library from another thread. Freed when nobody has it."""

    __slots__ = ("_as_parameter_",)

    def __init__(self) -> None:
        self._as_parameter_ = native.autopilot_cancel_new()

    def trigger(self) -> None:
        native.autopilot_cancel_trigger(self)

    def __del__(self, free: Callable[[int | None], None] = native.autopilot_cancel_free) -> None:
        free(getattr(self, "_as_parameter_", None))  # None if __init__ failed


def run(call: Callable[[], T], cancel: Cancel) -> T:
    """Runs a call of the library that blocks, and that the cancel ends.

    Python runs signal handlers on the main thread, between two steps of Python code: a Ctrl-C would wait until the
    library returns. So there another thread makes the call, and the main thread waits in Python.
    """
    import threading

    if threading.get_ident() != threading.main_thread().ident:
        return call()
    from . import _errand

    results: list[T] = []
    try:
        _errand.Errand(lambda _: results.append(call()), cancel).run()
    except _errand.NoThread:
        return call()
    return results[0]


def run_asking(call: Callable[[Ask], T], cancel: Cancel) -> T:
    """The same for a call that calls back, always on a thread of its own: at the interpreter's end Python ends the
    threads that run its code, and such an end must not go through the library's frames."""
    from ._errand import Errand, run_to_the_end

    results: list[T] = []
    run_to_the_end(Errand(lambda ask: results.append(call(ask)), cancel))
    return results[0]
