"""Ends a call of the library from another thread."""

from __future__ import annotations

from ._library import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class Canceller:
    """The library's cancel object of one call, freed with this one."""

    __slots__ = ("_as_parameter_",)

    def __init__(self) -> None:
        self._as_parameter_ = native.autopilot_cancel_new()

    def cancel(self) -> None:
        native.autopilot_cancel_trigger(self)

    def __del__(self, free: Callable[[int | None], None] = native.autopilot_cancel_free) -> None:
        free(getattr(self, "_as_parameter_", None))  # None if __init__ failed
