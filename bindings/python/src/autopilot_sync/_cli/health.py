"""How a tenant's syncs are, as far as one reading of the settings tells."""

from __future__ import annotations

from .. import _words
from ..settings import Settings, SyncStatus
from . import formatting
from .exit_code import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def of(settings: Settings, max_age: float | None, now: datetime) -> tuple[ExitCode, str]:
    """The exit code of the settings, and the reason on one line. `max_age` is the age in seconds from which a completed
    sync is too old."""
    text, last = settings.status_text or "none", settings.last_sync
    if settings.status is SyncStatus.FAILED:
        return ExitCode.SYNC_FAILED, f"the last sync failed: status {text} {_since(last, now)}"
    if max_age is not None:
        if last is None:
            return ExitCode.TOO_OLD, "no sync has completed yet"
        # While a sync runs, the time is that of the sync before it, or of its own start.
        if settings.status not in (SyncStatus.COMPLETED, SyncStatus.IN_PROGRESS):
            return ExitCode.TOO_OLD, f"the service does not say that the last sync completed: status {text}"
        age = _words.age(last, now)
        if age > max_age:
            most = _words.duration(max_age)
            return ExitCode.TOO_OLD, f"the last completed sync is {_words.duration(age)} old, more than {most}"
    return ExitCode.OK, f"status {text}, last sync {formatting.past(last, now)}"


def _since(time: datetime | None, now: datetime) -> str:
    if time is None:
        return "since an unknown time"
    return f"for {_words.duration(_words.age(time, now))}, since {_words.utc(time)}"
