"""What a wait tells its caller while it goes on."""

from __future__ import annotations

from . import _words, settings
from ._library import native
from ._values import OpenEnum, Record
from .detail import Trigger
from .settings import Settings, SyncStatus


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

    def __str__(self) -> str:
        words = ", ".join(filter(None, [activity(self), next_step(self)]))
        return f"{words} ({_words.duration(self.elapsed)})"


_ACTIVITIES = {
    Phase.STARTING: "Reading how the last sync went",
    Phase.WINDOW: "Too soon: waiting",
    Phase.TOKEN_REJECTED: "Fetching a new token",
    Phase.RETRYING: "The service does not answer: trying again",
}


def activity(progress: Progress) -> str:
    """What the wait is doing, in words."""
    if progress.phase is Phase.WATCHING:
        is_seen = progress.settings is not None and progress.settings.status is SyncStatus.IN_PROGRESS
        return "The sync is running" if is_seen else "The sync is about to start"
    return _ACTIVITIES.get(progress.phase, "Waiting")


def next_step(progress: Progress) -> str:
    """What the wait does next, and when. Empty if there is nothing to tell."""
    if progress.phase is Phase.WINDOW:
        return f"next sync in {_words.duration(progress.next_step)}"
    reads = progress.phase in (Phase.WATCHING, Phase.RETRYING)
    return f"next reading in {_words.duration(progress.next_step)}" if reads else ""


def read(pointer: int) -> Progress:
    return Progress(
        phase=Phase(native.autopilot_progress_phase(pointer)),
        elapsed=native.autopilot_progress_elapsed_ms(pointer) / 1000,
        next_step=native.autopilot_progress_next_step_ms(pointer) / 1000,
        settings=settings.read(native.autopilot_progress_settings(pointer)),
        trigger=Trigger(native.autopilot_progress_trigger(pointer)),
    )
