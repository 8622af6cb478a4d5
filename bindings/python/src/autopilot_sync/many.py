"""Syncs of many tenants at once, on threads of this process or on any Executor."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import starmap

from . import _shares
from ._options import Options, at_least_one, check_change, check_wait
from ._secret import Secret
from ._source import TokenSource
from .client import HALF_AN_HOUR
from .fleet import MOST_TENANTS, Fleet, Goal, TenantResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .cloud import Cloud
    from .types import AnyCredential

A_LITTLE_EARLIER = timedelta(seconds=10)
"""The service's clock is known to a second, and as exactly as the first reply is fast. What may have begun just before a
moment does not count as since then, but the sync of a lost worker must count."""


def sync_many(
    credentials: Mapping[Any, AnyCredential] | Iterable[AnyCredential],
    *,
    wait: bool | float = False,
    since: datetime | None = None,
    as_completed: bool = False,
    max_workers: int | None = None,
    executor: Executor | None = None,
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
) -> Iterator[TenantResult]:
    """Triggers the syncs of many tenants. Each has an outcome or an error, and none stops the others.

        for result in sync_many({"contoso": credential, "fabrikam": other}, wait=True):
            print(result.tenant, result.outcome or result.error)

    The calls start at once, and take few threads: see `Fleet`. You may read the results later. If you leave the loop
    early, the calls that run in this process end, and those that have not begun never do. Ctrl-C in the loop ends them
    too. If you read on after it, each remaining result tells what became of that tenant's trigger.

    Args:
        credentials: A mapping of tenants to credentials, or just credentials: anything that a `Client` takes. An iterator
            may have any length: it is read as results are, at most 20,000 tenants ahead. A function or credential object
            is asked when the tenant's turn comes, on another thread.
        wait: Whether to wait until the syncs have completed: True for at most half an hour, or the number of seconds.
        since: The time of a change, as for `Client.sync_since`: only the tenants that have completed no sync since then
            are triggered. It waits, as with `wait=True` if `wait` is not given.
        as_completed: Whether to give each result as soon as it is there. Otherwise they have the credentials' order.
        max_workers: How many threads may serve the tenants. Defaults to 256; they are started as they are needed. With an
            executor: how many workers, each with a share of the tenants. Defaults to as many as the executor has.
        executor: Serves the tenants. It may be any executor of concurrent.futures, so `distributed.Client.get_executor()`
            serves them on a Dask cluster. Each worker gets a share of the tenants, and returns their results together.
            Unless it is a ThreadPoolExecutor, credentials travel to other processes. A function or a credential object
            gets the token there; a str is refused, so that no token ends up in a cluster's queues and logs. Defaults to
            this process.

            A cluster serves a share again if its worker is lost. So that no sync is triggered twice for nothing, a wait
            then counts any sync since ten seconds before this call, as with `since`: its answer may be UP_TO_DATE, and
            it does not join a sync that ran before. The clocks of the machines must agree.
        cloud, base_url, proxy, ca_file, timeout, connect_timeout: As for `Client`.
        max_retries, user_agent_suffix, ignore_environment, trigger_only: As for `Client`.

    Returns:
        An iterator over the results, one for each tenant.

    Raises:
        TypeError, ValueError: An argument is wrong.
        ConfigurationError: An environment variable or file cannot be used.
    """
    given = Secret(credentials)
    del credentials
    if isinstance(given.reveal(), (str, bytes)):
        raise TypeError("credentials must be a mapping or an iterable of credentials, not one token")
    terms = _terms(wait, since)
    options: dict[str, Any] = {
        "cloud": cloud,
        "base_url": base_url,
        "proxy": proxy,
        "ca_file": ca_file,
        "timeout": timeout,
        "connect_timeout": connect_timeout,
        "max_retries": max_retries,
        "user_agent_suffix": user_agent_suffix,
        "ignore_environment": ignore_environment,
        "trigger_only": trigger_only,
    }
    if executor is None:
        return _Results(_tenants(given), Fleet(max_workers=max_workers, **options), terms, as_completed)
    Options(**options)  # raises if one is wrong
    workers = None if max_workers is None else at_least_one("max_workers", max_workers)
    tenants = list(_tenants(given))
    if not isinstance(executor, ThreadPoolExecutor):
        _refuse_texts(tenants)
    if terms["goal"] is Goal.SYNC_AND_WAIT:
        terms.update(goal=Goal.SYNC_SINCE, since=datetime.now(timezone.utc) - A_LITTLE_EARLIER)
    return _shares.results(executor, workers, tenants, terms, options, as_completed)


def _terms(wait: bool | float, since: datetime | None) -> dict[str, Any]:
    """The arguments of `Fleet.add` for each tenant. Raises TypeError or ValueError."""
    if since is not None:
        check_change("since", since)
        wait = True if wait is False else wait
    if wait is False:
        return {"goal": Goal.SYNC}
    seconds = HALF_AN_HOUR if wait is True else wait
    check_wait("wait", seconds)
    return {"goal": Goal.SYNC_AND_WAIT if since is None else Goal.SYNC_SINCE, "since": since, "timeout": seconds}


def _tenants(credentials: Secret) -> Iterator[tuple[Any, Secret]]:
    """The tenants and their credentials. Raises TypeError if one is no credential."""
    is_mapping = isinstance(credentials.reveal(), Mapping)
    # Iterators: the repr of a mapping's items would show the credentials.
    return starmap(_checked, iter(credentials.reveal().items() if is_mapping else enumerate(credentials.reveal())))


def _checked(tenant: Any, credential: AnyCredential) -> tuple[Any, Secret]:
    given = Secret(credential)
    del credential
    TokenSource(given, "")  # or TypeError
    return tenant, given


def _refuse_texts(tenants: list[tuple[Any, Secret]]) -> None:
    for tenant, given in tenants:
        if isinstance(given.reveal(), str):
            raise TypeError(
                f"the credential of {tenant!r} is a token's text, which could end up in queues and logs of other "
                "processes. Give a function or a credential object that gets the token there"
            )


class _Results:
    """Feeds a fleet with tenants, and gives their results."""

    def __init__(
        self, tenants: Iterator[tuple[Any, Secret]], fleet: Fleet, terms: dict[str, Any], as_completed: bool
    ) -> None:
        self._tenants, self._fleet, self._terms, self._as_completed = tenants, fleet, terms, as_completed
        self._early: dict[int, TenantResult] = {}
        """The results that wait for those of tenants before them."""
        self._next = 0
        self._feed()

    def __iter__(self) -> _Results:
        return self

    def __next__(self) -> TenantResult:
        while self._next not in self._early:
            self._feed()
            number, result = self._fleet._take()
            if self._as_completed:
                return result
            self._early[number] = result
        self._next += 1
        return self._early.pop(self._next - 1)

    def _feed(self) -> None:
        try:
            while len(self._fleet) + len(self._early) < MOST_TENANTS:
                tenant, given = next(self._tenants)
                self._fleet.add(tenant, given.reveal(), **self._terms)
        except StopIteration:
            self._fleet.close()
        except BaseException:
            self._fleet.cancel()
            raise

    def close(self) -> None:
        """Ends the calls."""
        self._fleet._leave()
