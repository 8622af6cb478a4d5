"""Keeps tokens and credentials out of tracebacks: error reporters, such as Sentry's and rich, print local variables."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Hidden:
    """A value that neither a repr nor an attribute shows. Only a call of `give` returns it.

    Never assign what `give` returns to a variable, because a traceback would show it.
    """

    __slots__ = ("give",)

    give: Callable[[], Any]

    def __init__(self, value: object) -> None:
        self.give = lambda: value

    def __repr__(self) -> str:
        return "Hidden(...)"

    def __reduce__(self) -> tuple[object, ...]:
        return Hidden, (self.give(),)
