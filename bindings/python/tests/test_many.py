"""Many tenants: on threads, in processes, on a Dask cluster."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from copy import copy
from datetime import datetime
from multiprocessing import get_context
from typing import Any, Callable, Iterator

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Answer, AutopilotError, ForbiddenError, SyncStatus, TenantResult, sync_many
from conftest import HANG, Start, ago, posix, started
from tenants import CannotTravel, Tenant, failing, token

TENANTS = ("--token", "token-of-a:tenant=a", "--token", "token-of-b:forbidden:tenant=b", "--token", "token-of-c:tenant=c")
CREDENTIALS = {name: Tenant(name) for name in "abc"}


def summary(results: Iterator[TenantResult]) -> list[tuple[object, object]]:
    return [(one.tenant, one.outcome.answer if one.outcome else type(one.error)) for one in results]


EXPECTED = [("a", Answer.ACCEPTED), ("b", ForbiddenError), ("c", Answer.ACCEPTED)]


@pytest.fixture(params=["threads of its own", "threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    if request.param == "threads of its own":
        yield None
        return
    kinds = {"threads": ThreadPoolExecutor(2), "processes": ProcessPoolExecutor(2, mp_context=get_context("spawn"))}
    with kinds[request.param] as pool:
        yield pool


def test_each_tenant_has_its_result_in_order(start: Start, executor: Executor | None) -> None:
    start(*TENANTS)
    assert summary(sync_many(CREDENTIALS, executor=executor)) == EXPECTED
    again = [one.outcome and one.outcome.answer for one in sync_many(list(CREDENTIALS.values()), executor=executor)]
    assert again == [Answer.ALREADY_RUNNING, None, Answer.ALREADY_RUNNING]


def test_results_come_as_they_complete(start: Start, executor: Executor | None) -> None:
    emulator = start(*TENANTS)
    emulator.script({"token": "token-of-a", "delay": "1500ms"})
    results = summary(sync_many({name: Tenant(name) for name in "ac"}, as_completed=True, executor=executor))
    assert sorted(map(str, results)) == sorted(map(str, [EXPECTED[0], EXPECTED[2]]))
    assert len(emulator.requests()) == 2


def test_it_waits_where_that_is_wanted(start: Start) -> None:
    start(*TENANTS, "--duration", "3s", "--start-delay", "0s")
    results = list(sync_many(CREDENTIALS, wait=60))
    assert [(one.tenant, one.outcome.answer if one.outcome else type(one.error)) for one in results] == EXPECTED
    for one in (results[0], results[2]):
        settings = one.result().settings
        assert settings is not None and settings.status is SyncStatus.COMPLETED
    with pytest.raises(ForbiddenError):
        results[1].result()


def test_tenants_that_have_synced_since_the_change_are_not_triggered(start: Start, executor: Executor | None) -> None:
    emulator = start(*TENANTS, "--last-sync", "1h")
    credentials = {name: CREDENTIALS[name] for name in "ac"}
    results = summary(sync_many(credentials, since=ago(hours=2), executor=executor))
    assert results == [("a", Answer.UP_TO_DATE), ("c", Answer.UP_TO_DATE)]
    assert {request["method"] for request in emulator.requests()} == {"GET"}


def test_since_a_change_it_waits_as_long_as_is_wanted(start: Start) -> None:
    start(*TENANTS, "--last-sync", "1m")
    (one,) = sync_many([Tenant("a")], since=ago(), wait=5)
    assert one.result().answer is Answer.TOO_SOON


def test_threads_share_connections(start: Start) -> None:
    emulator = start()
    results = list(sync_many(["token"] * 10, max_workers=2))
    assert [one.tenant for one in results] == list(range(10)) and all(one.outcome for one in results)
    assert len({request["connection"] for request in emulator.requests()}) <= 2


def test_options_are_the_clients(start: Start, executor: Executor | None) -> None:
    emulator = start("--token", "token")
    (one,) = sync_many([token], executor=executor, user_agent_suffix="acme-agent/3.1")
    assert one.result().answer is Answer.ACCEPTED
    assert dict(emulator.requests()[0]["headers"])["user-agent"].endswith("acme-agent/3.1")


def test_an_error_of_a_credential_is_that_tenants(emulator: Emulator, executor: Executor | None) -> None:
    first, second = sync_many({"bad": failing, "good": token}, executor=executor)
    assert second.result().answer is Answer.ACCEPTED
    with pytest.raises((CannotTravel, RuntimeError), match="no token"):
        first.result()


def test_what_cannot_be_pickled_is_that_tenants_error(emulator: Emulator) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        first, second = sync_many({"bad": Stuck(), "good": token}, executor=pool)
    assert isinstance(first.error, Exception) and "pickle" in str(first.error).lower()
    assert second.result().answer is Answer.ACCEPTED


def test_an_executor_that_is_shut_down_is_each_tenants_error(emulator: Emulator) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    (one,) = sync_many(["token"], executor=pool)
    assert isinstance(one.error, RuntimeError) and one.outcome is None


class Stuck:
    """A credential that cannot be pickled."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __call__(self) -> str:
        return "token"


