"""What outcomes, errors, settings and results of tenants have in common: the parts of the detail, rows for tables, reprs."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timezone
from typing import Any

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import (
    AutopilotError,
    Client,
    Phase,
    Progress,
    Reading,
    Settings,
    SyncStatus,
    TenantResult,
    Trigger,
    sync_many,
)
from autopilot_sync.outcome import outcome_of
from command import Ran
from conftest import Start
from test_exceptions import detail

PARTS = ("result", "result_name", "message", "status_code", "error", "retry_after", "trigger", "why_unknown", "claims",
         "attempts", "settings")  # fmt: skip
TIME = datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=timezone.utc)
SETTINGS = Settings(
    id="id",
    status=SyncStatus.COMPLETED,
    status_text="completed",
    last_sync=TIME,
    last_sync_text="2026-03-01T10:00:00.5Z",
    last_manual_sync=None,
    last_manual_sync_text="0001-01-01T00:00:00Z",
    next_sync=datetime(2999, 1, 1, tzinfo=timezone.utc),
)


def test_an_outcome_has_what_an_error_has() -> None:
    outcome = outcome_of(detail(0, 204))
    with pytest.raises(AutopilotError) as raised:
        outcome_of(detail(-9, 204))
    for one in (outcome, raised.value):
        assert [getattr(one, name) for name in PARTS] == [getattr(one.detail, name) for name in PARTS]
        assert (one.client_request_id, one.request_id, one.sent) == ("a", None, True)
        assert (one.trigger, one.status_code, one.attempts) == (Trigger.REFUSED, 204, one.detail.attempts)


def test_settings_have_the_detail_of_their_call(emulator: Emulator) -> None:
    reading = Client("token").settings()
    (request,) = emulator.requests()
    assert isinstance(reading, Settings) and reading.detail.settings == reading
    assert (reading.status_code, reading.trigger) == (200, Trigger.NOT_SENT)
    assert reading.client_request_id == dict(request["headers"])["client-request-id"]
    again: Reading = pickle.loads(pickle.dumps(reading))
    assert again == reading and again.request_id == reading.request_id
    assert hash(again) == hash(reading.detail.settings)


def test_a_dict_is_json_with_the_fields_of_the_command_line(start: Start) -> None:
    start("--last-sync", "1h")
    of_command = Ran("status", "--json").json()
    outcome, reading = Client("token").sync(), Client("token").settings()
    assert [*of_command] == ["exit_code", "name", *outcome.detail.to_dict()]
    assert [*of_command["settings"]] == [*reading.to_dict()]
    found = json.loads(json.dumps(outcome.to_dict()))
    assert (found["answer"], found["trigger"], found["result_name"]) == ("ACCEPTED", "ACCEPTED", "AUTOPILOT_OK")
    assert found["attempts"][0]["client_request_id"] == outcome.client_request_id


def test_settings_as_a_dict() -> None:
    found = SETTINGS.to_dict()
    assert found.pop("last_sync_age") > 0
    assert found == {
        "id": "id",
        "status": "COMPLETED",
        "status_text": "completed",
        "last_sync": "2026-03-01T10:00:00.500Z",
        "last_sync_text": "2026-03-01T10:00:00.5Z",
        "last_manual_sync": None,
        "last_manual_sync_text": "0001-01-01T00:00:00Z",
        "next_sync": "2999-01-01T00:00:00.000Z",
    }


def test_an_error_as_a_dict() -> None:
    with pytest.raises(AutopilotError) as raised:
        outcome_of(detail(-9))
    found = json.loads(json.dumps(raised.value.to_dict()))
    assert (found["result"], found["error"]) == (-9, {"code": "Teapot", "message": "short"})


def test_the_results_of_tenants_are_rows_of_one_table(start: Start) -> None:
    def broken() -> str:
        raise RuntimeError("nobody is signed in")

    start("--token", "good", "--other-tokens", "read-only")
    credentials = {"a": "good", "b": "other", "c": broken}
    rows = json.loads(json.dumps([result.to_dict() for result in sync_many(credentials)]))
    assert len({tuple(row) for row in rows}) == 1 and [row["tenant"] for row in rows] == ["a", "b", "c"]
    assert [row["answer"] for row in rows] == ["ACCEPTED", None, None]
    assert [row["result_name"] for row in rows] == ["AUTOPILOT_OK", "AUTOPILOT_ERROR_FORBIDDEN", None]
    assert rows[2]["message"] == "nobody is signed in"


def progress(phase: Phase, next_step: float, status: SyncStatus | None = None) -> Progress:
    settings = None if status is None else Settings(**{**vars(SETTINGS), "status": status})
    return Progress(phase=phase, elapsed=75.0, next_step=next_step, settings=settings, trigger=Trigger.ACCEPTED)


OUTCOME = outcome_of(detail(2))
NOTHING: dict[str, Any] = dict.fromkeys(name for name in vars(SETTINGS) if name != "next_sync")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (SETTINGS, "<Settings status completed, last sync 2026-03-01 10:00:00 UTC, next possible 2999-01-01 00:00:00 UTC>"),
        (
            Settings(**NOTHING, next_sync=TIME),
            "<Settings status none, last sync never, next possible now>",
        ),
        (OUTCOME, "<Outcome TOO_SOON: words>"),
        (OUTCOME.detail, "<Detail AUTOPILOT_UNKNOWN: words>"),
        (OUTCOME.error, "<ServiceError Teapot: short>"),
        (OUTCOME.attempts[0], "<Attempt client_request_id=a, reason=short>"),
        (TenantResult(tenant="a", outcome=OUTCOME, error=None), "<TenantResult a: TOO_SOON: words>"),
        (
            TenantResult(tenant=7, outcome=None, error=RuntimeError("nobody is signed in")),
            "<TenantResult 7: RuntimeError: nobody is signed in>",
        ),
        (progress(Phase.WINDOW, 580), "<Progress Too soon: waiting, next sync in 9 min 40 s (1 min 15 s)>"),
        (
            progress(Phase.WATCHING, 3, SyncStatus.IN_PROGRESS),
            "<Progress The sync is running, next reading in 3 s (1 min 15 s)>",
        ),
        (progress(Phase(9), 0), "<Progress Waiting (1 min 15 s)>"),
    ],
)
def test_a_repr_is_a_short_line(value: object, shown: str) -> None:
    assert repr(value) == shown
