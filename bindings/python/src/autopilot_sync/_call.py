"""One call of the library: it can be cancelled, and the main thread stays open to signals while it blocks."""

from __future__ import annotations

import sys

from ._library import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TypeVar

    T = TypeVar("T")
    Question = Callable[[], int]
    """Asked in the middle of a call, on the caller's thread; other than 0 ends the call."""
    Ask = Callable[[Question], int]

# A blocked thread of Windows sees Ctrl-C only between two waits.
_PATIENCE = 0.1 if sys.platform == "win32" else None


class Cancel:
    """Ends a call of the library from another thread. Freed when nobody has it."""

    __slots__ = ("_as_parameter_",)

    def __init__(self) -> None:
        self._as_parameter_ = native.autopilot_cancel_new()

    def trigger(self) -> None:
        native.autopilot_cancel_trigger(self)

    def __del__(self, free: Callable[[int], None] = native.autopilot_cancel_free) -> None:
        free(self._as_parameter_)


def run(call: Callable[[Ask], T], cancel: Cancel) -> T:
    """Runs a call of the library that blocks, and that the cancel ends.

    Python runs signal handlers on the main thread, between two steps of Python code: a Ctrl-C would wait until the
    library returns. So there the call gets a thread of its own, and the main thread waits in Python.
    """
    import threading

    if threading.get_ident() != threading.main_thread().ident:
        return call(_asked_here)
    results: list[T] = []
    errand = _Errand(lambda ask: results.append(call(ask)), cancel)
    try:
        errand.start()
    except RuntimeError:  # no thread to be had: the interpreter is about to end, for one
        return call(_asked_here)
    errand.wait()
    return results[0]


def _asked_here(question: Question) -> int:
    return question()


class _Errand:
    """A call on a thread of its own. Its questions, and so all code of the program, run on the thread that waits."""

    def __init__(self, call: Callable[[Ask], None], cancel: Cancel) -> None:
        from queue import SimpleQueue

        self._call, self._cancel = call, cancel
        self._questions: SimpleQueue[Question | None] = SimpleQueue()
        self._answers: SimpleQueue[int] = SimpleQueue()
        self._is_left = False
        self._end: list[BaseException | None] = []

    def start(self) -> None:
        import _thread

        _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        try:
            self._call(self._ask)
            self._end.append(None)
        except BaseException as error:
            self._end.append(error)
        self._questions.put(None)

    def _ask(self, question: Question) -> int:
        if self._is_left:
            return 1
        self._questions.put(question)
        return self._answers.get()

    def wait(self) -> None:
        try:
            while not self._end:
                question = self._next()
                if question is not None:
                    self._answers.put(question())
        except BaseException:  # Ctrl-C, another signal's handler, or the program's own code in a question
            self._leave()
            raise
        if self._end[0] is not None:
            raise self._end[0]

    def _next(self) -> Question | None:
        from queue import Empty

        while True:
            try:
                return self._questions.get(timeout=_PATIENCE)
            except Empty:
                pass

    def _leave(self) -> None:
        """Ends the call and waits for its end, whatever signals come meanwhile."""
        while not self._end:
            try:
                self._is_left = True
                self._cancel.trigger()
                self._answers.put(1)
                while not self._end:
                    self._next()
            except BaseException:
                pass
