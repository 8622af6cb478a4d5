"""The kinds of values that the package returns: records, and enumerations of the library's numbers."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspect import Signature
    from typing import Any

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

        fields = kind.__annotations__.items()
        return Signature([Parameter(name, Parameter.KEYWORD_ONLY, annotation=type_) for name, type_ in fields])


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """An immutable value with named fields: the annotations of the subclass.

    This is a small frozen dataclass. Importing `dataclasses` takes longer than importing this package.
    """

    __signature__ = _ConstructorSignature()

    def __init__(self, **fields: Any) -> None:
        """Takes every field by name."""
        if fields.keys() != type(self).__annotations__.keys():
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(type(self).__annotations__)}")
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in type(self).__annotations__))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"
