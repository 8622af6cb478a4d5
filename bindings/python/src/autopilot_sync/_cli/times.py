"""Durations and times as people write them."""

from __future__ import annotations

import re
import time
from argparse import ArgumentTypeError
from datetime import datetime, timezone

from .._options import check_wait
from .words import wrong

EXAMPLES = "30m, 90s, 1h30m or a number of seconds"
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,3})?)"
_SPAN = re.compile(rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?")
_UNITS = (86_400.0, 3600.0, 60.0, 1.0)


def duration(text: str) -> float:
    """The seconds of a time that a call may take."""
    seconds = _seconds(text)
    if seconds is None:
        raise ArgumentTypeError(wrong(text, f"not a duration, such as {EXAMPLES}"))
    try:
        check_wait("", seconds)
    except ValueError as error:
        raise ArgumentTypeError(wrong(text, str(error))) from None
    return seconds


def age(text: str) -> float:
    """The seconds of an age."""
    seconds = _seconds(text)
    if not seconds:
        raise ArgumentTypeError(wrong(text, "not an age, such as 90m, 12h, 2d, 1h30m or a number of seconds"))
    return seconds


def change(text: str) -> datetime:
    """The time of a change: the start of this program, so long before it, or a time of the calendar."""
    now, seconds = time.time(), _seconds(text)
    moment = now if text == "start" else _moment(text) if seconds is None else now - seconds
    if seconds == 0:
        raise ArgumentTypeError(wrong(text, "that is no time ago: say start"))
    if not datetime(2000, 1, 1, tzinfo=timezone.utc).timestamp() <= moment <= now + 300:
        raise ArgumentTypeError(wrong(text, "from the year 2000 to five minutes from now"))
    return datetime.fromtimestamp(moment, timezone.utc)


def _seconds(text: str) -> float | None:
    """The seconds of a span such as 1h30m or of a plain number. None if it is neither."""
    if re.fullmatch(_NUMBER, text):
        return float(text)
    found = _SPAN.fullmatch(text) if text else None
    return None if found is None else sum(float(number or 0) * unit for number, unit in zip(found.groups(), _UNITS))


def _moment(text: str) -> float:
    """The Unix time of a date, a time and a time zone, which Python before 3.11 does not know as Z."""
    if not re.fullmatch(r"[0-9-]{10}T[0-9:]{5,8}(\.[0-9]{3}([0-9]{3})?)?(Z|[+-][0-9]{2}:[0-9]{2})", text):
        form = "start, a span such as 10m, or a time with its zone such as 2026-11-27T08:00Z"
        raise ArgumentTypeError(wrong(text, f"not a time: {form}"))
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise ArgumentTypeError(wrong(text, "there is no such time")) from None
