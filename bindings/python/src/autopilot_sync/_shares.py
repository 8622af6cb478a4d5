"""Shares of many tenants, each served by one worker of an Executor."""

from __future__ import annotations

import pickle
import sys
import uuid
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures import as_completed as _as_completed

from ._secret import Secret
from .fleet import Fleet, TenantResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable, Union

    Share = list[tuple[int, Union["Parcel", "LostParcel"]]]

SOME_WORKERS = 8
"""If the executor does not tell how many it has."""


def results(
    executor: Executor,
    most_workers: int | None,
    tenants: list[tuple[Any, Secret]],
    terms: dict[str, Any],
    options: dict[str, Any],
    as_completed: bool,
) -> Iterator[TenantResult]:
    """Begins to serve the tenants, and gives an iterator over their results."""
    numbered: Share = [(number, Parcel(given.reveal())) for number, (_, given) in enumerate(tenants)]
    count = min(most_workers or _workers(executor), len(numbered))
    bounds = [len(numbered) * one // count for one in range(count + 1)] if count else []
    shares = [numbered[begin:end] for begin, end in zip(bounds, bounds[1:])]
    steps = _steps(executor, shares, [name for name, _ in tenants], terms, options, as_completed)
    next(steps)
    return steps


def _workers(executor: Executor) -> int:
    """How many calls the executor makes at once."""
    cluster = getattr(executor, "_client", None)  # Dask's
    found = getattr(executor, "_max_workers", 0) if cluster is None else sum(cluster.nthreads().values())
    return found or SOME_WORKERS


def _steps(
    executor: Executor,
    shares: list[Share],
    names: list[Any],
    terms: dict[str, Any],
    options: dict[str, Any],
    as_completed: bool,
) -> Iterator[TenantResult]:
    """Begins the calls, yields nothing once, and then the results. The first step makes sure that leaving the generator
    ends the calls: Python does not run the `finally` of a generator that has not begun."""
    calls: dict[Future[list[TenantResult]], Share] = {}
    end = End()
    try:
        for share in shares:
            # A cluster takes equal calls for one and reuses its result. The last argument makes each call unique.
            calls[_begin(executor, serve, share, terms, options, end, uuid.uuid4().hex)] = share
        yield  # type: ignore[misc]
        for call in _as_completed(calls) if as_completed else calls:
            for one in _results_of(call, calls[call]):
                yield TenantResult(tenant=names[one.tenant], outcome=one.outcome, error=one.error)
    finally:
        for call in calls:
            call.cancel()
        end()


def _begin(executor: Executor, function: Callable[..., Any], *arguments: object) -> Future[Any]:
    """Begins one call. If the executor refuses it, for example because it is shut down, that is the call's error."""
    try:
        return executor.submit(function, *arguments)
    except Exception as error:
        refused: Future[Any] = Future()
        refused.set_exception(error)
        return refused


def _results_of(call: Future[list[TenantResult]], share: Share) -> list[TenantResult]:
    """The results of a share. What the executor raises is the error of each of its tenants."""
    try:
        error = call.exception()
    except CancelledError as cancelled:
        error = cancelled
    if error is None:
        return call.result()
    return [TenantResult(tenant=number, outcome=None, error=error) for number, _ in share]


def serve(share: Share, terms: dict[str, Any], options: dict[str, Any], end: End, _unique: str) -> list[TenantResult]:
    """Serves a share of the tenants, on a worker. The results have the share's order."""
    found: list[TenantResult] = []
    with Fleet(limit=max(1, len(share)), **options) as fleet:
        end.also_of(fleet)
        for number, parcel in share:
            try:
                fleet.add(number, parcel.reveal(), **terms)
            except Exception as error:
                found.append(TenantResult(tenant=number, outcome=None, error=error))
        fleet.close()
        found.extend(fleet)
    return [_portable(one) for one in sorted(found, key=lambda one: one.tenant)]


class Parcel(Secret):
    """A credential that may travel to another process. If it cannot, that is the error of its tenant alone."""

    def __reduce__(self) -> tuple[object, ...]:
        try:  # cloudpickle, which Dask uses, also takes functions and classes of the main program
            dumps = getattr(sys.modules.get("cloudpickle"), "dumps", pickle.dumps)
            return _arrived, (dumps(self.reveal()),)
        except Exception as error:
            return LostParcel, (_portable_error(error),)


class LostParcel:
    """In place of a credential that could not travel."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def reveal(self) -> Any:
        raise self._error


def _arrived(packed: bytes) -> Parcel | LostParcel:
    try:
        return Parcel(pickle.loads(packed))
    except Exception as error:
        return LostParcel(error)


class End:
    """Ends the fleets that run in this process. In another process it is a copy, which nobody calls."""

    def __init__(self) -> None:
        self._fleets: list[Fleet] = []
        self._is_called = False

    def also_of(self, fleet: Fleet) -> None:
        """Also ends this fleet."""
        self._fleets.append(fleet)
        if self._is_called:
            fleet.cancel()

    def __call__(self) -> None:
        self._is_called = True
        for fleet in self._fleets:
            fleet.cancel()

    def __reduce__(self) -> tuple[object, ...]:
        return End, ()


def _portable(result: TenantResult) -> TenantResult:
    error = result.error
    return TenantResult(
        tenant=result.tenant, outcome=result.outcome, error=None if error is None else _portable_error(error)
    )


def _portable_error(error: BaseException) -> BaseException:
    """An error that can travel between processes: one that cannot be unpickled breaks a whole pool."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__module__}.{type(error).__qualname__}: {error}")
    return error