def test_a_tokens_text_does_not_travel(emulator: Emulator) -> None:
    with ProcessPoolExecutor(1) as pool, pytest.raises(TypeError, match="the credential of 'b' is a token's text") as raised:
        sync_many({"a": Tenant("a"), "b": "secret-token-0123456789"}, executor=pool)
    assert "secret-token" not in str(raised.value)
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("credentials", "arguments", "error"),
    [
        ("token", {}, TypeError),
        (b"token", {}, TypeError),
        ([None], {}, TypeError),
        (["token"], {"wait": 0}, ValueError),
        (["token"], {"wait": "long"}, TypeError),
        (["token"], {"since": ago(), "wait": 0}, ValueError),
        (["token"], {"since": datetime.now()}, ValueError),
        (["token"], {"since": "10m"}, TypeError),
        (["token"], {"timeout": 0}, ValueError),
        (["token"], {"max_workers": 0}, ValueError),
        (["token"], {"max_workers": 0, "executor": ThreadPoolExecutor(1)}, ValueError),
        (["token"], {"max_workers": 1.5}, TypeError),
        ([token], {"timeout": 0, "executor": ProcessPoolExecutor(1)}, ValueError),
    ],
)
def test_wrong_arguments(emulator: Emulator, credentials: Any, arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        sync_many(credentials, **arguments)
    assert emulator.requests() == []


def test_no_tenants_no_results(emulator: Emulator) -> None:
    assert list(sync_many([])) == []


@pytest.mark.parametrize("leave", [lambda results: results.close(), lambda results: None])
def test_leaving_early_ends_what_runs(emulator: Emulator, leave: Callable[[Any], None]) -> None:
    """Dropping the iterator does so too."""
    emulator.script({"token": "slow", **HANG})
    results = sync_many({"quick": "quick", "slow": "slow"}, as_completed=True, timeout=86_400)
    assert next(results).tenant == "quick"
    emulator.await_requests(2)
    leave(results)
    del results
    await_no_threads()


def await_no_threads() -> None:
    """Waits until no thread is in a fleet."""
    while any("_crew.py" in frame.f_code.co_filename for frame in sys._current_frames().values()):
        time.sleep(0.01)


def test_leaving_before_the_first_result_ends_all(emulator: Emulator) -> None:
    emulator.script({**HANG, "times": 9})
    with ThreadPoolExecutor(1) as pool:
        results = sync_many(["token"] * 2, executor=pool, timeout=86_400)
        emulator.await_requests(1)
        results.close()  # type: ignore[attr-defined]


def test_results_in_order_wait_for_those_before(start: Start) -> None:
    emulator = start(*TENANTS)
    emulator.script({"token": "token-of-a", "delay": "1500ms"})
    assert [one.tenant for one in sync_many({name: Tenant(name) for name in "acb"})] == ["a", "c", "b"]


@pytest.mark.parametrize("as_completed", [False, True])
def test_tenants_may_come_from_an_endless_iterator(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, as_completed: bool
) -> None:
    """No more tenants are read than may be begun ahead of the results."""
    monkeypatch.setattr("autopilot_sync.many.MOST_TENANTS", 3)
    read = itertools.count()
    results = sync_many((f"token-{next(read)}" for _ in itertools.count()), as_completed=as_completed)
    for number in range(20):
        next(results)
        assert next(copy(read)) <= number + 4


def test_an_error_of_the_iterator_comes_through(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def credentials() -> Iterator[str]:
        yield "token"
        raise LookupError

    with pytest.raises(LookupError):
        sync_many(credentials())
    monkeypatch.setattr("autopilot_sync.many.MOST_TENANTS", 1)
    results = sync_many(credentials())
    assert next(results).result().answer is Answer.ACCEPTED
    with pytest.raises(LookupError):
        next(results)


def test_ctrl_c_while_the_calls_begin_ends_those_that_have(emulator: Emulator) -> None:
    def credentials() -> Iterator[str]:
        yield "token"
        emulator.await_requests(1)
        raise KeyboardInterrupt

    emulator.script({**HANG, "times": 9})
    with pytest.raises(KeyboardInterrupt):
        sync_many(credentials(), timeout=86_400)


def test_ctrl_c_while_an_executor_gets_its_shares_ends_those_that_run(emulator: Emulator) -> None:
    class Interrupted(ThreadPoolExecutor):
        number = 0

        def submit(self, *arguments: Any, **more: Any) -> Any:
            self.number += 1
            if self.number == 2:
                emulator.await_requests(1)
                raise KeyboardInterrupt
            return super().submit(*arguments, **more)

    emulator.script({**HANG, "times": 9})
    with Interrupted(2) as pool, pytest.raises(KeyboardInterrupt):
        sync_many(["token"] * 2, executor=pool, timeout=86_400)


@posix
def test_ctrl_c_ends_all_calls(emulator: Emulator) -> None:
    emulator.script({**HANG, "times": 8})
    program = started("""
if __name__ == "__main__":
    try:
        list(sync_many(["token"] * 8, timeout=86400))
    except KeyboardInterrupt:
        print("interrupted")
""")
    emulator.await_requests(8)  # those that hang hold up no other
    program.send_signal(signal.SIGINT)
    out, err = program.communicate()
    assert (out, err, program.returncode) == ("interrupted\n", "", 0)


@posix
def test_after_ctrl_c_each_result_tells_what_became_of_the_trigger(start: Start) -> None:
    emulator = start(*(f"--token=t{number}:tenant={number}" for number in range(20)), "--duration", "1h")
    program = started("""
results = sync_many([f"t{number}" for number in range(20)], wait=True)
try:
    next(results)
except KeyboardInterrupt:
    for one in results:
        print(type(one.error).__name__, one.error.trigger.name, one.error.detail.attempts[1].request_id)
""")
    while [request["method"] for request in emulator.requests()].count("POST") < 20:
        time.sleep(0.01)
    emulator.await_requests(60)  # all are watched
    program.send_signal(signal.SIGINT)
    out, err = program.communicate()
    lines = [line.split() for line in out.splitlines()]
    assert err == "" and [line[:2] for line in lines] == [["CallCancelledError", "ACCEPTED"]] * 20
    assert len({line[2] for line in lines} - {"None"}) == 20


class Twice(ThreadPoolExecutor):
    """Loses each result and makes the call again, like a cluster whose worker is lost."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **more: Any) -> Any:
        super().submit(function, *arguments, **more).result()
        return super().submit(function, *arguments, **more)


@pytest.mark.parametrize("marks", ["acceptance", "start", "end"])
def test_a_share_that_is_served_again_triggers_nothing(start: Start, marks: str) -> None:
    emulator = start(*TENANTS, "--duration", "1s", "--start-delay", "0s", "--last-sync-marks", marks)
    with Twice(2) as pool:
        results = summary(sync_many(CREDENTIALS, wait=True, executor=pool))
    assert results == [("a", Answer.UP_TO_DATE), ("b", ForbiddenError), ("c", Answer.UP_TO_DATE)]
    assert [request["reply"]["status"] for request in emulator.requests()].count(204) == 2


@pytest.mark.parametrize(("most", "shares"), [(None, [2, 2, 2, 2]), (3, [2, 3, 3]), (99, [1] * 8)])
def test_each_worker_gets_a_share(emulator: Emulator, most: int | None, shares: list[int]) -> None:
    found: list[int] = []

    class Noting(ThreadPoolExecutor):
        def submit(self, function: Callable[..., Any], /, *arguments: Any, **more: Any) -> Any:
            found.append(len(arguments[0]))
            return super().submit(function, *arguments, **more)

    with Noting(4) as pool:
        results = list(sync_many(["token"] * 8, executor=pool, max_workers=most))
    assert found == shares and [one.tenant for one in results] == list(range(8))


@pytest.mark.filterwarnings("default")  # Dask has some of its own
def test_a_dask_cluster_serves(start: Start) -> None:
    from distributed import Client as DaskClient
    from distributed import LocalCluster

    emulator = start(*TENANTS)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster, DaskClient(cluster) as dask:
        executor = dask.get_executor()
        assert summary(sync_many(CREDENTIALS, executor=executor)) == EXPECTED
        # Equal calls must run again.
        second = summary(sync_many(CREDENTIALS, executor=executor, as_completed=True))
        assert sorted(second, key=str)[0] == ("a", Answer.ALREADY_RUNNING) and len(second) == 3
        (failed,) = sync_many([failing], executor=executor)
        assert isinstance(failed.error, RuntimeError) and "no token" in str(failed.error)
        with pytest.raises(TypeError, match="a token's text"):
            sync_many(["token"], executor=executor)
    assert len(emulator.requests()) == 6


def test_an_error_says_to_which_tenant_it_belongs(start: Start) -> None:
    start(*TENANTS)
    errors = {one.tenant: one.error for one in sync_many(CREDENTIALS) if one.error}
    assert list(errors) == ["b"] and isinstance(errors["b"], AutopilotError) and errors["b"].status_code == 403


@posix
@pytest.mark.filterwarnings("default")
def test_a_dask_worker_may_be_killed(start: Start) -> None:
    """Its share is served again, and finds the syncs that it has triggered."""
    from distributed import Client as DaskClient
    from distributed import LocalCluster

    tenants = ["t" * number for number in range(1, 13)]  # the emulator tells only how long a token is
    options = (f"--token=token-of-{name}:tenant={name}" for name in tenants)
    emulator = start(*options, "--duration", "1h", "--start-delay", "0s", "--last-sync", "1h")

    def requests(method: str) -> list[Any]:
        return [request for request in emulator.requests() if request["method"] == method and request["reply"]]

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster, DaskClient(cluster) as dask:
        pids = dask.run(os.getpid)
        results = sync_many({name: Tenant(name) for name in tenants}, wait=True, executor=dask.get_executor())
        while len(requests("POST")) < len(tenants):
            time.sleep(0.01)
        old = {request["connection"] for request in emulator.requests()}
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        # The share is served again, over connections of a new process.
        while len({token_of(one) for one in requests("GET") if one["connection"] not in old}) < len(tenants) // 2:
            time.sleep(0.01)
        emulator.advance("1h")
        answers = [one.result().answer for one in results]
    assert len(requests("POST")) == len(tenants), "none is triggered twice"
    assert set(answers) <= {Answer.ACCEPTED, Answer.ALREADY_RUNNING, Answer.UP_TO_DATE}


def token_of(request: Any) -> str:
    return str(dict(request["headers"])["authorization"])
