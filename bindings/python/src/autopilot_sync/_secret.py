"""Keeps tokens and credentials out of tracebacks: error reporters such as Sentry print local variables."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Secret:
    """A value that no repr and no attribute shows. Only a call of `reveal` returns it.

    Never assign the result of `reveal` to a variable: a traceback would show it.
    """

    __slots__ = ("reveal",)

    reveal: Callable[[], Any]

    def __init__(self, value: object) -> None:
        self.reveal = lambda: value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> tuple[object, ...]:
        return Secret, (self.reveal(),)
