"""What the service says of its Windows Autopilot synchronisation."""

from __future__ import annotations

from ._library import native, text
from ._numbers import Number
from ._record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


class SyncStatus(Number):
    """The state of the sync that runs or ran last."""

    UNKNOWN = 0
    """The service says that it does not know."""
    IN_PROGRESS = 1
    """A sync is running."""
    COMPLETED = 2
    """The last sync completed."""
    FAILED = 3
    """The last sync failed."""
    OTHER = -1
    """A state that this version does not know: see `Settings.status_text`."""


_NOT_SAID = -2


class Settings(Record):
    """How the last sync went, and when. Times are aware (UTC), and None for never."""

    __slots__ = (
        "id", "status", "status_text", "last_sync", "last_sync_text",
        "last_manual_sync", "last_manual_sync_text", "next_sync",
    )  # fmt: skip

    id: str | None
    """The id of the resource."""
    status: SyncStatus | None
    """None where the service did not say."""
    status_text: str | None
    """The state in the service's own word, such as "inProgress"."""
    last_sync: datetime | None
    """lastSyncDateTime. Whether it marks the start or the end of a sync is documented nowhere."""
    last_sync_text: str | None
    """The same as the service wrote it."""
    last_manual_sync: datetime | None
    """lastManualSyncTriggerDateTime."""
    last_manual_sync_text: str | None
    """The same as the service wrote it."""
    next_sync: datetime | None
    """When the service should accept the next trigger, by the service's clock: the later of both times, the documented
    ten minutes, and ten seconds of margin. None if there was never a sync."""


def read(pointer: int | None) -> Settings | None:
    """The library's settings; None for NULL."""
    if not pointer:
        return None
    status = native.autopilot_settings_status(pointer)
    return Settings(
        id=text(native.autopilot_settings_id(pointer)),
        status=None if status == _NOT_SAID else SyncStatus(status),
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
