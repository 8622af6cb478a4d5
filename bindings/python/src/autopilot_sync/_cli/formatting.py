"""The settings in words for people."""

from __future__ import annotations

from .._words import age, duration, now, utc
from ..settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def state(settings: Settings) -> list[tuple[str, str]]:
    """The settings as names and values."""
    moment = now()
    return [
        ("status", settings.status_text or "none"),
        ("last sync", past(settings.last_sync, moment)),
        ("last manual sync", past(settings.last_manual_sync, moment)),
        ("next possible", _next(settings.next_sync, moment)),
    ]


def past(time: datetime | None, now: datetime) -> str:
    """A time in the past, such as "2026-03-01 08:00:00 UTC (2 h ago)"."""
    return "never" if time is None else f"{utc(time)} ({duration(age(time, now))} ago)"


def _next(time: datetime | None, now: datetime) -> str:
    if time is None or time <= now:
        return "now"
    return f"{utc(time)} (in {duration((time - now).total_seconds())})"
