"""The service's Windows Autopilot settings: the state of its synchronisation."""

from __future__ import annotations

from . import _words
from ._library import native, text
from ._values import OpenEnum, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any


class SyncStatus(OpenEnum):
    """The state of the running sync, or of the last one.

    Attributes:
        UNKNOWN: The service says that it does not know.
        IN_PROGRESS: A sync is running.
        COMPLETED: The last sync completed.
        FAILED: The last sync failed.
        OTHER: A state that this version does not know. `Settings.status_text` has the service's word for it.
    """

    UNKNOWN = 0
    IN_PROGRESS = 1
    COMPLETED = 2
    FAILED = 3
    OTHER = -1


_NO_STATUS = -2


class Settings(Record):
    """How and when the last sync ran. Times have the time zone UTC.

    Attributes:
        id: The id of the settings in Graph.
        status: The state of the sync. None if the service gave none.
        status_text: The state in the service's own word, such as "inProgress".
        last_sync: When the last sync ran (lastSyncDateTime). None if there was none. Microsoft does not document
            whether this is the start or the end of the sync.
        last_sync_text: The same time as the service wrote it: a time in year 1 means never.
        last_manual_sync: When a sync was last triggered (lastManualSyncTriggerDateTime). None if none was.
        last_manual_sync_text: The same time as the service wrote it: a time in year 1 means never.
        next_sync: When the service should accept the next trigger, by the service's clock: the later of the two times,
            plus the documented ten minutes, plus a margin of ten seconds. None if there was never a sync.
    """

    id: str | None
    status: SyncStatus | None
    status_text: str | None
    last_sync: datetime | None
    last_sync_text: str | None
    last_manual_sync: datetime | None
    last_manual_sync_text: str | None
    next_sync: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """The fields, as `json.dumps` takes them, and `last_sync_age`: how many seconds ago the last sync ran, by this
        machine's clock."""
        age = None if self.last_sync is None else round(_words.age(self.last_sync, _words.now()), 3)
        return {**super().to_dict(), "last_sync_age": age}

    def __str__(self) -> str:
        last = "never" if self.last_sync is None else _words.utc(self.last_sync)
        following = self.next_sync
        soon = "now" if following is None or following <= _words.now() else _words.utc(following)
        return f"status {self.status_text or 'none'}, last sync {last}, next possible {soon}"


def read(pointer: int | None) -> Settings | None:
    """Copies the library's settings. None for NULL."""
    if not pointer:
        return None
    status = native.autopilot_settings_status(pointer)
    return Settings(
        id=text(native.autopilot_settings_id(pointer)),
        status=None if status == _NO_STATUS else SyncStatus(status),
        status_text=text(native.autopilot_settings_status_text(pointer)),
        last_sync=_time(native.autopilot_settings_last_sync_ms(pointer)),
        last_sync_text=text(native.autopilot_settings_last_sync_text(pointer)),
        last_manual_sync=_time(native.autopilot_settings_last_manual_sync_ms(pointer)),
        last_manual_sync_text=text(native.autopilot_settings_last_manual_sync_text(pointer)),
        next_sync=_time(native.autopilot_settings_next_sync_ms(pointer)),
    )


def _time(milliseconds: int) -> datetime | None:
    from datetime import datetime, timedelta, timezone

    if milliseconds == 0:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)
    except OverflowError:  # after the year 9999
        return None
