"""Waiting until a sync has completed, and the progress callback."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import (
    Answer,
    CallCancelledError,
    CallTimeoutError,
    Client,
    ForbiddenError,
    InvalidArgumentError,
    Outcome,
    Phase,
    Progress,
    SyncFailedError,
    SyncStatus,
    Trigger,
)
from autopilot_sync._options import check_change
from conftest import Start, ago

# The first reading sees it in progress, the second completed.
QUICK = ("--duration", "3s", "--start-delay", "0s")


Run = Callable[[Callable[[], Outcome]], Outcome]


@pytest.fixture(params=["the main thread", "another thread"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a call. The main thread has a worker make it, other threads make it themselves; both do the same."""
    if request.param == "the main thread":
        assert threading.current_thread() is threading.main_thread()
        return lambda call: call()
    return lambda call: ThreadPoolExecutor(1).submit(call).result()


def test_a_sync_is_awaited(start: Start, run: Run) -> None:
    start(*QUICK)
    seen: list[Progress] = []
    threads = set()

    def note(progress: Progress) -> None:
        seen.append(progress)
        threads.add(threading.get_ident())

    def call() -> Outcome:
        threads.add(threading.get_ident())
        return Client("token").sync_and_wait(60, note)

    outcome = run(call)
    assert (outcome.answer, outcome.detail.trigger) == (Answer.ACCEPTED, Trigger.ACCEPTED)
    assert outcome.settings is not None and outcome.settings.status is SyncStatus.COMPLETED
    assert len(threads) == 1
    assert seen[0].phase is Phase.STARTING and seen[0].settings is None
    assert seen[-1].phase is Phase.WATCHING and seen[-1].settings is not None
    assert (seen[0].trigger, seen[-1].trigger) == (Trigger.NOT_SENT, Trigger.ACCEPTED)
    assert all(earlier.elapsed <= later.elapsed for earlier, later in zip(seen, seen[1:]))
    assert seen[1].next_step > 0 and repr(seen[0]) == "<Progress Reading how the last sync went (0 s)>"


def test_a_sync_that_fails_is_an_error_with_its_settings(start: Start) -> None:
    start(*QUICK, "--failing-runs", "1")
    with pytest.raises(SyncFailedError) as raised:
        Client("token").sync_and_wait(60)
    assert raised.value.settings is not None and raised.value.settings.status is SyncStatus.FAILED


def test_a_deadline_says_how_far_the_wait_came(start: Start) -> None:
    start("--duration", "1h")
    with pytest.raises(CallTimeoutError) as raised:
        Client("token").sync_and_wait(3)
    assert (raised.value.trigger, raised.value.sent) == (Trigger.ACCEPTED, True)
    assert raised.value.settings is not None


def test_an_end_that_cannot_be_observed_says_why(start: Start) -> None:
    start("--other-tokens", "trigger-only")
    outcome = Client("token").sync_and_wait(60)
    assert outcome.answer is Answer.UNCONFIRMED and outcome.detail.trigger is Trigger.ACCEPTED
    assert outcome.why_unknown and outcome.why_unknown.startswith("the settings cannot be read, forbidden: HTTP 403: ")
    assert str(outcome) == f"the end of the sync cannot be observed: {outcome.why_unknown}"


def test_a_window_beyond_the_deadline_is_too_soon_at_once(start: Start) -> None:
    start("--last-sync", "1m")
    outcome = Client("token").sync_and_wait(60)
    assert outcome.answer is Answer.TOO_SOON and outcome.retry_after is not None and outcome.retry_after > 400


def test_false_in_the_window_ends_the_wait_as_too_soon(start: Start, run: Run) -> None:
    start("--last-sync", "1m")
    client = Client("token")
    outcome = run(lambda: client.sync_and_wait(3600, lambda progress: progress.phase is not Phase.WINDOW))
    assert outcome.answer is Answer.TOO_SOON and outcome.retry_after is not None


def test_false_elsewhere_cancels_the_wait(emulator: Emulator, run: Run) -> None:
    client = Client("token")
    with pytest.raises(CallCancelledError) as raised:
        run(lambda: client.sync_and_wait(progress=lambda progress: progress.phase is not Phase.WATCHING))
    assert raised.value.trigger is Trigger.ACCEPTED
    with pytest.raises(CallCancelledError) as raised:
        run(lambda: client.sync_and_wait(progress=lambda _: False))
    assert not raised.value.sent


