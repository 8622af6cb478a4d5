"""The threads of a fleet, and what they have in hand: tenants, and calls that have ended."""

from __future__ import annotations

import _thread
import os
from _queue import Empty, SimpleQueue
from ctypes import byref, c_uint64, c_void_p
from time import thread_time

from . import _threads
from ._library import native, text
from ._threads import LONGEST_WAIT, NoThread
from .detail import LibraryDetail, of_call
from .exceptions import error_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    from .client import _Connections
    from ._source import TokenSource
    from ._token import Token

    Ended = tuple[int, Optional[LibraryDetail]]
    """A tenant's number, and the detail of its call. None if there was no call: the tenant has the error."""

NO_LIMIT = 2**31 - 1
"""Of the library's fleet: the owner counts the results too that nobody has taken yet."""
IDLE = 10_000
"""After so many milliseconds in which it did nothing, a thread may be spare."""
HARDLY_ANY_WORK = 0.001
"""In seconds of processor time. A request takes less, but a thread that is needed sends several."""
MOMENT = 100
"""For so many milliseconds the library keeps a thread of the program, which signals cannot interrupt then."""


ENOUGH = 2
"""So many threads of a crew are in the library, even if it asks for none: one is free while the request of the other hangs,
and can ask then."""


class Event:
    """What the library's fleet tells: the numbers of autopilot_event."""

    PAUSE = 0
    WANTS_TOKEN = 1
    ENDED = 2
    BEHIND = 3
    FINISHED = 4


class Tenant:
    """A tenant in a fleet."""

    __slots__ = ("call", "error", "key", "source")

    def __init__(self, key: Any, source: TokenSource, call: str) -> None:
        self.key, self.source, self.call = key, source, call
        self.error: BaseException | None = None
        """What the credential raised, or why there is no call."""


