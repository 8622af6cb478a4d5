"""Why a call failed, in the terms of azure-core.

AutopilotError
    ServiceRequestError             no connection; nothing was sent
        TlsError                    the certificate is not trusted, or the TLS handshake failed
    ServiceResponseError            the request was sent, but no usable reply came: it may have been carried out
        UnexpectedResponseError     the reply is not Graph's, but for example a proxy's
    HttpResponseError               the service answered with an error
        ClientAuthenticationError   401: get a new token
        ForbiddenError              403, or Intune's own 401: the licence or the permission is missing
    SyncFailedError                 the service reports that the sync failed
    CallTimeoutError                the call's time was up; also a TimeoutError
    CallCancelledError              `Client.cancel` or the progress callback ended the call
    ConfigurationError              an environment variable, CA file or proxy cannot be used
    InvalidArgumentError            the text cannot be a token; also a ValueError
"""

from __future__ import annotations

from .detail import Detail, Trigger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .detail import ServiceError
    from .settings import Settings


class AutopilotError(Exception):
    """The base of all errors of calls. Raised itself for a fault in the library.

    `str()` gives one line for a log. No part of the error contains the token.

    Attributes:
        detail: All that is known about the call. The properties below are its most wanted parts.
    """

    detail: Detail

    def __init__(self, detail: Detail) -> None:
        """Takes the detail of the call that failed."""
        super().__init__(detail.message)
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,)

    @property
    def result(self) -> int:
        """The number of the error, below zero, the same in every language."""
        return self.detail.result

    @property
    def result_name(self) -> str:
        """The name of that number, such as "AUTOPILOT_ERROR_FORBIDDEN"."""
        return self.detail.result_name

    @property
    def message(self) -> str:
        """What happened, on one line. The same as `str()`."""
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
        """How many seconds to wait before the next call. None if the service does not say."""
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
    def claims(self) -> str | None:
        """The claims that a new token must answer, as JSON. None if the service asked for none."""
        return self.detail.claims

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


class ServiceRequestError(AutopilotError):
    """No connection: the name look-up, TCP or the proxy failed, the proxy refused, or no file descriptor or thread is left.

    Nothing was sent.
    """


class TlsError(ServiceRequestError):
    """The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent."""


class ServiceResponseError(AutopilotError):
    """The request was sent, but no usable reply came: it may have been carried out."""


class UnexpectedResponseError(ServiceResponseError):
    """The reply is not HTTP, not of the documented form, or not from Graph, but for example from a proxy."""


class HttpResponseError(AutopilotError):
    """The service answered with an error. See `status_code` and `error`."""


class ClientAuthenticationError(HttpResponseError):
    """The service refused the token (401). Get a new one, with the `claims` if there are any."""


class ForbiddenError(HttpResponseError):
    """The tenant's licence or the caller's permissions do not allow the call: 403, or Intune's own 401."""


class SyncFailedError(AutopilotError):
    """The service reports that the sync failed."""


class CallTimeoutError(AutopilotError, TimeoutError):
    """The call's time was up. `sent` and `trigger` tell how far it came."""


class CallCancelledError(AutopilotError):
    """`Client.cancel` or the progress callback ended the call."""


class ConfigurationError(AutopilotError):
    """An environment variable, CA file or proxy cannot be used. The message names it. Nothing was sent."""


class InvalidArgumentError(AutopilotError, ValueError):
    """The text cannot be a token, or the time not that of a change. Nothing was sent."""


INVALID_ARGUMENT = -1
UNAUTHORIZED = -7
SERVICE = -9
INTERNAL = -12

ERRORS: dict[int, type[AutopilotError]] = {
    INVALID_ARGUMENT: InvalidArgumentError,
    -2: ServiceRequestError,
    -3: TlsError,
    -4: CallTimeoutError,
    -5: CallCancelledError,
    -6: ServiceResponseError,
    UNAUTHORIZED: ClientAuthenticationError,
    -8: ForbiddenError,
    SERVICE: HttpResponseError,
    -10: UnexpectedResponseError,
    -11: SyncFailedError,
    INTERNAL: AutopilotError,
    -13: ConfigurationError,
}


def error_of(detail: Detail) -> AutopilotError:
    """The exception for the result of a call."""
    return ERRORS.get(detail.result, AutopilotError)(detail)
