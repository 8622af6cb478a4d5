"""The program's exit codes."""

from __future__ import annotations

from enum import IntEnum

from ..exceptions import (
    INTERNAL,
    SERVICE,
    AutopilotError,
    CallCancelledError,
    ClientAuthenticationError,
    ConfigurationError,
    ForbiddenError,
    InvalidArgumentError,
    SyncFailedError,
)
from ..outcome import Answer
from .credentials import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class CaFileError(Exception):
    """The file of --ca-file does not exist or cannot be reached. The message says why, on one line."""


class ExitCode(IntEnum):
    """The exit codes, their meanings, and the errors that have them: 0 to 3 for answers, 4 and 10 for what the service
    says of its syncs, those of sysexits.h for errors. The higher, the worse."""

    meaning: str
    errors: tuple[type[BaseException], ...]

    def __new__(cls, number: int, meaning: str, *errors: type[BaseException]) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.meaning = meaning
        member.errors = errors
        return member

    OK = 0, "the sync is accepted, with --wait completed, with --since up to date; for status: neither failed nor too old"
    ALREADY_RUNNING = 1, "a sync is already running; with --wait that sync has completed"
    TOO_SOON = 2, "a sync ran less than ten minutes ago; with --wait no trigger is accepted in time"
    UNCONFIRMED = 3, "with --wait: a sync was accepted or was running, but its end could not be observed"
    TOO_OLD = 4, "for status with --max-age: the last completed sync is older, or there was none"
    SYNC_FAILED = 10, "the service reports that the sync failed", SyncFailedError
    USAGE = 64, "an option is wrong, or nothing is given"
    REFUSED = 65, "the service refuses the request, such as with 400 or 404: trying again does not help"
    NO_TOKEN = 66, "there is no usable token; or the file of tenants cannot be used", InvalidArgumentError, InputError
    UNAVAILABLE = 69, "the service cannot be reached or does not answer as it should: try again later", AutopilotError
    FAULT = 70, "a fault in this program"
    NO_OUTPUT = 74, "the result cannot be written to standard output"
    NOT_ALLOWED = 77, "the token is refused or lacks the permission, or Entra refuses the application", ClientAuthenticationError, ForbiddenError
    CONFIGURATION = 78, "the proxy, CA file, secret, certificate, managed identity or an environment variable cannot be used", ConfigurationError, CaFileError
    INTERRUPTED = 130, "ended by Ctrl-C; by another signal N: 128+N", CallCancelledError


def of_answer(answer: Answer) -> ExitCode:
    """The exit code of the answer's name. An answer that has none is good news."""
    return ExitCode.__members__.get(answer.name, ExitCode.OK)


def of_error(error: BaseException) -> ExitCode:
    """The exit code of the error's class or, if that has none, of its nearest base class."""
    if isinstance(error, AutopilotError) and error.result == INTERNAL:
        return ExitCode.FAULT
    if isinstance(error, AutopilotError) and error.result == SERVICE and _is_final(error.status_code or 0):
        return ExitCode.REFUSED
    if type(error).__module__.startswith("azure."):
        return ExitCode.NO_TOKEN
    for kind in type(error).__mro__:
        for code in ExitCode:
            if kind in code.errors:
                return code
    return ExitCode.FAULT


def _is_final(status: int) -> bool:
    """Whether the same request gets this HTTP status again, however often it is sent."""
    return 400 <= status < 500 and status not in (408, 409, 429)
