"""What a wait tells its caller while it goes on."""

from __future__ import annotations

from . import settings
from ._library import native
from ._numbers import Number
from ._record import Record
from .settings import Settings


class Phase(Number):
    """What a wait is doing."""

    STARTING = 0
    """It begins: nothing was sent yet."""
    WINDOW = 1
    """It waits for the time at which the service accepts a trigger."""
    WATCHING = 2
    """It watches a sync."""
    TOKEN_REJECTED = 3
    """The service refused the token: the credential is asked for another one."""


class Progress(Record):
    """What a wait tells its caller, about once a second."""

    __slots__ = ("phase", "elapsed", "next_step", "settings")

    phase: Phase
    elapsed: float
    """The seconds since the wait began."""
    next_step: float
    """The seconds until the wait does its next step: a look at the sync, or a trigger."""
    settings: Settings | None
    """The settings that were read last."""


def read(pointer: int) -> Progress:
    return Progress(
        phase=Phase(native.autopilot_progress_phase(pointer)),
        elapsed=native.autopilot_progress_elapsed_ms(pointer) / 1000,
        next_step=native.autopilot_progress_next_step_ms(pointer) / 1000,
        settings=settings.read(native.autopilot_progress_settings(pointer)),
    )
