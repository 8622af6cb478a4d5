"""The outcome of a trigger, or of the wait that follows it."""

from __future__ import annotations

from ._values import OpenEnum, Record
from .detail import Detail, HasDetail
from .exceptions import error_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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


class Outcome(HasDetail, Record):
    """The service's answer, and what else is known about the call. `str()` gives one line for a log.

    Attributes:
        answer: The answer. Branch on it.
        detail: All that is known about the call. Its parts are attributes of the outcome too.
    """

    answer: Answer
    detail: Detail

    def to_dict(self) -> dict[str, Any]:
        """The answer's name and the parts of the detail, as `json.dumps` takes them. See `Detail.to_dict`."""
        return {"answer": self.answer.name, **self.detail.to_dict()}

    def __str__(self) -> str:
        return self.detail.message

    def _short(self) -> str:
        return f"{self.answer.name}: {self}"


def outcome_of(detail: Detail) -> Outcome:
    """The outcome of a call. Raises its error instead if it has one."""
    if detail.result < 0:
        raise error_of(detail)
    return Outcome(answer=Answer(detail.result), detail=detail)
