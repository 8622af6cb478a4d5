"""Calls for thousands of tenants, on a few threads."""

from __future__ import annotations

from enum import Enum
from itertools import count

from ._crew import Crew, Tenant
from ._log import logged
from ._options import at_least_one, check_change, check_wait
from ._secret import Secret
from ._values import Record
from .client import HALF_AN_HOUR, Client
from .detail import Detail, HasDetail
from .exceptions import INVALID_ARGUMENT, UNAUTHORIZED, error_of
from .outcome import Outcome, outcome_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from datetime import datetime
    from types import TracebackType
    from typing import Any, NoReturn

    from .cloud import Cloud
    from .detail import LibraryDetail
    from .types import AnyCredential

MOST_WORKERS = 256
MOST_TENANTS = 20_000
ONE_REQUEST = 30.0
"""The seconds that the library gives one request."""


class Goal(Enum):
    """What a call is for.

    Attributes:
        SETTINGS: The settings, as by `Client.settings`. The outcome has them, with the answer ACCEPTED.
        SYNC: The reply to a trigger, as by `Client.sync`.
        SYNC_AND_WAIT: The end of a sync, as by `Client.sync_and_wait`.
        SYNC_SINCE: A completed sync since a change, as by `Client.sync_since`.
    """

    SETTINGS = 0
    SYNC = 1
    SYNC_AND_WAIT = 2
    SYNC_SINCE = 3


class TenantResult(Record):
    """The result for one tenant: an outcome or an error.

    Attributes:
        tenant: The tenant's key in the mapping given to `sync_many`, or its position, from 0, if that was not a mapping.
            For a `Fleet`, the key given to `Fleet.add`.
        outcome: The outcome. None if there is an error.
        error: An AutopilotError, or what the credential or the executor raised. None if there is an outcome.
    """

    tenant: Any
    outcome: Outcome | None
    error: BaseException | None

    def result(self) -> Outcome:
        """Returns the outcome, or raises the error."""
        if self.error is not None:
            raise self.error
        assert self.outcome is not None
        return self.outcome

    def to_dict(self) -> dict[str, Any]:
        """The tenant, the answer's name and the parts of the detail, as `json.dumps` takes them: a row of a table. All
        results have the same keys. What is not known is None, such as the answer of an error."""
        found = self.outcome or self.error
        row = dict.fromkeys(Detail._fields, None)
        row["message"] = str(found) or type(found).__name__
        if isinstance(found, HasDetail):
            row.update(found.detail.to_dict())
        return {"tenant": self.tenant, "answer": self.outcome and self.outcome.answer.name, **row}

    def __str__(self) -> str:
        if self.outcome is not None:
            return f"{self.tenant}: {self.outcome._short()}"
        return f"{self.tenant}: {type(self.error).__name__}: {self.error}"


