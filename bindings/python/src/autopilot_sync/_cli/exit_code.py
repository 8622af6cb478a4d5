"""What the program's exit codes mean."""

from __future__ import annotations

from enum import IntEnum

from ..exceptions import AutopilotError
from .credentials import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class CaFileError(Exception):
    """The file of --ca-file does not exist or cannot be reached. The message says why, on one line."""


class ExitCode(IntEnum):
    """The answers keep their numbers; the numbers of errors are those of sysexits.h, where it has one."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.meaning = meaning
        return member

    DONE = 0, "done: the sync is accepted, or with --wait completed; of status: the settings were read"
    ALREADY_RUNNING = 1, "a sync is running already; with --wait it was joined, and is completed"
    TOO_SOON = 2, "too soon: a sync ran moments ago; with --wait no trigger is accepted within its time"
    UNCONFIRMED = 3, "with --wait: a sync was accepted or was running, but its end could not be observed"
    SYNC_FAILED = 10, "the service says that the sync failed"
    USAGE = 64, "an option is wrong"
    NO_TOKEN = 66, "there is no token, or it cannot be one; the file of --many cannot be used"
    UNAVAILABLE = 69, "the service cannot be reached, or does not answer as it should: try again later"
    FAULT = 70, "a fault of this program"
    NO_OUTPUT = 74, "the result cannot be written to standard output"
    NOT_ALLOWED = 77, "the token is refused, or does not have the right"
    CONFIGURATION = 78, "the proxy, the CA file or an environment variable cannot be used"
    INTERRUPTED = 130, "ended by Ctrl-C; by another signal N: 128+N"


_ERRORS = {
    -1: ExitCode.NO_TOKEN,
    -5: ExitCode.INTERRUPTED,
    -7: ExitCode.NOT_ALLOWED,
    -8: ExitCode.NOT_ALLOWED,
    -11: ExitCode.SYNC_FAILED,
    -12: ExitCode.FAULT,
    -13: ExitCode.CONFIGURATION,
}


def of_error(error: BaseException) -> ExitCode:
    if isinstance(error, AutopilotError):
        return _ERRORS.get(error.result, ExitCode.UNAVAILABLE)
    if isinstance(error, CaFileError):
        return ExitCode.CONFIGURATION
    is_credentials = isinstance(error, InputError) or type(error).__module__.startswith("azure.")
    return ExitCode.NO_TOKEN if is_credentials else ExitCode.FAULT
