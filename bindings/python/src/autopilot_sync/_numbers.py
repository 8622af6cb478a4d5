"""Enumerations whose members are the library's numbers."""

from __future__ import annotations

from enum import Enum


class Number(Enum):
    """A number that this version does not know becomes a member of its own, named UNKNOWN_n or UNKNOWN_MINUS_n."""

    @classmethod
    def _missing_(cls, value: object) -> Number | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        member = object.__new__(cls)
        member._name_ = f"UNKNOWN_{'MINUS_' if value < 0 else ''}{abs(value)}"
        member._value_ = value
        # The same member the next time. Two threads at once: the first one's counts.
        return cls._value2member_map_.setdefault(value, member)  # type: ignore[return-value]
