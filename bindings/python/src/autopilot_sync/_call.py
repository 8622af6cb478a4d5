"""Runs a blocking call of the library so that the main thread stays open to signals.

Python runs signal handlers on the main thread, between two steps of Python code. If the main thread were inside the
library, Ctrl-C would have to wait until the library returns. So another thread makes the call there, and the main
thread waits in Python.
"""

from __future__ import annotations

import threading

from ._threads import NoThread
from ._worker import Job, run_before_exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TypeVar

    from ._canceller import Canceller
    from ._worker import CallBack

    T = TypeVar("T")


def run(call: Callable[[], T], canceller: Canceller) -> T:
    """Runs a call: on the main thread by a worker, on other threads directly."""
    if threading.get_ident() != threading.main_thread().ident:
        return call()
    try:
        result: T = Job(lambda _: call(), canceller).run()
    except NoThread:
        return call()
    return result


def run_with_callbacks(call: Callable[[CallBack], T], canceller: Canceller) -> T:
    """Runs a call that calls back, always by a worker.

    When the interpreter ends, it stops the threads that run Python code. It must not stop one inside the library.
    """
    result: T = run_before_exit(Job(call, canceller))
    return result
