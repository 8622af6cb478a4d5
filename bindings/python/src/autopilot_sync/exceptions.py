"""Why a call failed, in the terms of azure-core.

AutopilotError
    ServiceRequestError             no connection; nothing was sent
        TlsError                    the certificate is not trusted, or the TLS handshake failed
    ServiceResponseError            the request was sent, but no usable reply came: it may have been carried out
        UnexpectedResponseError     the reply is not Graph's, but for example a proxy's
    HttpResponseError               the service answered with an error
        ClientAuthenticationError   401: get a new token; or Entra refused the Credential
        ForbiddenError              403, or Intune's own 401: the licence or the permission is missing
    SyncFailedError                 the service reports that the sync failed
    CallTimeoutError                the call's time was up; also a TimeoutError
    CallCancelledError              `Client.cancel` or the progress callback ended the call
    ConfigurationError              an environment variable, CA file, proxy or Credential cannot be used
    InvalidArgumentError            the text cannot be a token; also a ValueError
"""

from __future__ import annotations

from .detail import Detail, HasDetail


class AutopilotError(HasDetail, Exception):
    """The base of all errors of calls. Raised itself for a fault in the library.

    `str()` gives one line for a log. No part of the error contains the token.

    Attributes:
        detail: All that is known about the call. Its parts are attributes of the error too.
    """

    detail: Detail

    def __init__(self, detail: Detail) -> None:
        """Takes the detail of the call that failed."""
        super().__init__(detail.message)
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.detail,)


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
    """The service refused the token (401): get a new one, with the `claims` if there are any. Or Microsoft Entra refused
    the `Credential`."""


class ForbiddenError(HttpResponseError):
    """The tenant's licence or the caller's permissions do not allow the call: 403, or Intune's own 401."""


class SyncFailedError(AutopilotError):
    """The service reports that the sync failed."""


class CallTimeoutError(AutopilotError, TimeoutError):
    """The call's time was up. `sent` and `trigger` tell how far it came."""


class CallCancelledError(AutopilotError):
    """`Client.cancel` or the progress callback ended the call."""


class ConfigurationError(AutopilotError):
    """An environment variable, CA file, proxy or `Credential` cannot be used. The message names it. The request was not
    sent."""


class InvalidArgumentError(AutopilotError, ValueError):
    """The text cannot be a token, or the time not that of a change, or an argument of a `Credential` is wrong. Nothing was
    sent."""


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
