"""Why a call failed, in the terms of azure-core.

AutopilotError
    ServiceRequestError             nothing was sent: no connection
        TlsError                    ... the certificate is not trusted, or the handshake failed
    ServiceResponseError            the request was sent, and no usable reply came: it may have been carried out
        UnexpectedResponseError     ... what came is not Graph's answer, but that of a box in between
    HttpResponseError               the service answered with an error
        ClientAuthenticationError   ... 401: a new token can heal it
        ForbiddenError              ... 403, or Intune's own 401: licence or rights
    SyncFailedError                 the service reports that the sync failed
    CallTimeoutError                the deadline cut off the call; a TimeoutError too
    CallCancelledError              `Client.cancel` ended the call, or the progress callback did
    ConfigurationError              an environment variable, CA file or proxy cannot be used
    InvalidArgumentError            a token that cannot be one; a ValueError too
"""

from __future__ import annotations

from .detail import Detail, Trigger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .detail import ServiceError
    from .settings import Settings


class AutopilotError(Exception):
    """The base of all errors of calls, and the error for what this version does not know.

    `str()` is one line, fit for a log. No token is in it, nor in anything else here.
    """

    detail: Detail
    """All that is known of the call; the properties below are the most wanted parts of it."""

    def __init__(self, detail: Detail) -> None:
        super().__init__(detail.message)
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,)

    @property
    def result(self) -> int:
        """The number, below zero, that is the same in every language."""
        return self.detail.result

    @property
    def result_name(self) -> str:
        """Its name in C, such as "AUTOPILOT_ERROR_FORBIDDEN"."""
        return self.detail.result_name

    @property
    def message(self) -> str:
        """The same as `str()`."""
        return self.detail.message

    @property
    def status_code(self) -> int | None:
        """The HTTP status of the last request's answer. None if it got none."""
        return self.detail.status_code

    @property
    def error(self) -> ServiceError | None:
        """The service's own `code` and `message`."""
        return self.detail.error

    @property
    def retry_after(self) -> float | None:
        """The seconds after which the service wants to be asked again."""
        return self.detail.retry_after

    @property
    def trigger(self) -> Trigger:
        """What became of the trigger."""
        return self.detail.trigger

    @property
    def sent(self) -> bool:
        """Whether the trigger was sent."""
        return self.detail.trigger is not Trigger.NOT_SENT

    @property
    def claims(self) -> str | None:
        """The claims of a claims challenge, as JSON."""
        return self.detail.claims

    @property
    def client_request_id(self) -> str | None:
        """The library's id of the last request: Intune's "Activity ID"."""
        return self.detail.attempts[-1].client_request_id if self.detail.attempts else None

    @property
    def request_id(self) -> str | None:
        """Graph's id of the last request, if it was answered."""
        return self.detail.attempts[-1].request_id if self.detail.attempts else None

    @property
    def settings(self) -> Settings | None:
        """The settings that the call read last."""
        return self.detail.settings


class ServiceRequestError(AutopilotError):
    """No connection, and nothing was sent: name look-up, TCP, or the proxy, its refusal included."""


class TlsError(ServiceRequestError):
    """The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent."""


class ServiceResponseError(AutopilotError):
    """The request was sent, and no usable reply came: it may have been carried out."""


class UnexpectedResponseError(ServiceResponseError):
    """The reply is not HTTP, not of the documented shape, or not Graph's but of a box in between."""


class HttpResponseError(AutopilotError):
    """The service answered with an error: see `status_code` and `error`."""


class ClientAuthenticationError(HttpResponseError):
    """The token was refused (401), and a new one can heal it; with `claims`, one that answers those."""


class ForbiddenError(HttpResponseError):
    """The tenant's licence or the caller's rights do not allow it: 403, or Intune's own 401."""


class SyncFailedError(AutopilotError):
    """The service reports that the sync failed."""


class CallTimeoutError(AutopilotError, TimeoutError):
    """The deadline cut off the call: `sent` and `trigger` tell how far it came."""


class CallCancelledError(AutopilotError):
    """`Client.cancel` ended the call, or the progress callback did."""


class ConfigurationError(AutopilotError):
    """An environment variable, CA file or proxy address cannot be used; the message names it. Nothing was sent."""


class InvalidArgumentError(AutopilotError, ValueError):
    """A token that cannot be one. Nothing was sent."""


UNAUTHORIZED = -7

_ERRORS: dict[int, type[AutopilotError]] = {
    -1: InvalidArgumentError,
    -2: ServiceRequestError,
    -3: TlsError,
    -4: CallTimeoutError,
    -5: CallCancelledError,
    -6: ServiceResponseError,
    UNAUTHORIZED: ClientAuthenticationError,
    -8: ForbiddenError,
    -9: HttpResponseError,
    -10: UnexpectedResponseError,
    -11: SyncFailedError,
    -13: ConfigurationError,
}


def error_of(detail: Detail) -> AutopilotError:
    """The exception of a call's result. -12, a fault of the library, is one without a class of its own."""
    return _ERRORS.get(detail.result, AutopilotError)(detail)
