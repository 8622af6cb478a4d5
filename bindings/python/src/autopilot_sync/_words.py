"""Times and durations in words for people."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def duration(seconds: float) -> str:
    """A time span in its two largest units, such as "9 min 40 s"."""
    whole = max(0, round(seconds))
    for name, length, below, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def age(time: datetime, now: datetime) -> float:
    """The seconds since then. 0 for a time that the local clock has not reached yet."""
    return max(0.0, (now - time).total_seconds())


def utc(time: datetime) -> str:
    """A time to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


def now() -> datetime:
    from datetime import datetime, timezone

    return datetime.now(timezone.utc)
