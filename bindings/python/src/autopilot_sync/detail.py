"""What is known of a call beside its result, the same for an answer and for an error."""

from __future__ import annotations

from ctypes import byref, c_void_p

from . import settings
from ._library import native, text
from ._numbers import Number
from ._record import Record
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Trigger(Number):
    """What became of the trigger, the request that starts a sync."""

    NOT_SENT = 0
    """It was not sent."""
    MAY_HAVE_RUN = 1
    """It was sent, and whether it started a sync is not known."""
    REFUSED = 2
    """It was sent, and started no sync."""
    ACCEPTED = 3
    """It was accepted: a sync starts or has started."""
    JOINED = 4
    """A sync that was running already was joined."""


class ServiceError(Record):
    """The service's own words."""

    __slots__ = ("code", "message")

    code: str | None
    """Graph's error code, such as "Forbidden", for logs: it differs between the service's front ends."""
    message: str | None
    """One line, taken out of the service's envelopes."""


class Attempt(Record):
    """One request of a call."""

    __slots__ = ("client_request_id", "request_id")

    client_request_id: str | None
    """The GUID that the library gave it. Microsoft's support asks for it; Intune shows it as "Activity ID"."""
    request_id: str | None
    """The id that Graph gave it. None if it was not answered."""


class Detail(Record):
    """What is known of a call. The token is in none of it, whatever the server answers."""

    __slots__ = (
        "result", "result_name", "message", "status_code", "error", "retry_after", "trigger", "claims", "attempts",
        "settings",
    )  # fmt: skip

    result: int
    """The number that the call came to, the same in every language: below zero are errors."""
    result_name: str
    """Its name in C, such as "AUTOPILOT_SYNC_TOO_SOON", for a log."""
    message: str
    """What happened, on one line, fit for a log."""
    status_code: int | None
    """The HTTP status of the last request's answer. None if it got none."""
    error: ServiceError | None
    """What the service said of an error."""
    retry_after: float | None
    """The seconds, from the call's return, after which the service wants to be asked again."""
    trigger: Trigger
    """What became of the trigger."""
    claims: str | None
    """The claims of a claims challenge, as JSON."""
    attempts: tuple[Attempt, ...]
    """The requests of the call, in their order."""
    settings: Settings | None
    """The settings that the call read last."""


def of(function: Callable[..., int], *arguments: Any) -> Detail:
    """Calls a function of the library whose last parameter is a detail."""
    pointer = c_void_p()
    function(*arguments, byref(pointer))
    try:
        return _read(pointer)
    finally:
        native.autopilot_detail_free(pointer)


def _read(pointer: c_void_p) -> Detail:
    result = native.autopilot_detail_result(pointer)
    code = text(native.autopilot_detail_code(pointer))
    message = text(native.autopilot_detail_service_message(pointer))
    retry_after = native.autopilot_detail_retry_after_ms(pointer)
    return Detail(
        result=result,
        result_name=text(native.autopilot_result_name(result)) or "",
        message=text(native.autopilot_detail_message(pointer)) or "",
        status_code=native.autopilot_detail_http_status(pointer) or None,
        error=None if code is None and message is None else ServiceError(code=code, message=message),
        retry_after=None if retry_after < 0 else retry_after / 1000,
        trigger=Trigger(native.autopilot_detail_trigger(pointer)),
        claims=text(native.autopilot_detail_claims(pointer)),
        attempts=tuple(
            Attempt(
                client_request_id=text(native.autopilot_detail_client_request_id(pointer, index)),
                request_id=text(native.autopilot_detail_request_id(pointer, index)),
            )
            for index in range(native.autopilot_detail_attempts(pointer))
        ),
        settings=settings.read(native.autopilot_detail_settings(pointer)),
    )
