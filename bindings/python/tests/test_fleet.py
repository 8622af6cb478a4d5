"""A fleet: tenants that come and go, its threads, tokens that expire."""

from __future__ import annotations

import base64
import json
import pickle
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Iterator

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import (
    Answer,
    CallCancelledError,
    CallTimeoutError,
    Client,
    ClientAuthenticationError,
    Fleet,
    Goal,
    InvalidArgumentError,
    SyncStatus,
    TenantResult,
    Trigger,
)
from conftest import HANG, Start, ago, posix, run, started

QUICK = ("--duration", "1s", "--start-delay", "0s")


def of_tenants(count: int) -> list[str]:
    """The options for so many tenants, with the tokens t0, t1, ..."""
    return [f"--token=t{number}:tenant={number}" for number in range(count)]


def answers(results: Iterator[TenantResult]) -> dict[Any, Answer]:
    return {one.tenant: one.result().answer for one in results}


def test_each_goal_has_its_end(start: Start) -> None:
    start(*of_tenants(4), *QUICK, "--last-sync", "1h")
    with Fleet() as fleet:
        for number, goal in enumerate(Goal):
            since = ago(hours=2) if goal is Goal.SYNC_SINCE else None
            fleet.add(goal, f"t{number}", goal, since=since)
        fleet.close()
        found = {one.tenant: one.result() for one in fleet}
    assert {goal: outcome.answer for goal, outcome in found.items()} == {
        Goal.SETTINGS: Answer.ACCEPTED,
        Goal.SYNC: Answer.ACCEPTED,
        Goal.SYNC_AND_WAIT: Answer.ACCEPTED,
        Goal.SYNC_SINCE: Answer.UP_TO_DATE,
    }
    settings = found[Goal.SETTINGS].settings
    assert settings is not None and settings.status is SyncStatus.COMPLETED
    assert found[Goal.SETTINGS].detail.trigger is Trigger.NOT_SENT
    assert found[Goal.SYNC].settings is None


def test_tenants_come_and_go(start: Start) -> None:
    """One thread iterates, while another adds."""
    start(*of_tenants(3))
    with Fleet(limit=2) as fleet, ThreadPoolExecutor(1) as pool:
        results = pool.submit(lambda: answers(fleet))
        for number in range(3):
            while not fleet.has_room:
                time.sleep(0.01)
            fleet.add(number, f"t{number}", Goal.SETTINGS)
        fleet.close()
        assert results.result() == dict.fromkeys(range(3), Answer.ACCEPTED)
    assert len(fleet) == 0


def test_several_threads_may_iterate(start: Start) -> None:
    start()
    with Fleet() as fleet, ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(lambda: answers(fleet)) for _ in range(4)]
        for number in range(40):
            fleet.add(number, "token", Goal.SETTINGS)
        fleet.close()
        found = [answer for reader in readers for answer in reader.result()]
    assert sorted(found) == list(range(40))


def test_a_full_fleet_has_room_when_a_result_is_taken(emulator: Emulator) -> None:
    with Fleet(limit=1) as fleet:
        assert fleet.has_room and len(fleet) == 0
        fleet.add("a", "token", Goal.SETTINGS)
        assert not fleet.has_room
        with pytest.raises(ValueError, match="full"):
            fleet.add("b", "token")
        assert next(fleet).tenant == "a" and fleet.has_room
        fleet.close()
        assert list(fleet) == []
        with pytest.raises(ValueError, match="closed"):
            fleet.add("b", "token")


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ([None], {}, TypeError),
        (["token", 2], {}, TypeError),
        (["token", Goal.SYNC], {"since": ago()}, ValueError),
        (["token", Goal.SYNC_SINCE], {}, TypeError),
        (["token", Goal.SYNC_SINCE], {"since": datetime.now()}, ValueError),
        (["token"], {"timeout": 0}, ValueError),
        (["token"], {"timeout": "long"}, TypeError),
    ],
)
def test_wrong_arguments(emulator: Emulator, arguments: list[Any], options: Any, error: type[Exception]) -> None:
    with Fleet() as fleet, pytest.raises(error):
        fleet.add("a", *arguments, **options)
    assert emulator.requests() == []