class Crew:
    """The library's fleet, and the threads that do its work. They keep it alive, and so does its owner.

    A thread that asks a credential is lost to the library for so long, so it starts another if too few are left.
    """

    def __init__(self, connections: _Connections, most_threads: int) -> None:
        place = c_void_p()
        made = of_call(native.autopilot_fleet_new, connections, NO_LIMIT, byref(place))
        if made.result != 0:
            raise error_of(made)
        self._as_parameter_: int | None = place.value
        self._connections, self._most = connections, most_threads
        self._is_left = self._is_cancelled = False
        self._be_empty()

    def __del__(self, free: Callable[[int | None], None] = native.autopilot_fleet_free) -> None:
        # Python ends the objects of a cycle in any order: the owner's may still use this one, and then finds None.
        self._as_parameter_, pointer = None, getattr(self, "_as_parameter_", None)  # or __init__ failed
        free(pointer)

    def _be_empty(self) -> None:
        self.tenants: dict[int, Tenant] = {}
        """Those whose result was not taken yet, by their numbers."""
        self.ended: SimpleQueue[Ended | None] = SimpleQueue()
        """None: look again what to do."""
        self._lock = _thread.allocate_lock()
        self._threads = self._inside = 0  # inside the library, or about to be
        self._process = os.getpid()

    def look_for_fork(self) -> None:
        """Empties the crew of a child made by fork: it lacks the threads, and the library's fleet is empty there."""
        if self._process != os.getpid():
            self._be_empty()

    def take(self) -> Ended | None:
        """Waits for the end of a call. None: look again whether one may come."""
        longest = LONGEST_WAIT
        has_threads = self._ensure_threads()
        # If no thread can be started, this one does the work. A cancelled call need not wait for a credential.
        if self.tenants and (not has_threads or self._is_cancelled and self._inside <= 0):
            self._serve(MOMENT)
            longest = 0
        try:
            return self.ended.get(timeout=longest)
        except Empty:
            return None

    def add(self, number: int, tenant: Tenant, goal: int, change: int, deadline: int) -> None:
        """Adds a tenant, whose call starts."""
        self.tenants[number] = tenant
        token, place = tenant.source.token() if tenant.source.is_text else None, c_void_p()
        added = native.autopilot_fleet_add(self, number, token, goal, change, deadline, byref(place))
        detail = LibraryDetail(place)
        if added != 0:
            tenant.error = error_of(detail.read())
            self.ended.put((number, None))
        self._ensure_threads()

    def close(self) -> None:
        """Tells that no more tenants come."""
        native.autopilot_fleet_close(self)
        self.ended.put(None)

    def cancel(self) -> None:
        """Ends all calls."""
        self._is_cancelled = True
        native.autopilot_fleet_cancel(self)
        self.ended.put(None)

    def leave(self) -> None:
        """Ends all calls and threads, and forgets the tenants."""
        self._is_left = True
        self.tenants.clear()
        self.close()
        native.autopilot_fleet_cancel(self)

    def _ensure_threads(self) -> bool:
        """Makes sure that there are enough threads for the tenants. Returns False if there is none."""
        while self._threads < min(ENOUGH, len(self.tenants)) and self._start_thread():
            pass
        return self._threads > 0

    def _start_thread(self) -> bool:
        """Starts another thread. Returns False if there may or can be no more."""
        with self._lock:
            if self._threads >= self._most:
                return False
            self._threads += 1
            self._inside += 1
        try:
            _threads.start(self._work)
        except BaseException as error:  # a signal's handler may raise, even after the start: one too many does no harm
            self._count(threads=-1, inside=-1)
            if not isinstance(error, NoThread):
                raise
            return False
        return True

    def _count(self, threads: int = 0, inside: int = 0) -> None:
        with self._lock:
            self._threads += threads
            self._inside += inside

    def _work(self) -> None:
        """What each thread does."""
        is_needed = True
        try:
            while is_needed:
                worked_before = thread_time()  # a thread that sleeps uses none
                event = self._serve(IDLE)
                is_idle = event == Event.PAUSE and thread_time() - worked_before < HARDLY_ANY_WORK
                is_needed = not self._may_go(event, is_idle)
        finally:
            self._count(threads=-1)
            self.ended.put(None)

    def _may_go(self, event: int, is_idle: bool) -> bool:
        """Whether the thread is not needed after this event. Then the others no longer count on it."""
        with self._lock:
            may_go = event == Event.FINISHED or self._is_left or is_idle and self._inside > ENOUGH
            self._inside -= may_go
        return may_go

    def _serve(self, milliseconds: int) -> int:
        """Lets the library work until it has something to tell, or for so long. Does what it tells."""
        number, place = c_uint64(), c_void_p()
        event: int = native.autopilot_fleet_next(self, milliseconds, byref(number), None, byref(place))
        detail = LibraryDetail(place)
        if event == Event.ENDED:
            self.ended.put((number.value, detail))
        elif event == Event.BEHIND:
            self._start_thread()
        elif event == Event.WANTS_TOKEN and (tenant := self.tenants.get(number.value)) is not None:
            self._count(inside=-1)
            if self._inside < ENOUGH and not self._start_thread():
                self.ended.put(None)  # the owner may have to help
            try:
                self._hand_in_token(number.value, tenant, detail if place else None)
            finally:
                self._count(inside=1)
        return event

    def _hand_in_token(self, number: int, tenant: Tenant, refusal: LibraryDetail | None) -> None:
        """Asks the credential of a tenant. If it raises or has no token, the call ends. The library asks its own."""
        if tenant.source.own is not None:
            native.autopilot_fleet_set_credential(self, number, tenant.source.own)
            return
        try:
            token = tenant.source.token() if refusal is None else tenant.source.new_token(None, refusal.claims)
            if native.autopilot_fleet_set_token(self, number, token) != 0 and token is not None:
                tenant.error = self._why_invalid(token)
        except BaseException as error:
            tenant.error = error
        if tenant.error is not None:
            native.autopilot_fleet_set_token(self, number, None)

    def _why_invalid(self, token: Token) -> BaseException | None:
        """The error for a text that cannot be a token. A call in steps tells it, and sends nothing."""
        place = c_void_p()
        made = of_call(native.autopilot_wait_new, self._connections, token, 1, 0, 1000, None, byref(place))
        native.autopilot_wait_free(place)
        return error_of(made) if made.result < 0 else None
