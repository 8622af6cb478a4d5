"""What a wait tells its caller while it goes on."""

from __future__ import annotations

from . import settings
from ._library import native
from ._values import OpenEnum, Record
from .detail import Trigger
from .settings import Settings


class Phase(OpenEnum):
    """What a wait is doing.

    Attributes:
        STARTING: The wait starts. Nothing has been sent yet.
        WINDOW: The wait pauses until the service accepts a trigger, and looks meanwhile whether a sync runs or has
            completed.
        WATCHING: The wait watches a sync, or looks for the effect of a trigger that may have run.
        TOKEN_REJECTED: The service refused the token. The wait asks the credential for a new one.
        RETRYING: The service cannot take the request for now. The wait tries again until it can.
    """

    STARTING = 0
    WINDOW = 1
    WATCHING = 2
    TOKEN_REJECTED = 3
    RETRYING = 4


class Progress(Record):
    """The state of a wait. The callback of a wait gets one about every second.

    Attributes:
        phase: What the wait is doing.
        elapsed: The seconds since the wait began.
        next_step: The seconds until the wait reads the settings again or sends a trigger.
        settings: The last settings that the wait read. None before the first reading.
        trigger: What became of the trigger so far.
    """

    phase: Phase
    elapsed: float
    next_step: float
    settings: Settings | None
    trigger: Trigger


def read(pointer: int) -> Progress:
    return Progress(
        phase=Phase(native.autopilot_progress_phase(pointer)),
        elapsed=native.autopilot_progress_elapsed_ms(pointer) / 1000,
        next_step=native.autopilot_progress_next_step_ms(pointer) / 1000,
        settings=settings.read(native.autopilot_progress_settings(pointer)),
        trigger=Trigger(native.autopilot_progress_trigger(pointer)),
    )
