"""Phases, times and durations in words for people."""

from __future__ import annotations

from datetime import datetime, timezone

from ..progress import Phase, Progress
from ..settings import Settings, SyncStatus

_ACTIVITIES = {
    Phase.STARTING: "Reading how the last sync went",
    Phase.WINDOW: "Too soon: waiting",
    Phase.TOKEN_REJECTED: "Fetching a new token",
}


def activity(progress: Progress) -> str:
    """What the wait is doing."""
    if progress.phase is Phase.WATCHING:
        is_seen = progress.settings is not None and progress.settings.status is SyncStatus.IN_PROGRESS
        return "The sync is running" if is_seen else "The sync is about to start"
    return _ACTIVITIES.get(progress.phase, "Waiting")


def next_step(progress: Progress) -> str:
    """What the wait does next, and when. Empty if there is nothing to tell."""
    if progress.phase is Phase.WINDOW:
        return f"next sync in {duration(progress.next_step)}"
    return f"next reading in {duration(progress.next_step)}" if progress.phase is Phase.WATCHING else ""


def state(settings: Settings) -> list[tuple[str, str]]:
    """The settings as names and values."""
    return [
        ("status", settings.status_text or "none"),
        ("last sync", _past(settings.last_sync)),
        ("last manual sync", _past(settings.last_manual_sync)),
        ("next possible", _next(settings.next_sync)),
    ]


def duration(seconds: float) -> str:
    """A time span in its two largest units, such as "9 min 40 s"."""
    whole = max(0, round(seconds))
    for name, length, below, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def _past(time: datetime | None) -> str:
    return "never" if time is None else f"{_utc(time)} ({duration(-_seconds_to(time))} ago)"


def _next(time: datetime | None) -> str:
    if time is None or _seconds_to(time) <= 0:
        return "now"
    return f"{_utc(time)} (in {duration(_seconds_to(time))})"


def _seconds_to(time: datetime) -> float:
    return (time - datetime.now(timezone.utc)).total_seconds()


def _utc(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")
