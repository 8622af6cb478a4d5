"""What a trigger, or the wait for its end, came to."""

from __future__ import annotations

from ._numbers import Number
from ._record import Record
from .detail import Detail
from .exceptions import error_of
from .settings import Settings


class Answer(Number):
    """The answers that are no error: what to branch on."""

    DONE = 0
    """Of `sync`: the service accepted the trigger (204), and the sync runs on afterwards. Of `sync_and_wait`: it is
    completed."""
    ALREADY_RUNNING = 1
    """A sync is running already (409). Of `sync_and_wait`: it was joined, and is completed."""
    TOO_SOON = 2
    """A sync ran moments ago, not necessarily the caller's (429): see `Outcome.retry_after`."""
    UNCONFIRMED = 3
    """Of `sync_and_wait` only: a sync was accepted or was running, but its end could not be observed."""


class Outcome(Record):
    """An answer of the service, and all that is known beside it. `str()` gives one line for a log."""

    __slots__ = ("answer", "detail")

    answer: Answer
    detail: Detail

    @property
    def settings(self) -> Settings | None:
        """The settings that were read last. `sync` reads none."""
        return self.detail.settings

    @property
    def retry_after(self) -> float | None:
        """The seconds after which the next trigger is possible, where that is known."""
        return self.detail.retry_after

    def __str__(self) -> str:
        return self.detail.message


def of(detail: Detail) -> Outcome:
    """The outcome of a call, or its exception. A number that this version does not know is an answer from zero up."""
    if detail.result < 0:
        raise error_of(detail)
    return Outcome(answer=Answer(detail.result), detail=detail)
