"""Makes a blocking call on another thread while the calling thread waits in Python."""

from __future__ import annotations

import _thread
import atexit
import os
import threading
from _queue import Empty, SimpleQueue  # `queue` has other parts, which take long to import

from . import _threads
from ._threads import LONGEST_WAIT, NoThread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ._canceller import Canceller

    ProgramCode = Callable[[], int]
    """Code of the program that runs in the middle of a call, on the calling thread. Other than 0 ends the call."""
    CallBack = Callable[[ProgramCode], int]
    """Runs it there, and returns what it returned."""

class Worker:
    """A thread that runs one job after the other. One idle worker is kept, because starting a thread can take longer
    than a call.

    It waits at a pipe. Python's locks and queues wake a thread before they release the interpreter, and the thread then
    has to wait for that: such a hand-over takes twice as long.
    """

    _idle: list[Worker] = []

    def __init__(self) -> None:
        self._jobs: list[Job | None] = []
        self._has_ended = _thread.allocate_lock()
        self._has_ended.acquire()
        try:
            self._pipe = os.pipe()
        except OSError as error:
            raise NoThread(str(error)) from None
        try:
            _threads.start(self._run)
        except BaseException:
            self.take(None)  # a signal's handler raised: the thread may run, and must not wait for ever
            raise

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        for end in getattr(self, "_pipe", ()):
            close(end)

    @classmethod
    def ready(cls) -> Worker:
        """An idle worker, or a new one. Raises NoThread."""
        try:
            return cls._idle.pop()
        except IndexError:
            return cls()

    @classmethod
    def end_idle(cls) -> None:
        """Ends the idle worker: when the interpreter ends, and before a fork, which does not copy its thread."""
        while cls._idle:
            worker = cls._idle.pop()
            worker.take(None)
            worker._has_ended.acquire()

    def take(self, job: Job | None) -> None:
        """Runs a job; None ends the worker."""
        self._jobs.append(job)
        os.write(self._pipe[1], b"\0")

    def _run(self) -> None:
        while self._run_one():
            pass
        self._has_ended.release()

    def _run_one(self) -> bool:
        """Runs one job and forgets it. Returns whether there may be more."""
        while not self._jobs:
            os.read(self._pipe[0], 64)
        job = self._jobs.pop(0)
        if job is None:
            return False
        if job.is_over:  # given twice
            return True
        job.make_call()
        is_kept = not self._idle
        if is_kept:
            self._idle.append(self)
        job.end()
        return is_kept


class Job:
    """One call. The program's code runs only on the waiting thread. The worker runs nothing but the call."""

    def __init__(self, call: Callable[[CallBack], object], canceller: Canceller) -> None:
        self._call, self._canceller = call, canceller
        self._callbacks: SimpleQueue[ProgramCode | None] = SimpleQueue()
        self._answers: SimpleQueue[int] = SimpleQueue()
        self._over = _thread.allocate_lock()
        self._over.acquire()
        self._result: Any = None
        self._error: BaseException | None = None
        self._worker: Worker | None = None
        self._is_left = self.is_over = False
        self._process = os.getpid()

    def run(self) -> Any:
        """Waits for the call, runs its callbacks, and returns its result.

        Whatever is raised meanwhile, by a signal's handler or by a callback, ends the call first. Raises NoThread.
        """
        try:
            self._start()
            while (program_code := self._next_callback()) is not None:
                self._answers.put(program_code())
        except BaseException:
            self.leave()
            raise
        if _outlives_interpreter():
            threading.Event().wait()  # such threads just stop
        if self._error is not None:
            raise self._error
        return self._result

    def _start(self) -> None:
        if _outlives_interpreter():
            self.end()
            return
        try:
            self._worker = Worker.ready()
        except BaseException:
            self.end()
            raise
        self._worker.take(self)

    def leave(self) -> None:
        """Ends the call and waits until it is over, whatever signals come meanwhile."""
        while self._process == os.getpid() and not self.is_over:
            try:
                self._is_left = True
                self._canceller.cancel()
                self._answers.put(1)
                if self._worker is not None:
                    self._worker.take(self)  # a signal may have come just before the first time
                self._over.acquire()
                self._over.release()
            except BaseException:
                pass

    def _next_callback(self) -> ProgramCode | None:
        """The next callback; None at the end of the call."""
        while True:
            try:
                return self._callbacks.get(timeout=LONGEST_WAIT)
            except Empty:
                pass

    def make_call(self) -> None:
        """Makes the call, on the worker's thread."""
        try:
            if not self._is_left:
                self._result = self._call(self._call_back)
        except BaseException as error:
            self._error = error

    def end(self) -> None:
        self.is_over = True
        self._over.release()
        self._callbacks.put(None)

    def _call_back(self, program_code: ProgramCode) -> int:
        if self._is_left:
            return 1
        self._callbacks.put(program_code)
        return self._answers.get()


_running: set[Job] = set()
_is_exiting = False


def run_before_exit(job: Job) -> Any:
    """Runs a job, which ends before the interpreter does, even if a daemon thread waits for it."""
    _running.add(job)
    try:
        return job.run()
    finally:
        _running.discard(job)


def _outlives_interpreter() -> bool:
    """Whether this is a daemon thread that goes on while the interpreter ends."""
    return _is_exiting and threading.get_ident() != threading.main_thread().ident


def _end_all() -> None:
    global _is_exiting
    _is_exiting = True
    for job in tuple(_running):
        job.leave()
    Worker.end_idle()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    # A hook between these two may have made a call: the child lacks that worker's thread too.
    os.register_at_fork(before=Worker.end_idle, after_in_child=Worker._idle.clear)
