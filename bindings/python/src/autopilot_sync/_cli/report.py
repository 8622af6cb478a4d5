"""The result of a call, for people and for programs."""

from __future__ import annotations

import json
import signal
from datetime import datetime, timezone

from .._values import Record
from ..detail import Detail, Trigger
from ..exceptions import AutopilotError
from ..outcome import Outcome
from ..settings import Settings
from . import exit_code, formatting, health
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


class Report(Record):
    """The result of a call: an answer, the settings, or an error.

    Attributes:
        tenant: The tenant's name. None without --many.
        name: One word for people, such as "ACCEPTED" or "FORBIDDEN".
        message: What happened.
        exit_code: The exit code.
        detail: What else is known. None if no call was made or it gives none.
        settings: The last settings that the call read. None if it read none.
    """

    tenant: str | None
    name: str
    message: str
    exit_code: int
    detail: Detail | None
    settings: Settings | None

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
        """The settings, if the call only read them."""
        return self.settings if self.detail is None else None

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
        has_ended = self.exit_code == ExitCode.SYNC_FAILED
        hints = ["" if has_ended else _HINTS.get(self.detail.trigger, "")]
        for attempt in self.detail.attempts[-1:]:
            hints.append(f"client-request-id: {attempt.client_request_id}")
            hints.append(f"request-id: {attempt.request_id}" if attempt.request_id else "")
        return [hint for hint in hints if hint]

    def json(self) -> str:
        """All of it on one line. Unknown values are null."""
        detail, settings = self.detail, self.settings
        fields: dict[str, Any] = {"tenant": self.tenant} if self.tenant is not None else {}
        fields.update(
            exit_code=self.exit_code,
            result=0 if self.read else detail and detail.result,
            result_name="AUTOPILOT_OK" if self.read else detail and detail.result_name,
            message=self.message,
            status_code=detail and detail.status_code,
            error=detail and detail.error and {"code": detail.error.code, "message": detail.error.message},
            retry_after=detail and detail.retry_after,
            trigger=detail and detail.trigger.name,
            why_unknown=detail and detail.why_unknown,
            attempts=detail
            and [
                {"client_request_id": one.client_request_id, "request_id": one.request_id} for one in detail.attempts
            ],
            settings=settings
            and {
                "status": settings.status and settings.status.name,
                "status_text": settings.status_text,
                "last_sync": _iso(settings.last_sync),
                "last_sync_age": settings.last_sync and round(formatting.age(settings.last_sync, _now()), 3),
                "last_manual_sync": _iso(settings.last_manual_sync),
                "next_sync": _iso(settings.next_sync),
            },
        )
        return json.dumps(fields)


def of_outcome(outcome: Outcome, tenant: str | None = None) -> Report:
    return Report(
        tenant=tenant,
        name=outcome.answer.name,
        message=str(outcome),
        exit_code=exit_code.of_answer(outcome.answer),
        detail=outcome.detail,
        settings=outcome.settings,
    )


def of_settings(settings: Settings, max_age: float | None, tenant: str | None = None) -> Report:
    code, message = health.of(settings, max_age, _now())
    return Report(tenant=tenant, name=code.name, message=message, exit_code=code, detail=None, settings=settings)


def of_error(error: BaseException, tenant: str | None = None) -> Report:
    detail = error.detail if isinstance(error, AutopilotError) else None
    code = exit_code.of_error(error)
    return Report(
        tenant=tenant,
        name=code.name if detail is None else detail.result_name.replace("AUTOPILOT_ERROR_", ""),
        message=str(error) or type(error).__name__,
        exit_code=code,
        detail=detail,
        settings=None if detail is None else detail.settings,
    )


def of_failure(message: str, code: ExitCode) -> Report:
    """For a failure before any call."""
    return Report(tenant=None, name=code.name, message=message, exit_code=code, detail=None, settings=None)


def of_interruption(number: int, error: BaseException | None = None, tenant: str | None = None) -> Report:
    """For a call that a signal ended. The error, if there is one, tells how far the call came."""
    detail = error.detail if isinstance(error, AutopilotError) else None
    message = f"interrupted: by {signal.Signals(number).name}"
    if tenant is not None and detail is not None:  # there is no other line for a hint
        message += f". {_HINTS.get(detail.trigger, '')}"
    return Report(
        tenant=tenant,
        name=ExitCode.INTERRUPTED.name,
        message=message,
        exit_code=128 + number,
        detail=detail,
        settings=None if detail is None else detail.settings,
    )


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