@pytest.mark.parametrize("answer", [None, True, 0, ""])
def test_nothing_else_that_is_returned_ends_it(start: Start, answer: object) -> None:
    start("--other-tokens", "forbidden")
    with pytest.raises(ForbiddenError):
        Client("token").sync_and_wait(60, lambda _: answer)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_what_the_callback_raises_comes_through(
    emulator: Emulator, run: Run, error: type[BaseException]
) -> None:
    def fail(progress: Progress) -> None:
        if progress.phase is Phase.WATCHING:
            raise error("from the callback")

    client = Client("token")
    with pytest.raises(error, match="from the callback"):
        run(lambda: client.sync_and_wait(progress=fail))
    assert client.sync().answer is Answer.ALREADY_RUNNING


def test_the_callback_may_use_the_client(emulator: Emulator, run: Run) -> None:
    client = Client("token")
    statuses = []

    def look(progress: Progress) -> bool:
        statuses.append(client.settings().status)
        return progress.phase is not Phase.WATCHING

    with pytest.raises(CallCancelledError):
        run(lambda: client.sync_and_wait(progress=look))
    assert statuses[0] is SyncStatus.COMPLETED


def test_another_thread_cancels_a_wait(emulator: Emulator, run: Run) -> None:
    client = Client("token")

    def cancel_elsewhere(progress: Progress) -> None:
        if progress.phase is Phase.WATCHING:
            thread = threading.Thread(target=client.cancel)
            thread.start()
            thread.join()

    with pytest.raises(CallCancelledError):
        run(lambda: client.sync_and_wait(progress=cancel_elsewhere))
    assert client.sync().answer is Answer.ALREADY_RUNNING


@pytest.mark.parametrize("zone", [timezone.utc, timezone(timedelta(hours=5, minutes=30))])
def test_a_sync_since_the_change_is_enough(start: Start, run: Run, zone: timezone) -> None:
    emulator = start("--last-sync", "1h")
    client = Client("token")
    outcome = run(lambda: client.sync_since(ago(hours=2).astimezone(zone)))
    assert (outcome.answer, outcome.detail.trigger) == (Answer.UP_TO_DATE, Trigger.NOT_SENT)
    assert str(outcome) == "up to date: a sync has completed since" and outcome.settings is not None
    assert [request["method"] for request in emulator.requests()] == ["GET"]


def test_if_none_has_completed_since_the_change_it_triggers_and_waits(start: Start, run: Run) -> None:
    start("--last-sync", "1h", *QUICK)
    seen: list[Progress] = []
    client = Client("token")
    outcome = run(lambda: client.sync_since(ago(minutes=30), timeout=60, progress=seen.append))
    assert (outcome.answer, outcome.detail.trigger) == (Answer.ACCEPTED, Trigger.ACCEPTED)
    assert (seen[0].phase, seen[-1].phase) == (Phase.STARTING, Phase.WATCHING)


def test_a_sync_of_somebody_else_that_began_after_the_change_is_joined(start: Start) -> None:
    emulator = start("--last-sync", "1h", *QUICK)
    assert Client("token").sync().answer is Answer.ACCEPTED
    outcome = Client("token").sync_since(ago(minutes=1), timeout=60)
    assert (outcome.answer, outcome.detail.trigger) == (Answer.ALREADY_RUNNING, Trigger.JOINED)
    assert [request["method"] for request in emulator.requests()].count("POST") == 1


def test_the_callback_ends_a_wait_since_a_change_too(start: Start) -> None:
    start("--last-sync", "1m")
    outcome = Client("token").sync_since(ago(), progress=lambda progress: progress.phase is not Phase.WINDOW)
    assert outcome.answer is Answer.TOO_SOON and outcome.retry_after is not None


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (datetime.now(), ValueError, "change has no time zone: give one"),
        ("2026-11-27T08:00Z", TypeError, "change must be a datetime, not str"),
        (datetime.now().date(), TypeError, "change must be a datetime, not date"),
        (None, TypeError, "change must be a datetime"),
        (ago(days=-1), InvalidArgumentError, "more than five minutes in the future"),
        (datetime(1999, 12, 31, tzinfo=timezone.utc), InvalidArgumentError, "before the year 2000"),
        (datetime.min.replace(tzinfo=timezone.utc), InvalidArgumentError, "before the year 2000"),
        (datetime.max.replace(tzinfo=timezone.utc), InvalidArgumentError, "more than five minutes in the future"),
    ],
)
def test_what_cannot_be_the_time_of_a_change(
    emulator: Emulator, change: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Client("token").sync_since(change)
    assert emulator.requests() == []


def test_a_wait_since_a_change_has_a_deadline_within_a_day(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="timeout"):
        Client("token").sync_since(ago(), timeout=0)
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=timezone.utc), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 1000, timezone.utc), 1),
        (datetime(1970, 1, 1, 0, 0, 0, 1001, timezone.utc), 2),
        (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=1))), 3_600_000),
    ],
)
def test_the_time_of_a_change_is_rounded_up(change: datetime, expected: int) -> None:
    assert check_change("change", change) == expected
