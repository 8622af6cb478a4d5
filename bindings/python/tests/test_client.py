"""The client: answers, options, arguments, closing."""

from __future__ import annotations

import copy
import os
import pickle
from datetime import timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, Callable

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import (
    Answer,
    CallCancelledError,
    Client,
    Cloud,
    ConfigurationError,
    ServiceRequestError,
    SyncStatus,
    TlsError,
    TraceEvent,
    Trigger,
)
from autopilot_sync._canceller import Canceller
from autopilot_sync._secret import Secret
from autopilot_sync._options import Options
from conftest import SECRET, Start, run, since_now


def test_the_answers_of_a_trigger(emulator: Emulator) -> None:
    with Client("token") as client:
        first = client.sync()
        assert (first.answer, first.detail.trigger, first.detail.status_code) == (Answer.ACCEPTED, Trigger.ACCEPTED, 204)
        assert first.detail.result_name == "AUTOPILOT_OK" and str(first) == "the service accepted the trigger"
        assert client.sync().answer is Answer.ALREADY_RUNNING
        emulator.advance("1m")
        third = client.sync()
    assert (third.answer, third.detail.trigger, third.detail.status_code) == (Answer.TOO_SOON, Trigger.REFUSED, 429)
    # Neither the emulator nor the service says until when, so the call has read the settings.
    assert third.settings and third.retry_after and third.retry_after <= 611 and third.why_unknown is None
    ids = [attempt.client_request_id for attempt in third.detail.attempts]
    sent = [dict(request["headers"])["client-request-id"] for request in emulator.requests()[-2:]]
    assert ids == sent and third.detail.attempts[0].request_id


def test_the_trace_of_a_call_tells_what_happened_when(emulator: Emulator) -> None:
    with Client(SECRET) as client:
        first, second = client.sync(), client.sync()
    (sent, reply) = second.detail.trace
    assert isinstance(sent, TraceEvent) and (sent.topic, reply.topic) == ("request", "reply")
    assert sent.text.startswith("POST /beta/deviceManagement/windowsAutopilotSettings/sync (client-request-id ")
    assert reply.text.startswith("HTTP 409 ") and 0 <= sent.at <= reply.at
    assert str(reply) == f"{round(reply.at * 1000)} ms reply: {reply.text}" == str(second.detail.trace).splitlines()[1]
    trace = first.detail.trace
    assert len(trace) == len(list(trace)) > 5 and trace[0].topic == "proxy" and trace[-1] == list(trace)[-1]
    assert str(trace).splitlines() == [str(event) for event in trace]
    assert trace == pickle.loads(pickle.dumps(trace)) != second.detail.trace
    assert not any(part in repr(first) + str(trace) for part in SECRET.split("."))


def test_an_attempt_that_failed_says_why(emulator: Emulator) -> None:
    emulator.script({"answer": {"reply": {"status": 503, "headers": [["Retry-After", "1"]]}}})
    (failed, accepted) = Client("token").sync().detail.attempts
    assert failed.reason and "HTTP 503" in failed.reason and accepted.reason is None


def test_a_client_describes_itself_on_one_line(emulator: Emulator) -> None:
    with Client(SECRET, max_retries=7, timeout=1.5) as client:
        line = str(client)
    assert line.startswith("autopilot-sync ") and "; https://graph.microsoft.com; proxy: http://" in line
    assert ", from HTTPS_PROXY; trust: SSL_CERT_FILE (1 certificate, " in line
    assert line.endswith("; timeout: 1.5s; retries: 7")
    assert str(client) == repr(client), "closed"


def test_a_client_that_only_triggers(start: Start) -> None:
    emulator = start("--last-sync", "1m")
    with Client("token", trigger_only=True) as client:
        outcome = client.sync()
    assert (outcome.answer, outcome.retry_after, outcome.settings) == (Answer.TOO_SOON, None, None)
    assert outcome.why_unknown is None
    assert len(emulator.requests()) == 1


def test_why_the_time_to_ask_again_is_unknown(start: Start) -> None:
    start("--last-sync", "1m", "--other-tokens", "trigger-only")
    outcome = Client("token").sync()
    assert (outcome.answer, outcome.retry_after) == (Answer.TOO_SOON, None)
    assert outcome.why_unknown and outcome.why_unknown.startswith("the settings cannot be read, forbidden: HTTP 403: ")
    assert str(outcome).endswith(f"; the time of the next is unknown: {outcome.why_unknown}")