def test_what_the_library_refuses_is_the_tenants_result(emulator: Emulator) -> None:
    with Fleet() as fleet:
        fleet.add("text", "two words", Goal.SYNC)
        fleet.add("function", lambda: "two words", Goal.SYNC)
        fleet.add("since", "token", Goal.SYNC_SINCE, since=ago(hours=-1))
        fleet.close()
        errors = {one.tenant: one.error for one in fleet}
    assert {type(error) for error in errors.values()} == {InvalidArgumentError}
    assert str(errors["text"]) == str(errors["function"]) and "future" in str(errors["since"])
    assert emulator.requests() == []


@pytest.mark.parametrize("options", [{"limit": 0}, {"max_workers": 0}, {"timeout": 0}])
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Fleet(**options)


def test_it_cannot_be_pickled(emulator: Emulator) -> None:
    with Fleet() as fleet, pytest.raises(TypeError):
        pickle.dumps(fleet)


def test_a_credential_is_asked_in_turn_and_with_the_claims_of_a_refusal(start: Start) -> None:
    start("--token", "first:challenged", "--other-tokens", "full")
    asked: list[Any] = []

    class Credential:
        def get_token_info(self, *scopes: str, options: Any = None) -> Any:
            asked.append((threading.current_thread() is threading.main_thread(), options.get("claims")))
            return type("AccessToken", (), {"token": "second" if "claims" in options else "first"})

    with Fleet() as fleet:
        fleet.add("a", Credential(), Goal.SYNC)
        fleet.close()
        assert answers(fleet) == {"a": Answer.ACCEPTED}
    (first, none), (second, claims) = asked
    assert (first, none, second) == (False, None, False) and claims.startswith("{")


def test_credentials_that_block_hold_up_no_other(emulator: Emulator) -> None:
    """Each is asked on a thread of its own. Those that are cut off by a cancel need not answer."""
    go_on, together = threading.Event(), threading.Barrier(5)

    def slow() -> str:
        together.wait()
        go_on.wait()
        return "token"

    with Fleet() as fleet:
        for number in range(4):
            fleet.add(number, slow, Goal.SYNC)
        together.wait()
        fleet.add("quick", "token", Goal.SYNC)
        assert next(fleet).tenant == "quick"
        fleet.cancel()
        fleet.close()
        errors = [one.error for one in fleet]
        go_on.set()
    assert [type(error) for error in errors] == [CallCancelledError] * 4


def test_one_worker_asks_one_credential_at_a_time(emulator: Emulator) -> None:
    running, most = [0], [0]

    def slow() -> str:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.01)
        running[0] -= 1
        return "token"

    with Fleet(max_workers=1) as fleet:
        for number in range(5):
            fleet.add(number, slow, Goal.SETTINGS)
        fleet.close()
        assert len(answers(fleet)) == 5
    assert most == [1]


def test_the_errors_of_a_credential_are_the_tenants(start: Start) -> None:
    start("--token", "expired:expired")
    given = iter(["expired"])
    with Fleet() as fleet:
        fleet.add("never", lambda: 1 / 0, Goal.SYNC)  # type: ignore[arg-type, return-value]
        fleet.add("once", lambda: next(given), Goal.SYNC)
        fleet.add("same", lambda: "expired", Goal.SYNC)
        fleet.close()
        errors = {one.tenant: type(one.error) for one in fleet}
    assert errors == {"never": ZeroDivisionError, "once": StopIteration, "same": ClientAuthenticationError}


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header0123456789.{body}.signature0123456789"


@pytest.mark.parametrize("call", [Client.sync, Client.sync_and_wait, Client.settings, "fleet"])
def test_an_error_says_what_is_wrong_with_the_token(start: Start, call: Any) -> None:
    """But it shows nothing of it, and no id in it."""
    token = jwt({"exp": 1_700_000_000, "oid": "somebody"})
    start("--other-tokens", "expired")

    def error_of(credential: Any) -> str:
        with pytest.raises(ClientAuthenticationError) as raised:
            if call == "fleet":
                with Fleet() as fleet:
                    fleet.add("a", credential)
                    next(fleet).result()
            call(Client(credential))
        assert raised.value.status_code == 401
        return str(raised.value)

    said = error_of(token)
    assert "; hint: the token expired " in said and said.endswith(" days ago")
    assert not any(part in said for part in (*token.split("."), "somebody"))
    assert error_of(lambda: token) == said
    for other in (jwt({"exp": 4_000_000_000}), jwt({}), jwt([]), jwt({"exp": "soon"}), "a.b.c", "opaque"):
        assert "hint" not in error_of(other)


