"""The result of a call, for people and for programs."""

from __future__ import annotations

import json
import signal

from .._values import Record
from .._words import now
from ..detail import Detail, Trigger
from ..exceptions import AutopilotError
from ..outcome import Answer, Outcome
from ..settings import Settings
from . import exit_code, health
from .exit_code import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HINTS = {
    Trigger.NOT_SENT: "No sync was triggered.",
    Trigger.MAY_HAVE_RUN: "The trigger was sent and may have started a sync. Running this again is harmless.",
    Trigger.REFUSED: "No sync was started.",
    Trigger.ACCEPTED: "The sync was accepted earlier and goes on without this program.",
    Trigger.JOINED: "The running sync goes on without this program.",
}
_NO_TOKEN_HINT = "See autopilot-sync --help for the ways to give it a token."

COLUMNS = ("tenant", "name", "exit_code", "status", "last_sync", "next_sync", "message")
"""What a row of a table has. A single result has no tenant."""


class Report(Record):
    """The result of a call: an answer, the settings, or an error.

    Attributes:
        tenant: The tenant's name. None without --many.
        name: One word for people, such as "COMPLETED" or "FORBIDDEN".
        message: What happened.
        exit_code: The exit code.
        detail: What else is known about the call. None if no call was made.
        reads: Whether the call only reads the settings, so that there is no trigger to tell of.
    """

    tenant: str | None
    name: str
    message: str
    exit_code: int
    detail: Detail | None
    reads: bool

    @property
    def settings(self) -> Settings | None:
        """The last settings that the call read."""
        return None if self.detail is None else self.detail.settings

    @property
    def is_error(self) -> bool:
        return self.exit_code > ExitCode.UNCONFIRMED

    @property
    def is_interrupted(self) -> bool:
        return self.exit_code > 128

    @property
    def kind(self) -> str:
        """What many tenants may have in common."""
        return f"{self.name}: {self.line}" if self.is_interrupted else self.name

    @property
    def read(self) -> Settings | None:
        """The settings, if the call only reads them."""
        return self.settings if self.reads else None

    @property
    def line(self) -> str:
        """The first line of the message, without the name if it begins with that."""
        line = self.message.partition("\n")[0]
        kind, _, rest = line.partition(": ")
        return rest if kind.replace(" ", "_").upper() == self.name else line

    @property
    def hints(self) -> list[str]:
        """What the error means for the sync, and the ids that Microsoft's support asks for."""
        if self.detail is None:
            return [_NO_TOKEN_HINT] if self.exit_code == ExitCode.NO_TOKEN else []
        if self.read is not None:
            return []
        has_ended = self.exit_code == ExitCode.SYNC_FAILED
        hints = ["" if has_ended or self.reads else _HINTS.get(self.detail.trigger, "")]
        for attempt in self.detail.attempts[-1:]:
            hints.append(f"client-request-id: {attempt.client_request_id}")
            hints.append(f"request-id: {attempt.request_id}" if attempt.request_id else "")
        return [hint for hint in hints if hint]

    def facts(self) -> dict[str, Any]:
        """All of it. Unknown values are None."""
        detail = dict.fromkeys(Detail._fields) if self.detail is None else self.detail.to_dict()
        tenant = {} if self.tenant is None else {"tenant": self.tenant}
        return {**tenant, "exit_code": self.exit_code, "name": self.name, **detail, "message": self.message}

    def json(self) -> str:
        """All of it on one line."""
        return json.dumps(self.facts())

    def row(self) -> dict[str, str]:
        """The columns of a table that it has."""
        facts = self.facts()
        known = {**(facts["settings"] or {}), **facts}
        return {name: _cell(known.get(name)) for name in COLUMNS if name != "tenant" or name in facts}


def of_outcome(outcome: Outcome, tenant: str | None = None) -> Report:
    return Report(
        tenant=tenant,
        name="COMPLETED" if _has_completed(outcome) else outcome.answer.name,
        message=str(outcome),
        exit_code=exit_code.of_answer(outcome.answer),
        detail=outcome.detail,
        reads=False,
    )


def of_settings(detail: Detail, max_age: float | None, tenant: str | None = None) -> Report:
    """For a call that has read the settings."""
    assert detail.settings is not None
    code, message = health.of(detail.settings, max_age, now())
    return Report(tenant=tenant, name=code.name, message=message, exit_code=code, detail=detail, reads=True)


def of_error(error: BaseException, tenant: str | None = None, *, reads: bool = False) -> Report:
    detail = error.detail if isinstance(error, AutopilotError) else None
    code = exit_code.of_error(error)
    return Report(
        tenant=tenant,
        name=code.name if detail is None else detail.result_name.replace("AUTOPILOT_ERROR_", ""),
        message=str(error) or type(error).__name__,
        exit_code=code,
        detail=detail,
        reads=reads,
    )


def of_failure(message: str, code: ExitCode) -> Report:
    """For a failure before any call."""
    return Report(tenant=None, name=code.name, message=message, exit_code=code, detail=None, reads=False)


def of_interruption(
    number: int, error: BaseException | None = None, tenant: str | None = None, *, reads: bool = False
) -> Report:
    """For a call that a signal ended. The error, if there is one, tells how far the call came."""
    detail = error.detail if isinstance(error, AutopilotError) else None
    message = f"interrupted: by {signal.Signals(number).name}"
    if tenant is not None and detail is not None and not reads:  # there is no other line for a hint
        message += f". {_HINTS.get(detail.trigger, '')}"
    name = ExitCode.INTERRUPTED.name
    return Report(tenant=tenant, name=name, message=message, exit_code=128 + number, detail=detail, reads=reads)


def _has_completed(outcome: Outcome) -> bool:
    """Whether a wait saw the sync's end, so that it is more than accepted or running."""
    if outcome.answer is Answer.ALREADY_RUNNING:
        return outcome.trigger is Trigger.JOINED
    return outcome.answer is Answer.ACCEPTED and outcome.settings is not None


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())
