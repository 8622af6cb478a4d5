"""The options of a client, handed to the library, which checks them."""

from __future__ import annotations

import os

from ._library import native, text
from .cloud import Cloud

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def milliseconds(name: str, seconds: object) -> int:
    """A time for the library, which counts in whole milliseconds and refuses one that is too short or too long."""
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise TypeError(f"{name} must be a number of seconds, not {type(seconds).__name__}")
    whole = round(min(1e15, max(-1.0, seconds * 1000)))  # infinity and NaN become times that the library refuses
    return max(1, whole) if seconds > 0 else whole


def check_wait(name: str, seconds: object) -> int:
    """The milliseconds of a wait, which has the limits of the option `timeout`. Raises TypeError or ValueError."""
    found = milliseconds(name, seconds)
    Options(timeout=seconds)
    return found


def check_change(name: str, change: object) -> int:
    """The time of a change in Unix milliseconds, rounded up: a sync in the same millisecond must not count. Raises
    TypeError or ValueError."""
    from datetime import datetime, timedelta, timezone

    if not isinstance(change, datetime):
        raise TypeError(f"{name} must be a datetime, not {type(change).__name__}")
    if change.utcoffset() is None:
        raise ValueError(f"{name} has no time zone: give one, such as datetime.now(timezone.utc)")
    return -((datetime(1970, 1, 1, tzinfo=timezone.utc) - change) // timedelta(milliseconds=1))


def at_least_one(name: str, value: object) -> int:
    """A number of things. Raises TypeError or ValueError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1")
    return value


def encoded(name: str, value: object) -> bytes:
    """A text for the library. Raises TypeError or ValueError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{name} has a NUL character")
    return value.encode("utf-8", "surrogateescape")


def encoded_path(name: str, value: Any) -> bytes:
    """A path for the library. Raises TypeError or ValueError."""
    return encoded(name, os.fspath(value))


def _cloud(name: str, value: object) -> int:
    if not isinstance(value, Cloud):
        raise TypeError(f"{name} must be a Cloud, not {type(value).__name__}")
    return value.value


def _count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return max(-1, min(value, 1000))  # a larger number would lose its upper bits on the way


# The library's setter of each option, and the function that makes its argument.
_SETTERS: dict[str, tuple[str, Callable[[str, Any], object]]] = {
    "cloud": ("cloud", _cloud),
    "base_url": ("base_url", encoded),
    "proxy": ("proxy", encoded),
    "ca_file": ("ca_file", encoded_path),
    "timeout": ("timeout_ms", milliseconds),
    "connect_timeout": ("connect_timeout_ms", milliseconds),
    "max_retries": ("max_retries", _count),
    "user_agent_suffix": ("user_agent_suffix", encoded),
}


class Options:
    """The library's options, freed with this object. Raises TypeError or ValueError for a wrong one."""

    __slots__ = ("_as_parameter_",)

    def __init__(self, *, ignore_environment: bool = False, trigger_only: bool = False, **given: object) -> None:
        self._as_parameter_ = native.autopilot_options_new()
        if given.get("cloud") is not None and given.get("base_url") is not None:
            raise ValueError("give a cloud or a base_url, not both")
        for name, value in given.items():
            setter, convert = _SETTERS[name]
            if value is not None and getattr(native, f"autopilot_options_set_{setter}")(self, convert(name, value)) != 0:
                raise ValueError(f"{name}: {text(native.autopilot_options_error(self))}")
        if ignore_environment:
            native.autopilot_options_set_ignore_environment(self)
        if trigger_only:
            native.autopilot_options_set_trigger_only(self)

    def __del__(self, free: Callable[[int | None], None] = native.autopilot_options_free) -> None:
        free(getattr(self, "_as_parameter_", None))  # None if __init__ failed