def test_the_time_to_ask_again(start: Start) -> None:
    start("--retry-after", "seconds", "--last-sync", "100s", "--speed", "0")
    assert Client("token").sync().retry_after == 500.0


def test_settings(start: Start) -> None:
    emulator = start("--last-sync", "1h", "--last-trigger", "never", "--speed", "0")
    client = Client("token")
    settings = client.settings()
    assert settings.status is SyncStatus.COMPLETED and settings.status_text == "completed"
    assert settings.last_sync is not None and settings.last_sync.tzinfo is timezone.utc
    assert settings.next_sync == settings.last_sync + timedelta(minutes=10, seconds=10)
    assert settings.last_sync_text is not None
    assert settings.last_sync_text.startswith(settings.last_sync.strftime("%Y-%m-%dT%H:%M:%S."))
    assert settings.last_manual_sync is None
    assert settings == pickle.loads(pickle.dumps(settings)) == client.settings()
    assert hash(settings) == hash(client.settings())
    with pytest.raises(AttributeError):
        settings.status = None  # type: ignore[misc]
    assert [request["method"] for request in emulator.requests()] == ["GET"] * 3


def test_a_status_that_is_not_known_keeps_its_text(emulator: Emulator) -> None:
    body = '{"syncStatus": "dreaming", "lastSyncDateTime": "9999-12-31T23:59:59Z"}'
    emulator.script({"answer": {"reply": {"status": 200, "body": body}}})
    settings = Client("token").settings()
    assert (settings.status, settings.status_text) == (SyncStatus.OTHER, "dreaming")
    assert settings.last_sync is not None and settings.last_sync.year == 9999
    assert settings.next_sync is None  # no datetime has a year 10000


def test_a_status_that_is_not_said_is_none(emulator: Emulator) -> None:
    emulator.script({"answer": {"reply": {"status": 200, "body": '{"lastSyncDateTime": "2026-01-02T03:04:05Z"}'}}})
    assert Client("token").settings().status is None


def test_the_one_call_shares_a_connection(emulator: Emulator) -> None:
    program = "import autopilot_sync\nfor _ in range(3): print(autopilot_sync.sync('token').answer.name)"
    assert run(program).stdout.split() == ["ACCEPTED", "ALREADY_RUNNING", "ALREADY_RUNNING"]
    assert {request["connection"] for request in emulator.requests()} == {1}


@pytest.mark.parametrize("cloud", Cloud)
def test_each_cloud_is_called_where_it_is(emulator: Emulator, cloud: Cloud) -> None:
    Client("token", cloud=cloud).settings()
    assert emulator.requests()[0]["host"] == cloud.root.replace("https://", "")


def test_options_lead_there_without_the_environment(start: Start) -> None:
    emulator = start("--proxy-credentials", "user:secret")
    options: dict[str, Any] = {"proxy": emulator.proxy, "ca_file": Path(emulator.ca_file), "ignore_environment": True}
    client = Client("token", user_agent_suffix="acme-agent/3.1", timeout=20, connect_timeout=20.5, max_retries=0, **options)
    client.settings()
    Client("token", base_url=emulator.direct_url, proxy="", ca_file=emulator.ca_file).settings()
    first, second = emulator.requests()
    assert dict(first["headers"])["user-agent"].endswith(" acme-agent/3.1")
    assert (first["via"], second["via"]) == ("proxy", "direct")