def test_a_call_has_its_own_time(emulator: Emulator) -> None:
    emulator.script({**HANG, "times": 9})
    with Fleet(timeout=86_400) as fleet:
        fleet.add("a", "token", Goal.SETTINGS, timeout=0.5)
        assert isinstance(next(fleet).error, CallTimeoutError)


NO_THREADS = """
import threading
def threads_are_scarce():
    threading.stack_size(1 << 46)  # more than there is: no thread can be started
"""


@posix
@pytest.mark.parametrize("when", ["before", "after"])
def test_without_threads_the_program_itself_does_the_work(start: Start, when: str) -> None:
    """Whether none can be started, or none but the first."""
    start(*of_tenants(8), *QUICK)
    program = f"""
{NO_THREADS}
from autopilot_sync import *
def slow():
    if {when == "after"}:
        threads_are_scarce()
    return "t0"
if {when == "before"}:
    threads_are_scarce()
results = sync_many([slow] + [f"t{{n}}" for n in range(1, 8)], wait=True)
print(*[one.error or one.outcome.answer.name for one in results])
"""
    assert run(program).stdout.split() == ["ACCEPTED"] * 8


@posix
def test_ctrl_c_ends_the_work_of_a_program_without_threads(start: Start) -> None:
    emulator = start(*of_tenants(2), "--duration", "1h")
    program = started(f"""
{NO_THREADS}
threads_are_scarce()
try:
    list(sync_many(["t0", "t1"], wait=True))
except KeyboardInterrupt:
    print("interrupted")
""")
    while [request["method"] for request in emulator.requests()].count("POST") < 2:
        time.sleep(0.01)
    program.send_signal(signal.SIGINT)
    assert program.communicate() == ("interrupted\n", "")


@posix
def test_a_child_made_by_fork_has_it_empty(start: Start) -> None:
    emulator = start(*of_tenants(2), "--duration", "1h")
    out = run("""
import os, warnings
from autopilot_sync import *
warnings.simplefilter("ignore", DeprecationWarning)
fleet = Fleet()
fleet.add("parent's", "t0")
child = os.fork()
if child == 0:
    print(len(fleet), flush=True)
    fleet.add("child's", "t1", Goal.SETTINGS)
    fleet.close()
    print(*[one.tenant for one in fleet], flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len(fleet))
fleet.cancel()
print(next(fleet).tenant)
""").stdout
    assert out.splitlines() == ["0", "child's", "0 1", "parent's"]
    assert emulator.requests()


def test_its_parts_may_end_in_any_order(emulator: Emulator) -> None:
    """As Python ends those of a cycle."""
    fleet = Fleet()
    fleet._crew.__del__()
    fleet.cancel()
    fleet.close()
    del fleet


def test_a_program_may_end_while_a_fleet_works(start: Start) -> None:
    emulator = start(*of_tenants(50), "--duration", "1h")
    program = started("""
fleet = Fleet()
for number in range(50):
    fleet.add(number, f"t{number}")
fleet.me = fleet
input()
""")
    while [request["method"] for request in emulator.requests()].count("POST") < 50:
        time.sleep(0.01)
    assert program.communicate("end\n") == ("", "") and program.returncode == 0


def test_threads_leave_when_nothing_needs_them(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the five that asked credentials, two stay."""
    monkeypatch.setattr("autopilot_sync._crew.IDLE", 10)
    together = threading.Barrier(5)

    def credential() -> str:
        together.wait()
        return "token"

    with Fleet() as fleet:
        for number in range(5):
            fleet.add(number, credential, Goal.SETTINGS)
        for _ in range(5):
            next(fleet)
        while fleet._crew._threads > 2:
            time.sleep(0.01)
