"""Phases, times and durations in words for people."""

from __future__ import annotations

from datetime import datetime, timezone

from ..progress import Phase, Progress
from ..settings import Settings, SyncStatus

_ACTIVITIES = {
    Phase.STARTING: "Reading how the last sync went",
    Phase.WINDOW: "Too soon: waiting",
    Phase.TOKEN_REJECTED: "Fetching a new token",
    Phase.RETRYING: "The service does not answer: trying again",
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
    reads = progress.phase in (Phase.WATCHING, Phase.RETRYING)
    return f"next reading in {duration(progress.next_step)}" if reads else ""


def state(settings: Settings) -> list[tuple[str, str]]:
    """The settings as names and values."""
    now = datetime.now(timezone.utc)
    return [
        ("status", settings.status_text or "none"),
        ("last sync", past(settings.last_sync, now)),
        ("last manual sync", past(settings.last_manual_sync, now)),
        ("next possible", _next(settings.next_sync, now)),
    ]


def duration(seconds: float) -> str:
    """A time span in its two largest units, such as "9 min 40 s"."""
    whole = max(0, round(seconds))
    for name, length, below, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def past(time: datetime | None, now: datetime) -> str:
    """A time in the past, such as "2026-03-01 08:00:00 UTC (2 h ago)"."""
    return "never" if time is None else f"{utc(time)} ({duration(age(time, now))} ago)"


def age(time: datetime, now: datetime) -> float:
    """The seconds since then. 0 for a time that the local clock has not reached yet."""
    return max(0.0, (now - time).total_seconds())


def utc(time: datetime) -> str:
    """A time to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


def _next(time: datetime | None, now: datetime) -> str:
    if time is None or time <= now:
        return "now"
    return f"{utc(time)} (in {duration((time - now).total_seconds())})"
