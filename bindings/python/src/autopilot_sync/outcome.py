"""The outcome of a trigger, or of the wait that follows it."""

from __future__ import annotations

from ._values import OpenEnum, Record
from .detail import Detail
from .exceptions import error_of
from .settings import Settings


class Answer(OpenEnum):
    """The service's answer to a trigger. None of these is an error.

    Attributes:
        ACCEPTED: From `sync`: the service accepted the trigger (204), and the sync now runs. From a wait: the sync that
            it triggered has completed.
        ALREADY_RUNNING: From `sync`: a sync is already running (409). From a wait: the sync that it
            joined has completed.
        TOO_SOON: A sync ran less than ten minutes ago, perhaps triggered by somebody else (429). `Outcome.retry_after`
            tells when to try again, if that is known.
        UNCONFIRMED: From a wait only: a sync was accepted or was running, but its end could not be observed.
            `Outcome.why_unknown` says why.
        UP_TO_DATE: From `sync_since` only: a sync has completed since the change. Nothing was triggered.
    """

    ACCEPTED = 0
    ALREADY_RUNNING = 1
    TOO_SOON = 2
    UNCONFIRMED = 3
    UP_TO_DATE = 4


class Outcome(Record):
    """The service's answer, and what else is known about the call. `str()` gives one line for a log.

    Attributes:
        answer: The answer. Branch on it.
        detail: What else is known about the call.
    """

    answer: Answer
    detail: Detail

    @property
    def settings(self) -> Settings | None:
        """The last settings that the call read. `sync` reads none."""
        return self.detail.settings

    @property
    def retry_after(self) -> float | None:
        """How many seconds to wait before the next trigger. None if that is not known."""
        return self.detail.retry_after

    @property
    def why_unknown(self) -> str | None:
        """Why it is unknown how the sync ended, or when the next is possible. See `Detail.why_unknown`."""
        return self.detail.why_unknown

    def __str__(self) -> str:
        return self.detail.message


def outcome_of(detail: Detail) -> Outcome:
    """The outcome of a call. Raises its error instead if it has one."""
    if detail.result < 0:
        raise error_of(detail)
    return Outcome(answer=Answer(detail.result), detail=detail)
