"""Syncs of many tenants at once, in threads of this process or on whatever an Executor has."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures import as_completed as _as_completed
from itertools import starmap

from ._hidden import Hidden
from ._options import Options, milliseconds
from ._record import Record
from .client import HALF_AN_HOUR, Client
from .credential import Source
from .outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Callable

    from typing_extensions import Unpack

    from .types import ClientOptions, Credential

MOST_THREADS = 32


class TenantResult(Record):
    """What the call for one tenant came to: an outcome, or an error."""

    __slots__ = ("error", "outcome", "tenant")

    tenant: Any
    """Its key in the mapping that was given; its position from 0, where no mapping was given."""
    outcome: Outcome | None
    error: BaseException | None
    """An AutopilotError, or what the credential or the executor raised."""

    def result(self) -> Outcome:
        """The outcome, or raises the error."""
        if self.error is not None:
            raise self.error
        assert self.outcome is not None
        return self.outcome


def sync_many(
    credentials: Mapping[Any, Credential] | Iterable[Credential],
    *,
    wait: bool | float = False,
    as_completed: bool = False,
    max_workers: int | None = None,
    executor: Executor | None = None,
    **options: Unpack[ClientOptions],
) -> Iterator[TenantResult]:
    """Triggers the syncs of many tenants, and gives one result for each: an outcome or an error. No error of one stops
    the others.

        for result in sync_many({"contoso": credential, "fabrikam": other}, wait=True):
            print(result.tenant, result.outcome or result.error)

    credentials: a mapping of tenant to credential, or credentials alone: whatever a Client takes.
    wait: whether to wait until the syncs are done: True for half an hour at most, or that many seconds.
    as_completed: whether results come as soon as there are any; else in the order of the credentials.
    max_workers: how many calls run at once. 32 unless given.
    executor: runs the calls instead of threads made here: any of concurrent.futures, so that of a Dask cluster too
        (`distributed.Client.get_executor()`). Where it is no ThreadPoolExecutor, credentials travel to other processes,
        perhaps to other machines: then functions and credential objects are taken, which fetch the token there, but no
        str: a token's text is not to be written to queues and logs of a cluster.
    options: those of Client.

    The calls start now; the results may be fetched later. Whoever leaves the loop early, by Ctrl-C too, ends the calls
    that run in this process and those that are not begun.
    """
    given = Hidden(credentials)
    del credentials
    if isinstance(given.give(), (str, bytes)):
        raise TypeError("credentials must be a mapping or an iterable of credentials, not one token")
    named = _named(given)
    seconds = None if wait is False else HALF_AN_HOUR if wait is True else wait
    if seconds is not None:
        milliseconds("wait", seconds)
    if executor is not None and max_workers is not None:
        raise ValueError("max_workers is for the threads made here: an executor has its own")

    tenants = [tenant for tenant, _ in named]
    if executor is None or isinstance(executor, ThreadPoolExecutor):
        pool = executor or ThreadPoolExecutor(max_workers or max(1, min(MOST_THREADS, len(named))))
        shared = Client("", **options)
        begun = (_begin(pool, _sync_here, shared, one, seconds) for _, one in named)
        results = _results(tenants, begun, as_completed, shared, None if executor else pool)
    else:
        _refuse_texts(named)
        Options(**options)  # or ValueError
        # Clusters take equal calls for one, whose result they keep: the last argument makes each its own.
        begun = (_begin(executor, _sync_elsewhere, one, seconds, options, uuid.uuid4().hex) for _, one in named)
        results = _results(tenants, begun, as_completed)
    next(results)
    return results


def _named(credentials: Hidden) -> list[tuple[Any, Hidden]]:
    """The tenants and their credentials. Raises TypeError for anything else."""
    is_mapping = isinstance(credentials.give(), Mapping)
    # An iterator, because a repr of a mapping's items would show the credentials.
    pairs = iter(credentials.give().items() if is_mapping else enumerate(credentials.give()))
    return list(starmap(_checked, pairs))


def _checked(tenant: Any, credential: Credential) -> tuple[Any, Hidden]:
    given = Hidden(credential)
    del credential
    Source(given, "")  # or TypeError
    return tenant, given


def _refuse_texts(named: list[tuple[Any, Hidden]]) -> None:
    for tenant, given in named:
        if isinstance(given.give(), str):
            raise TypeError(
                f"the credential of {tenant!r} is a token's text: it would be written to the queues and logs of other "
                "processes. Give a function or a credential object, which fetches the token there"
            )


def _begin(executor: Executor, function: Callable[..., Outcome], *arguments: object) -> Future[Outcome]:
    """One call; an executor that refuses it, for what cannot be pickled or being shut down, is that call's error."""
    try:
        return executor.submit(function, *arguments)
    except Exception as error:
        refused: Future[Outcome] = Future()
        refused.set_exception(error)
        return refused


def _results(
    tenants: list[Any],
    begun: Iterable[Future[Outcome]],
    as_completed: bool,
    shared: Client | None = None,
    pool: ThreadPoolExecutor | None = None,
) -> Iterator[TenantResult]:
    """Begins the calls, then gives nothing once, then the results. So it ends the calls whenever it is left: a generator
    that was not begun would not."""
    calls: list[Future[Outcome]] = []
    try:
        for call in begun:
            calls.append(call)
        yield  # type: ignore[misc]
        tenant_of = dict(zip(calls, tenants))
        for call in _as_completed(calls) if as_completed else calls:
            error = call.exception()
            outcome = call.result() if error is None else None
            yield TenantResult(tenant=tenant_of[call], outcome=outcome, error=error)
    finally:
        for call in calls:
            call.cancel()
        if shared is not None:
            shared._end()
        if pool is not None:
            pool.shutdown(wait=False)


def _sync_here(shared: Client, given: Hidden, seconds: float | None) -> Outcome:
    return _sync(shared._for(given), seconds)


def _sync_elsewhere(given: Hidden, seconds: float | None, options: ClientOptions, _unique: str) -> Outcome:
    try:
        with Client(given.give(), **options) as client:
            return _sync(client, seconds)
    except Exception as error:
        raise _portable(error) from None


def _sync(client: Client, seconds: float | None) -> Outcome:
    return client.sync() if seconds is None else client.sync_and_wait(seconds)


def _portable(error: Exception) -> Exception:
    """An error that can be pickled, and made again: one that cannot breaks a whole pool of processes."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__module__}.{type(error).__qualname__}: {error}")
    return error