class Fleet:
    """Calls for thousands of tenants, on a few threads: `sync_many` for tenants that come and go.

        with Fleet() as fleet:
            for name, credential in tenants:
                fleet.add(name, credential, Goal.SYNC_AND_WAIT)
            fleet.close()
            for result in fleet:
                print(result.tenant, result.error or result.outcome)

    A call starts when it is added. Iterating over the fleet gives each result as soon as it is there, waits for the next,
    and ends if the fleet is closed and has no tenant left. So one thread may iterate while others add.

    No thread is needed for a tenant that waits: ten thousand waits take a few threads, or about a hundred if each request
    takes 150 milliseconds. The fleet starts them as they are needed. If none can be started, the thread that iterates
    does the work. If the service throttles, the whole fleet slows down.

    Ctrl-C while it waits for a result ends all calls, and so does leaving the `with` block. Syncs that were accepted go
    on without you: iterate on, and each remaining result tells what became of the tenant's trigger. Dropping the fleet
    ends all calls too.

    Any number of threads may use a fleet. A child made by fork has it empty. It cannot be pickled.

    Args:
        limit: How many tenants may be in the fleet at once. Defaults to 20,000. Each takes a few KiB, after a
            long wait up to 30, and its token.
        max_workers: How many threads the fleet may start. Defaults to 256.
        cloud, base_url, proxy, ca_file, timeout, connect_timeout: As for `Client`.
        max_retries, user_agent_suffix, ignore_environment, trigger_only: As for `Client`.

    Raises:
        TypeError, ValueError: An argument is wrong.
        ConfigurationError: An environment variable or file cannot be used.
    """

    _crew: Crew  # missing if __init__ failed: error reporters still call repr

    def __init__(
        self,
        *,
        limit: int = MOST_TENANTS,
        max_workers: int | None = None,
        cloud: Cloud | None = None,
        base_url: str | None = None,
        proxy: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        max_retries: int | None = None,
        user_agent_suffix: str | None = None,
        ignore_environment: bool = False,
        trigger_only: bool = False,
    ) -> None:
        most_workers = MOST_WORKERS if max_workers is None else at_least_one("max_workers", max_workers)
        client = Client(
            "",
            cloud=cloud,
            base_url=base_url,
            proxy=proxy,
            ca_file=ca_file,
            timeout=timeout,
            connect_timeout=connect_timeout,
            max_retries=max_retries,
            user_agent_suffix=user_agent_suffix,
            ignore_environment=ignore_environment,
            trigger_only=trigger_only,
        )
        self._limit, self._timeout = at_least_one("limit", limit), timeout or ONE_REQUEST
        self._source, self._numbers, self._is_closed = client._source, count(), False
        self._crew = Crew(client._open(), most_workers)

    def __len__(self) -> int:
        """How many tenants are in the fleet: those whose result you have not got yet."""
        self._crew.look_for_fork()
        return len(self._crew.tenants)

    @property
    def has_room(self) -> bool:
        """Whether another tenant may be added now. If not, get a result first. So tenants can come from an iterator of any
        length, and the memory stays the same."""
        return len(self) < self._limit

    def add(
        self,
        key: Any,
        credential: AnyCredential,
        goal: Goal = Goal.SYNC_AND_WAIT,
        *,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> None:
        """Adds a tenant, whose call starts at once. Does not block.

        Args:
            key: Anything that tells you which tenant a result belongs to.
            credential: Anything that a `Client` takes. A function or credential object is asked for a token when the
                tenant's turn comes, and again when the service refuses the token, on a thread of the fleet: so several
                may be asked at the same time. What it raises is the tenant's error. A str may expire before its turn.
            goal: What the call is for. Defaults to `Goal.SYNC_AND_WAIT`.
            since: The time of a change, as for `Client.sync_since`. For `Goal.SYNC_SINCE`, and no other.
            timeout: The seconds that the call may take from its first request on, at most a day. Defaults to half an hour
                for a wait, and otherwise to the fleet's `timeout`.

        Raises:
            TypeError, ValueError: An argument is wrong, or the fleet is full or closed.
        """
        given = Secret(credential)
        del credential
        source = self._source.for_credential(given)
        if not isinstance(goal, Goal):
            raise TypeError(f"goal must be a Goal, not {type(goal).__name__}")
        is_wait = goal in (Goal.SYNC_AND_WAIT, Goal.SYNC_SINCE)
        deadline = check_wait("timeout", (HALF_AN_HOUR if is_wait else self._timeout) if timeout is None else timeout)
        if goal is not Goal.SYNC_SINCE and since is not None:
            raise ValueError("since is for Goal.SYNC_SINCE")
        change = check_change("since", since) if goal is Goal.SYNC_SINCE else 0
        if self._is_closed:
            raise ValueError("the fleet is closed")
        if not self.has_room:
            raise ValueError("the fleet is full: get a result first")
        tenant = Tenant(key, source, goal.name.lower())
        self._crew.add(next(self._numbers), tenant, goal.value, change, deadline)

    def close(self) -> None:
        """Tells that no more tenants will be added: iterating ends when all calls have ended."""
        self._is_closed = True
        self._crew.close()

    def cancel(self) -> None:
        """Ends all calls, and those of tenants that are added later. Returns at once.

        Each tenant still has its result: a CallCancelledError, unless its call ended just before. Its `trigger` tells
        whether a sync goes on. You may call it from a signal's handler in Python.
        """
        self._crew.cancel()

    def __iter__(self) -> Fleet:
        return self

    def __next__(self) -> TenantResult:
        return self._take()[1]

    def _take(self) -> tuple[int, TenantResult]:
        """The next result, and the number of its tenant in the order in which they were added."""
        crew = self._crew
        crew.look_for_fork()
        try:
            while crew.tenants or not self._is_closed:
                ended = crew.take()
                if ended is not None and (tenant := crew.tenants.pop(ended[0], None)) is not None:
                    return ended[0], _result(tenant, ended[1])
        except BaseException:
            self.cancel()
            raise
        crew.ended.put(None)  # other threads that iterate
        raise StopIteration

    def _leave(self) -> None:
        """Ends all calls, and forgets their tenants."""
        self._is_closed = True
        self._crew.leave()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()

    def __del__(self) -> None:
        if hasattr(self, "_crew"):
            self._crew.leave()

    def __repr__(self) -> str:
        if not hasattr(self, "_crew"):
            return "<autopilot_sync.Fleet>"
        closed = "closed " if self._is_closed else ""
        return f"<{closed}autopilot_sync.Fleet with {len(self)} tenants>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Fleet cannot be pickled or copied")


def _result(tenant: Tenant, ended: LibraryDetail | None) -> TenantResult:
    """The result of a tenant's call. If the credential failed, its error tells more than that there was no token."""
    error, outcome = tenant.error, None
    if ended is not None:
        found = logged(tenant.call, ended.read())
        if found.result >= 0:
            error, outcome = None, outcome_of(found)
        elif error is None or found.result not in (INVALID_ARGUMENT, UNAUTHORIZED):
            error = error_of(found)
    return TenantResult(tenant=tenant.key, outcome=outcome, error=error)
