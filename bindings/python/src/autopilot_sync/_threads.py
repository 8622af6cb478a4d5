"""Starts the package's own threads."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the functions of `signal` make an enum member of each signal
import _thread
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

# A thread takes no signal, or the signal would not wake the main thread. These three are the thread's own faults.
BLOCKED_SIGNALS = set(_signal.valid_signals()) - {_signal.SIGFPE, _signal.SIGILL, _signal.SIGSEGV}
# On Windows a blocked thread sees Ctrl-C only between two waits.
LONGEST_WAIT = 0.1 if sys.platform == "win32" else None


class NoThread(RuntimeError):
    """No thread can be started: there are too many, or the interpreter is about to end."""


def start(run: Callable[[], object]) -> None:
    """Runs the function on a new thread, which takes no signal. Raises NoThread."""
    if sys.platform == "win32":
        _start(run)
        return
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
    try:  # a signal's handler may raise from the very call that blocks them
        _signal.pthread_sigmask(_signal.SIG_BLOCK, BLOCKED_SIGNALS)
        _start(run)
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)


def _start(run: Callable[[], object]) -> None:
    try:
        _thread.start_new_thread(run, ())
    except RuntimeError as error:
        raise NoThread(str(error)) from None
