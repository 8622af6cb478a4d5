"""Which exception each failure raises, its attributes, and pickling."""

from __future__ import annotations

import pickle
import traceback
from enum import Enum
from typing import Any

import autopilot_sync
import pytest
from autopilot_emulator import Emulator
from autopilot_sync import (
    Answer,
    Attempt,
    AutopilotError,
    CallTimeoutError,
    Client,
    ClientAuthenticationError,
    Detail,
    ForbiddenError,
    HttpResponseError,
    InvalidArgumentError,
    Outcome,
    ServiceError,
    ServiceResponseError,
    Trace,
    Trigger,
    UnexpectedResponseError,
)
from autopilot_sync.outcome import outcome_of
from conftest import HANG, SECRET, Start


@pytest.mark.parametrize(
    ("access", "kind", "status", "name"),
    [
        ("expired", ClientAuthenticationError, 401, "AUTOPILOT_ERROR_UNAUTHORIZED"),
        ("challenged", ClientAuthenticationError, 401, "AUTOPILOT_ERROR_UNAUTHORIZED"),
        ("unlicensed", ForbiddenError, 401, "AUTOPILOT_ERROR_FORBIDDEN"),
        ("read-only", ForbiddenError, 403, "AUTOPILOT_ERROR_FORBIDDEN"),
    ],
)
def test_refusals(start: Start, access: str, kind: type[HttpResponseError], status: int, name: str) -> None:
    emulator = start("--other-tokens", access)
    with pytest.raises(HttpResponseError) as raised:
        Client(SECRET).sync()
    error = raised.value
    assert type(error) is kind
    assert (error.status_code, error.result_name, error.trigger) == (status, name, Trigger.REFUSED)
    assert error.sent and error.error is not None and error.error.message
    assert error.error.code and error.message == str(error) and f"HTTP {status}" in str(error)
    assert (error.claims is not None) == (access == "challenged")
    (request,) = emulator.requests()
    assert error.client_request_id == dict(request["headers"])["client-request-id"] and error.request_id


@pytest.mark.parametrize(
    ("step", "kind", "trigger"),
    [
        ({"answer": {"error": 500}}, HttpResponseError, Trigger.MAY_HAVE_RUN),
        ({"fault": "lose-reply"}, ServiceResponseError, Trigger.MAY_HAVE_RUN),
        ({"answer": {"reply": {"status": 403, "body": "no", "bare": True}}}, UnexpectedResponseError, Trigger.REFUSED),
        ({"fault": {"raw": "nonsense\r\n\r\n"}}, UnexpectedResponseError, Trigger.MAY_HAVE_RUN),
    ],
)
def test_failures(emulator: Emulator, step: dict[str, Any], kind: type[AutopilotError], trigger: Trigger) -> None:
    emulator.script(step)
    with pytest.raises(AutopilotError) as raised:
        Client("token").sync()
    assert (type(raised.value), raised.value.trigger, raised.value.sent) == (kind, trigger, True)


def test_a_deadline_is_a_timeout_error(emulator: Emulator) -> None:
    emulator.script(HANG)
    with pytest.raises(TimeoutError) as raised:
        Client("token", timeout=0.2, max_retries=0).sync()
    assert isinstance(raised.value, CallTimeoutError) and raised.value.result == -4


def test_throttling_says_when_to_ask_again(emulator: Emulator) -> None:
    reply = {"status": 503, "headers": [["Retry-After", "77"]], "body": "{}"}
    emulator.script({"answer": {"reply": reply}})
    with pytest.raises(HttpResponseError) as raised:
        Client("token").sync()
    assert raised.value.retry_after == 77.0


@pytest.mark.parametrize(
    ("token", "offset"),
    [("", None), ("a b", 1), ("a\0b", 1), ("ab\u00e9", 2), ("\udcff", None), ("\ud800", None), ("Bearer x", None)],
)
def test_what_cannot_be_a_token_is_a_value_error(emulator: Emulator, token: str, offset: int | None) -> None:
    with pytest.raises(ValueError) as raised:
        Client(token).sync()
    assert isinstance(raised.value, InvalidArgumentError) and not raised.value.sent
    if offset is not None:
        assert str(raised.value).endswith(f"at offset {offset}")
    assert emulator.requests() == []


def test_no_error_shows_a_token_that_the_server_repeats(emulator: Emulator) -> None:
    emulator.script({"answer": {"echo": 401}}, {"answer": {"echo": 400}})
    for _ in range(2):
        with pytest.raises(AutopilotError) as raised:
            Client(SECRET).sync()
        error = raised.value
        shown = f"{error!r} {error} {error.args} {error.detail} {traceback.format_exception(type(error), error, None)}"
        frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
        inside = [frame for frame in frames if "autopilot_sync" in frame.filename]
        assert inside
        shown += str([frame.locals for frame in inside])
        assert not any(part in shown for part in SECRET.split("."))


def detail(result: int, status_code: int = 418) -> Detail:
    return Detail(
        result=result,
        result_name="AUTOPILOT_UNKNOWN",
        message="words",
        status_code=status_code,
        error=ServiceError(code="Teapot", message="short"),
        retry_after=1.5,
        trigger=Trigger.REFUSED,
        why_unknown=None,
        claims=None,
        attempts=(Attempt(client_request_id="a", request_id=None, reason="short"),),
        settings=None,
        trace=Trace(lines="0 ms request: not sent: short\n"),
    )


def test_unknown_numbers_are_answers_from_zero_up_and_errors_below() -> None:
    answer = outcome_of(detail(77)).answer
    assert answer.value == 77 and answer is Answer(77) and answer.name == "UNKNOWN_77"
    assert answer not in list(Answer) and answer != Answer.ACCEPTED
    with pytest.raises(AutopilotError) as raised:
        outcome_of(detail(-77))
    assert type(raised.value) is AutopilotError and raised.value.result == -77
    with pytest.raises(ValueError):
        Answer("ACCEPTED")


@pytest.mark.parametrize("result", [*range(-13, 0), -77])
def test_errors_travel_between_processes(result: int) -> None:
    with pytest.raises(AutopilotError) as raised:
        outcome_of(detail(result))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(raised.value, protocol))
        assert (type(again), again.detail, str(again)) == (type(raised.value), detail(result), "words")


def test_outcomes_travel_between_processes() -> None:
    for result in (0, 77):
        one = outcome_of(detail(result))
        again: Outcome = pickle.loads(pickle.dumps(one))
        assert again == one and again.answer is one.answer


def test_records_are_made_of_all_their_fields_and_no_others() -> None:
    with pytest.raises(TypeError, match="code, message"):
        ServiceError(code="x")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        del detail(0).message
    assert ServiceError(code="x", message=None) != ("x", None)


CLASSES = [one for one in (getattr(autopilot_sync, name) for name in autopilot_sync.__all__) if isinstance(one, type)]


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if not issubclass(kind, Enum)])
def test_what_is_half_made_has_a_repr(kind: Any) -> None:
    """For every public class: error reporters see such objects in the frame of `__init__`."""
    assert kind.__name__ in repr(kind.__new__(kind))
