"""What is known about a call, the same for an answer and for an error."""

from __future__ import annotations

from ctypes import byref, c_void_p

from . import settings
from ._library import native, text
from ._values import OpenEnum, Record
from .settings import Settings
from .trace import Trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Trigger(OpenEnum):
    """What became of the trigger, the request that starts a sync.

    Attributes:
        NOT_SENT: It was not sent.
        MAY_HAVE_RUN: It was sent, and nobody knows whether it started a sync.
        REFUSED: It was sent, and started no sync.
        ACCEPTED: The service accepted it: a sync starts or has started.
        JOINED: The call joined a sync that was already running.
    """

    NOT_SENT = 0
    MAY_HAVE_RUN = 1
    REFUSED = 2
    ACCEPTED = 3
    JOINED = 4


class ServiceError(Record):
    """What the service itself says about an error.

    Attributes:
        code: Graph's error code, such as "Forbidden". Log it, but do not branch on it: the service's front ends use
            different codes.
        message: The service's message on one line.
    """

    code: str | None
    message: str | None

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.code, self.message]))


class Attempt(Record):
    """One request of a call.

    Attributes:
        client_request_id: The GUID that the library gave the request. Microsoft's support asks for it,
            and Intune shows it as "Activity ID".
        request_id: The id that Graph gave the request. None if Graph did not answer.
        reason: Why the request failed, on one line. None if it did not fail.
    """

    client_request_id: str | None
    request_id: str | None
    reason: str | None


class Detail(Record):
    """What is known about a call. It never contains the token, whatever the server answers.

    Attributes:
        result: The number of the call's result, the same in every language. Errors are below zero.
        result_name: The name of that number, such as "AUTOPILOT_SYNC_TOO_SOON", for logs.
        message: What happened, on one line, for logs.
        status_code: The HTTP status of the last reply. None if there was no reply.
        error: What the service says about the error. None if it says nothing.
        retry_after: How many seconds the service asks to wait before the next request, from the end of the call. None
            if that is not known.
        trigger: What became of the trigger.
        why_unknown: Why it is unknown how the sync ended, after UNCONFIRMED, or when the next is possible, after
            TOO_SOON without `retry_after`. One line, for people; the message ends with it. It says that the settings
            cannot be read, with the error (after a 403 the service names the missing scope); or that no reading of the
            wait showed the sync, and how many readings were "failed" for how long, if all were; or that the settings
            have no time of a recent sync. None if neither is unknown, or if `trigger_only` forbade to look.
        claims: The claims that a new token must answer, as JSON. None if the service asked for none.
        attempts: The requests of the call in their order, with retries and with those that could not be sent. Of a long
            wait, only the first 8 and the last 64 are kept.
        settings: The last settings that the call read. None if it read none.
        trace: The story of the call, a sequence of `TraceEvent`: `print(detail.trace)`.
    """

    result: int
    result_name: str
    message: str
    status_code: int | None
    error: ServiceError | None
    retry_after: float | None
    trigger: Trigger
    why_unknown: str | None
    claims: str | None
    attempts: tuple[Attempt, ...]
    settings: Settings | None
    trace: Trace

    def __str__(self) -> str:
        return f"{self.result_name}: {self.message}"


class HasDetail:
    """What is known about a call, for whatever comes of it: its outcome, its error or the settings that it read."""

    detail: Detail

    @property
    def result(self) -> int:
        """The number of the result, the same in every language. Errors are below zero."""
        return self.detail.result

    @property
    def result_name(self) -> str:
        """The name of that number, such as "AUTOPILOT_ERROR_FORBIDDEN"."""
        return self.detail.result_name

    @property
    def message(self) -> str:
        """What happened, on one line."""
        return self.detail.message

    @property
    def status_code(self) -> int | None:
        """The HTTP status of the last reply. None if there was no reply."""
        return self.detail.status_code

    @property
    def error(self) -> ServiceError | None:
        """The service's own `code` and `message`. None if it gave neither."""
        return self.detail.error

    @property
    def retry_after(self) -> float | None:
        """How many seconds to wait before the next call. None if that is not known."""
        return self.detail.retry_after

    @property
    def trigger(self) -> Trigger:
        """What became of the trigger."""
        return self.detail.trigger

    @property
    def sent(self) -> bool:
        """Whether the trigger was sent: if so, `trigger` tells what became of it."""
        return self.detail.trigger is not Trigger.NOT_SENT

    @property
    def why_unknown(self) -> str | None:
        """Why it is unknown how the sync ended, or when the next is possible. See `Detail.why_unknown`."""
        return self.detail.why_unknown

    @property
    def claims(self) -> str | None:
        """The claims that a new token must answer, as JSON. None if the service asked for none."""
        return self.detail.claims

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The requests of the call in their order."""
        return self.detail.attempts

    @property
    def client_request_id(self) -> str | None:
        """The library's id of the last request, which Intune shows as "Activity ID"."""
        return self.detail.attempts[-1].client_request_id if self.detail.attempts else None

    @property
    def request_id(self) -> str | None:
        """Graph's id of the last request. None if Graph did not answer."""
        return self.detail.attempts[-1].request_id if self.detail.attempts else None

    @property
    def settings(self) -> Settings | None:
        """The last settings that the call read. None if it read none."""
        return self.detail.settings

    def to_dict(self) -> dict[str, Any]:
        """The `detail` as a dict. See `Detail.to_dict`."""
        return self.detail.to_dict()


def of_call(function: Callable[..., int], *arguments: Any) -> Detail:
    """Calls a function of the library whose last parameter is a detail, and returns a copy of that."""
    pointer = c_void_p()
    function(*arguments, byref(pointer))
    try:
        return _read(pointer)
    finally:
        native.autopilot_detail_free(pointer)


class LibraryDetail:
    """A detail of the library, read when it is needed, and freed with this object."""

    __slots__ = ("_pointer",)

    def __init__(self, pointer: c_void_p) -> None:
        self._pointer = pointer

    @property
    def claims(self) -> str | None:
        return text(native.autopilot_detail_claims(self._pointer))

    def read(self) -> Detail:
        return _read(self._pointer)

    def __del__(self, free: Callable[[c_void_p], None] = native.autopilot_detail_free) -> None:
        free(self._pointer)


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
        why_unknown=text(native.autopilot_detail_why_unknown(pointer)),
        claims=text(native.autopilot_detail_claims(pointer)),
        attempts=tuple(
            Attempt(
                client_request_id=text(native.autopilot_detail_client_request_id(pointer, index)),
                request_id=text(native.autopilot_detail_request_id(pointer, index)),
                reason=text(native.autopilot_detail_attempt_reason(pointer, index)),
            )
            for index in range(native.autopilot_detail_attempts(pointer))
        ),
        settings=settings.read(native.autopilot_detail_settings(pointer)),
        trace=Trace(lines=text(native.autopilot_detail_trace(pointer)) or ""),
    )
