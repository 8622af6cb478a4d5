"""The kinds of values that the package returns: records, and enumerations of the library's numbers."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from inspect import Signature
    from typing import Any, ClassVar

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorated: decorated


class OpenEnum(Enum):
    """An enumeration that newer libraries may extend. A number that this version does not know becomes a member named
    UNKNOWN_n or UNKNOWN_MINUS_n."""

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        member = object.__new__(cls)
        member._name_ = f"UNKNOWN_{'MINUS_' if value < 0 else ''}{abs(value)}"
        member._value_ = value
        # Keep the member for the next time. If two threads get here at once, the first one's counts.
        return cls._value2member_map_.setdefault(value, member)  # type: ignore[return-value]


class _ConstructorSignature:
    """The signature of a record's constructor, for help(). It is made on demand: `inspect` is slow to import."""

    def __get__(self, _record: Record | None, kind: type[Record]) -> Signature:
        from inspect import Parameter, Signature

        fields = kind._fields.items()
        return Signature([Parameter(name, Parameter.KEYWORD_ONLY, annotation=type_) for name, type_ in fields])


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """An immutable value with named fields: the annotations of the subclass, and those of its bases.

    This is a small frozen dataclass. Importing `dataclasses` takes longer than importing this package.
    """

    __signature__ = _ConstructorSignature()
    _fields: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        cls._fields = {**cls._fields, **cls.__dict__.get("__annotations__", {})}

    def __init__(self, **fields: Any) -> None:
        """Takes every field by name."""
        if fields.keys() != self._fields.keys():
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(self._fields)}")
        self.__dict__.update(fields)

    def to_dict(self) -> dict[str, Any]:
        """The fields by their names, as `--json` of the command line has them and `json.dumps` takes them: the names of
        members of enumerations, and times in ISO 8601."""
        return {name: _plain(getattr(self, name)) for name in self._fields}

    def _plain(self) -> Any:
        """What the dict of another record has for this one."""
        return self.to_dict()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        if not (isinstance(other, type(self)) or isinstance(self, type(other))):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self._fields))

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.to_dict().items() if value is not None)

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name} {self._short()}>" if self.__dict__ else f"<{name}>"  # while __init__ has failed

    def _short(self) -> str:
        """The line of its repr."""
        return str(self)


def _plain(value: Any) -> Any:
    """A value that JSON has too."""
    if isinstance(value, Record):
        return value._plain()
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return iso(value) if hasattr(value, "isoformat") else value


def iso(time: datetime) -> str:
    """A time in UTC, such as "2026-11-27T08:00:00.000Z"."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
