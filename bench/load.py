"""What a program has to do: so many tenants, so far away, whose syncs take so long."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from measure import TOKEN

SHORT, LONG = (20, 60), (120, 300)
# The library's pauses between two requests, in seconds. The programs with other libraries pause as long.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 15.0


@dataclass(frozen=True)
class Load:
    kind: str
    """`wait`: until the sync of each tenant has completed; `trigger`: only triggers them."""
    tenants: int
    latency: int
    """In milliseconds. All that the server sends arrives so late."""
    syncs: tuple[int, int] = SHORT
    """The shortest and the longest sync, in seconds."""

    @property
    def title(self) -> str:
        latency = f"{self.latency} ms of latency" if self.latency else "no latency"
        if self.kind == "trigger":
            return f"Triggers, {latency}"
        return f"Waits for syncs of {self.syncs[0]} to {self.syncs[1]} s, {latency}"

    def durations(self) -> list[float]:
        """The time that each sync takes, in seconds: the same in all runs."""
        draw = random.Random(self.tenants)
        return [draw.uniform(*self.syncs) for _ in range(self.tenants)]

    def best(self) -> float | None:
        """The shortest possible wall time of the waits, in seconds, with the library's pauses and no time for work: of
        the tenant whose sync is seen to end last. It begins with a handshake and a reading before the trigger."""
        return max(map(self._best_of, self.durations())) if self.kind == "wait" else None

    def _best_of(self, sync: float) -> float:
        late = self.latency / 1000
        # The sync begins when the trigger reaches the server, and the answer to it comes `late`.
        asked, pause = late, FIRST_PAUSE
        while True:
            asked += pause
            if asked >= sync:
                return 2 * late + asked + late
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Writes the syncs for the server, and the tokens for a program."""
        syncs, tokens = folder / "syncs", folder / "tokens"
        syncs.write_text("".join(f"{duration * 1000:.0f}\n" for duration in self.durations()))
        head, rest = TOKEN.split(".")
        tokens.write_text("".join(f"{head}.{number}.{rest}\n" for number in range(self.tenants)))
        return syncs, tokens
