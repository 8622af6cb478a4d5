"""A call of the library on a thread of its own, for a caller that waits in Python."""

from __future__ import annotations

import _thread
import _signal  # type: ignore[import-not-found]  # signal's functions make an enum member of each signal, at each call
import atexit
import os
import sys
import threading
from _queue import Empty, SimpleQueue  # of queue, whose other parts cost more than this module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ._call import Cancel

    Question = Callable[[], int]
    """Asked in the middle of a call, on the caller's thread; other than 0 ends the call."""
    Ask = Callable[[Question], int]

# Signals that are no fault of the thread's own.
FROM_OUTSIDE = set(_signal.valid_signals()) - {_signal.SIGFPE, _signal.SIGILL, _signal.SIGSEGV}
# A blocked thread of Windows sees Ctrl-C only between two waits.
PATIENCE = 0.1 if sys.platform == "win32" else None


class NoThread(RuntimeError):
    """No thread can be started: there are too many, or the interpreter is about to end."""


class Runner:
    """A thread that runs one errand after the other. One without an errand is kept: starting a thread takes longer than
    many a call."""

    _idle: list[Runner] = []

    def __init__(self) -> None:
        self._errands: SimpleQueue[Errand | None] = SimpleQueue()
        self._gone = _thread.allocate_lock()
        self._gone.acquire()
        try:
            self._start()
        except BaseException:
            self.take(None)  # a thread that nobody knows would wait for ever
            raise

    @classmethod
    def ready(cls) -> Runner:
        """NoThread where none is to be had."""
        try:
            return cls._idle.pop()
        except IndexError:
            return cls()

    @classmethod
    def dismiss(cls) -> None:
        """Ends the idle ones: before a fork, which takes no thread along and is warned of where there are some; and
        at the interpreter's end."""
        while cls._idle:
            runner = cls._idle.pop()
            runner.take(None)
            runner._gone.acquire()

    def take(self, errand: Errand | None) -> None:
        self._errands.put(errand)

    def _start(self) -> None:
        """Its thread takes no signal: one that it took would not wake the main thread."""
        if sys.platform == "win32":
            self._begin()
            return
        before = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
        try:  # a handler may raise from the very call that blocks
            _signal.pthread_sigmask(_signal.SIG_BLOCK, FROM_OUTSIDE)
            self._begin()
        finally:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, before)

    def _begin(self) -> None:
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError as error:
            raise NoThread(str(error)) from None

    def _run(self) -> None:
        while self._goes_on():
            pass
        self._gone.release()

    def _goes_on(self) -> bool:
        """One errand, which is forgotten then."""
        errand = self._errands.get()
        if errand is None:
            return False
        if errand.is_over:  # given twice
            return True
        errand.do()
        stays = not self._idle
        if stays:
            self._idle.append(self)
        errand.end()
        return stays


class Errand:
    """All code of the program runs on the thread that waits, in the call's questions; on the call's own thread runs
    nothing that lasts or fails."""

    def __init__(self, call: Callable[[Ask], object], cancel: Cancel) -> None:
        self._call, self._cancel = call, cancel
        self._questions: SimpleQueue[Question | None] = SimpleQueue()
        self._answers: SimpleQueue[int] = SimpleQueue()
        self._over = _thread.allocate_lock()
        self._over.acquire()
        self._error: BaseException | None = None
        self._runner: Runner | None = None
        self._is_left = self.is_over = False
        self._process = os.getpid()

    def run(self) -> None:
        """Answers the call's questions until it is over. Whatever is raised meanwhile ends the call first: by Ctrl-C,
        by another signal's handler, by the program's code in a question. NoThread where none is to be had."""
        try:
            self._begin()
            while (question := self._next()) is not None:
                self._answers.put(question())
        except BaseException:
            self.leave()
            raise
        if _ended():
            threading.Event().wait()  # it just stops, as such threads do
        if self._error is not None:
            raise self._error

    def _begin(self) -> None:
        if _ended():
            self.end()
            return
        try:
            self._runner = Runner.ready()
        except BaseException:
            self.end()
            raise
        self._runner.take(self)

    def leave(self) -> None:
        """Ends the call and waits until it is over, whatever signals come meanwhile."""
        while self._process == os.getpid() and not self.is_over:
            try:
                self._is_left = True
                self._cancel.trigger()
                self._answers.put(1)
                if self._runner is not None:
                    self._runner.take(self)  # a signal may have come just before the first time
                self._over.acquire()
                self._over.release()
            except BaseException:
                pass

    def _next(self) -> Question | None:
        while True:
            try:
                return self._questions.get(timeout=PATIENCE)
            except Empty:
                pass

    def do(self) -> None:
        """The call, on its own thread."""
        try:
            if not self._is_left:
                self._call(self._ask)
        except BaseException as error:
            self._error = error

    def end(self) -> None:
        self.is_over = True
        self._over.release()
        self._questions.put(None)

    def _ask(self, question: Question) -> int:
        if self._is_left:
            return 1
        self._questions.put(question)
        return self._answers.get()


_running: set[Errand] = set()
_is_the_end = False


def run_to_the_end(errand: Errand) -> None:
    """Runs an errand; one of a daemon thread is over before the interpreter is."""
    _running.add(errand)
    try:
        errand.run()
    finally:
        _running.discard(errand)


def _ended() -> bool:
    """Whether this is a daemon thread that outlives the interpreter."""
    return _is_the_end and threading.get_ident() != threading.main_thread().ident


def _end() -> None:
    global _is_the_end
    _is_the_end = True
    for errand in tuple(_running):
        errand.leave()
    Runner.dismiss()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    # The second for what a hook between them lets happen: an idle one whose thread the child has not.
    os.register_at_fork(before=Runner.dismiss, after_in_child=Runner._idle.clear)
