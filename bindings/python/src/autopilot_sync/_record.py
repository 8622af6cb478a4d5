"""Immutable values with named fields. A dataclass would do, but its module alone costs more than this package."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorated: decorated


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """The fields of a subclass are its `__slots__`, given by name."""

    __slots__: tuple[str, ...] = ()
    _names: frozenset[str] = frozenset()

    def __init_subclass__(cls) -> None:
        cls._names = frozenset(cls.__slots__)

    def __init__(self, **fields: Any) -> None:
        if fields.keys() != self._names:
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(self.__slots__)}")
        put = object.__setattr__
        for name, value in fields.items():
            put(self, name, value)

    def _fields(self) -> dict[str, Any]:
        """Only the fields that are set, because error reporters call repr even if __init__ failed."""
        return {name: getattr(self, name) for name in self.__slots__ if hasattr(self, name)}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return self._fields() == other._fields() if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._fields().values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._fields().items())
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[object, ...]:
        return _made, (type(self), self._fields())


def _made(kind: type[Record], fields: dict[str, Any]) -> Record:
    return kind(**fields)
