"""Syncs of many tenants at once, on threads of this process or on any Executor."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures import as_completed as _as_completed
from functools import partial
from itertools import starmap

from ._options import Options, check_change, check_wait
from ._secret import Secret
from ._values import Record
from .client import HALF_AN_HOUR, Client
from .credential import TokenSource
from .outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import Any, Callable, TypeVar

    from .cloud import Cloud
    from .settings import Settings
    from .types import Credential

    Made = TypeVar("Made", covariant=True)

MOST_THREADS = 32


class TenantResult(Record):
    """The result for one tenant: an outcome or an error.

    Attributes:
        tenant: The tenant's key in the mapping given to `sync_many`. Its position, from 0, if that was not a mapping.
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


class TenantSettings(Record):
    """The settings of one tenant, or why they cannot be read. Only the command line uses it."""

    tenant: Any
    settings: Settings | None
    error: BaseException | None


def sync_many(
    credentials: Mapping[Any, Credential] | Iterable[Credential],
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

    The calls start at once; you may read the results later. If you leave the loop early, even by Ctrl-C, the calls that
    run in this process end, and those that have not begun never do.

    Args:
        credentials: A mapping of tenants to credentials, or just credentials: anything that a `Client` takes.
        wait: Whether to wait until the syncs have completed: True for at most half an hour, or the number of seconds.
        since: The time of a change, as for `Client.sync_since`: only the tenants that have completed no sync since then
            are triggered. It waits, as with `wait=True` if `wait` is not given.
        as_completed: Whether to give each result as soon as it is there. Otherwise they have the credentials' order.
        max_workers: How many calls may run at once. Defaults to 32.
        executor: Runs the calls. It may be any executor of concurrent.futures, so `distributed.Client.get_executor()`
            runs them on a Dask cluster. Unless it is a ThreadPoolExecutor, credentials travel to other processes. A
            function or a credential object gets the token there; a str is refused, so that no token ends up in a
            cluster's queues and logs. Defaults to threads of this process.
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
    named = _named(given)
    if since is not None:
        check_change("since", since)
        wait = True if wait is False else wait
    seconds = None if wait is False else HALF_AN_HOUR if wait is True else wait
    if seconds is not None:
        check_wait("wait", seconds)
    call = partial(_sync, seconds, since)
    if executor is not None and max_workers is not None:
        raise ValueError("max_workers is for the threads of this process: an executor has its own")

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
    if executor is None or isinstance(executor, ThreadPoolExecutor):
        return _on_threads(call, _tenant_result, named, options, as_completed, max_workers, executor)
    _refuse_texts(named)
    Options(**options)  # raises if one is wrong
    # A cluster takes equal calls for one and reuses its result. The last argument makes each call unique.
    begun = (_begin(executor, _sync_elsewhere, one, call, options, uuid.uuid4().hex) for _, one in named)
    return _results(begun, _tenant_result, named, as_completed)


def settings_many(
    credentials: Mapping[str, Credential], max_workers: int | None, **options: Any
) -> Iterator[TenantSettings]:
    """Reads the settings of many tenants, on threads of this process, and gives each as soon as it is there."""
    given = Secret(credentials)
    del credentials
    named = _named(given)
    return _on_threads(Client.settings, _tenant_settings, named, options, True, max_workers)


def _tenant_result(tenant: Any, outcome: Outcome | None, error: BaseException | None) -> TenantResult:
    return TenantResult(tenant=tenant, outcome=outcome, error=error)


def _tenant_settings(tenant: Any, settings: Settings | None, error: BaseException | None) -> TenantSettings:
    return TenantSettings(tenant=tenant, settings=settings, error=error)


def _named(credentials: Secret) -> list[tuple[Any, Secret]]:
    """The tenants and their credentials. Raises TypeError if one is no credential."""
    is_mapping = isinstance(credentials.reveal(), Mapping)
    # An iterator: the repr of a mapping's items would show the credentials.
    pairs = iter(credentials.reveal().items() if is_mapping else enumerate(credentials.reveal()))
    return list(starmap(_checked, pairs))


def _checked(tenant: Any, credential: Credential) -> tuple[Any, Secret]:
    given = Secret(credential)
    del credential
    TokenSource(given, "")  # or TypeError
    return tenant, given


def _refuse_texts(named: list[tuple[Any, Secret]]) -> None:
    for tenant, given in named:
        if isinstance(given.reveal(), str):
            raise TypeError(
                f"the credential of {tenant!r} is a token's text, which could end up in queues and logs of other "
                "processes. Give a function or a credential object that gets the token there"
            )


def _on_threads(
    call: Callable[[Client], Any],
    made: Callable[..., Made],
    named: list[tuple[Any, Secret]],
    options: dict[str, Any],
    as_completed: bool,
    max_workers: int | None,
    executor: ThreadPoolExecutor | None = None,
) -> Iterator[Made]:
    pool = executor or ThreadPoolExecutor(max_workers or max(1, min(MOST_THREADS, len(named))))
    shared = Client("", **options)
    begun = (_begin(pool, _call_here, call, shared, one) for _, one in named)
    return _results(begun, made, named, as_completed, shared, None if executor else pool)


def _begin(executor: Executor, function: Callable[..., Any], *arguments: object) -> Future[Any]:
    """Begins one call. If the executor refuses it, being shut down or unable to pickle it, that is the call's error."""
    try:
        return executor.submit(function, *arguments)
    except Exception as error:
        refused: Future[Any] = Future()
        refused.set_exception(error)
        return refused


def _results(
    begun: Iterable[Future[Any]],
    made: Callable[..., Made],
    named: list[tuple[Any, Secret]],
    as_completed: bool,
    shared: Client | None = None,
    pool: ThreadPoolExecutor | None = None,
) -> Iterator[Made]:
    """Begins the calls, and gives an iterator over what is made of their results."""
    results = _steps(begun, made, [tenant for tenant, _ in named], as_completed, shared, pool)
    next(results)
    return results


def _steps(
    begun: Iterable[Future[Any]],
    made: Callable[..., Made],
    tenants: list[Any],
    as_completed: bool,
    shared: Client | None,
    pool: ThreadPoolExecutor | None,
) -> Iterator[Made]:
    """Begins the calls, yields nothing once, and then the results. The first step makes sure that leaving the generator
    ends the calls: Python does not run the `finally` of a generator that has not begun."""
    calls: list[Future[Any]] = []
    try:
        for call in begun:
            calls.append(call)
        yield  # type: ignore[misc]
        tenant_of = dict(zip(calls, tenants))
        for call in _as_completed(calls) if as_completed else calls:
            error = call.exception()
            yield made(tenant_of[call], call.result() if error is None else None, error)
    finally:
        for call in calls:
            call.cancel()
        if shared is not None:
            shared._end()
        if pool is not None:
            pool.shutdown(wait=False)


def _call_here(call: Callable[[Client], Any], shared: Client, given: Secret) -> Any:
    return call(shared._for_tenant(given))


def _sync_elsewhere(
    given: Secret, call: Callable[[Client], Outcome], options: dict[str, Any], _unique: str
) -> Outcome:
    try:
        with Client(given.reveal(), **options) as client:
            return call(client)
    except Exception as error:
        raise _portable(error) from None


def _sync(seconds: float | None, since: datetime | None, client: Client) -> Outcome:
    if seconds is None:
        return client.sync()
    return client.sync_and_wait(seconds) if since is None else client.sync_since(since, timeout=seconds)


def _portable(error: Exception) -> Exception:
    """An error that can travel between processes: one that cannot be unpickled breaks a whole pool."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__module__}.{type(error).__qualname__}: {error}")
    return error