def test_the_environment_is_ignored_where_that_is_wanted(emulator: Emulator) -> None:
    os.environ["SSL_CERT_FILE"] = "/nowhere.pem"
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        Client("token")
    with pytest.raises(ConfigurationError, match="/nowhere.pem"):
        Client("token", ca_file="/nowhere.pem", ignore_environment=True)
    with pytest.raises(ServiceRequestError) as refused:
        Client("token", proxy="http://127.0.0.1:1", ignore_environment=True, max_retries=0).sync()
    assert not refused.value.sent and refused.value.status_code is None
    with pytest.raises(TlsError):
        Client("token", proxy=emulator.proxy, ignore_environment=True, max_retries=0).sync()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"cloud": "global"}, TypeError),
        ({"cloud": Cloud.CHINA, "base_url": "https://graph.example"}, ValueError),
        ({"base_url": "http://graph.example"}, ValueError),
        ({"base_url": "https://graph.example/beta"}, ValueError),
        ({"base_url": "https://graph.example\0.evil"}, ValueError),
        ({"base_url": b"https://graph.example"}, TypeError),
        ({"proxy": "ftp://user:password0123@proxy"}, ValueError),
        ({"proxy": 1}, TypeError),
        ({"ca_file": 1}, TypeError),
        ({"ca_file": ""}, ValueError),
        ({"ca_file": "a\0b"}, ValueError),
        ({"ca_file": "\udcff"}, ValueError),
        ({"ca_file": b"a.pem"}, TypeError),
        ({"timeout": 0}, ValueError),
        ({"timeout": -1}, ValueError),
        ({"timeout": 86_401}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"timeout": float("inf")}, ValueError),
        ({"timeout": "30"}, TypeError),
        ({"timeout": True}, TypeError),
        ({"connect_timeout": 0.0}, ValueError),
        ({"max_retries": -1}, ValueError),
        ({"max_retries": 11}, ValueError),
        ({"max_retries": 2**32 + 1}, ValueError),
        ({"max_retries": 1.0}, TypeError),
        ({"user_agent_suffix": ""}, ValueError),
        ({"user_agent_suffix": "a\r\nb"}, ValueError),
        ({"retries": 1}, TypeError),
    ],
)
def test_a_wrong_option_is_an_error_that_names_it(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        Client("token", **options)
    assert next(iter(options)) in str(raised.value) or "os.PathLike" in str(raised.value)
    assert "password0123" not in str(raised.value)


@pytest.mark.parametrize("timeout", [0, 86_401, float("nan")])
def test_a_wait_has_a_deadline_within_a_day(emulator: Emulator, timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        Client("token").sync_and_wait(timeout)
    assert emulator.requests() == []


@pytest.mark.parametrize("call", [Client.sync, Client.settings, Client.sync_and_wait, since_now])
def test_a_call_whose_client_ends_as_it_begins_sends_nothing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, call: Callable[[Client], object]
) -> None:
    """A signal handler, or the thread that leaves sync_many, ends it just before the call can be cancelled."""
    client = Client("token")
    of_tenant = client._for_tenant(Secret("other-token"))

    def cancel() -> Canceller:
        client._end()
        return Canceller()

    monkeypatch.setattr("autopilot_sync.client.Canceller", cancel)
    with pytest.raises(ValueError, match="the client is closed"):
        call(of_tenant)
    assert emulator.requests() == []


@pytest.mark.parametrize("call", [Client.sync, Client.settings, Client.sync_and_wait, since_now])
def test_a_call_that_ends_as_it_asks_for_its_token_sends_nothing(
    emulator: Emulator, call: Callable[[Client], object]
) -> None:
    def credential() -> str:
        client._end()
        return "token"

    client = Client(credential)
    with pytest.raises(CallCancelledError):
        call(client)
    assert emulator.requests() == []


def test_use_after_close_raises(emulator: Emulator) -> None:
    client = Client("token")
    with client as same:
        assert same is client
        client.sync()
    for use in (client.sync, client.settings, client.sync_and_wait, partial(since_now, client), client.__enter__):
        with pytest.raises(ValueError, match="the client is closed"):
            use()
    client.close()
    client.cancel()
    assert "closed" in repr(client)


def test_a_client_shows_no_token_and_cannot_be_pickled() -> None:
    client = Client(SECRET, base_url="https://graph.example/")
    assert repr(client) == "<autopilot_sync.Client with <str for https://graph.example/.default>>"
    for travel in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            travel(client)


def half_made() -> list[Client]:
    """Error reporters see such clients in the frame of `__init__`."""
    found = [Client.__new__(Client) for _ in range(3)]
    with pytest.raises(ValueError):
        found[1].__init__(SECRET, timeout=0)  # type: ignore[misc]
    with pytest.raises(ConfigurationError):
        found[2].__init__(SECRET, ca_file="/nowhere.pem")  # type: ignore[misc]
    return found


def test_a_half_made_client_is_as_good_as_closed() -> None:
    assert [repr(client) for client in half_made()] == [
        "<closed autopilot_sync.Client with no credential>",
        "<closed autopilot_sync.Client with no credential>",
        "<closed autopilot_sync.Client with <str for https://graph.microsoft.com/.default>>",
    ]
    for client in half_made():
        for use in (client.sync, client.settings, client.sync_and_wait, partial(since_now, client), client.__enter__):
            with pytest.raises(ValueError, match="the client is closed"):
                use()
        client.cancel()
        client.__exit__(None, None, None)
        client._end()


@pytest.mark.parametrize("kind", [Canceller, Options, Client])
def test_what_is_half_made_ends_in_silence(kind: type[object]) -> None:
    unraisable: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.unraisablehook", unraisable.append)
        kind.__new__(kind)
    assert unraisable == []
