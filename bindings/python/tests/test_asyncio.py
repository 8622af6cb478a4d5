"""asyncio with a thread for each call, as in the package's documentation."""

from __future__ import annotations

import asyncio
import textwrap
from typing import Any

import autopilot_sync
import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Answer, Client
from conftest import HANG


def documented() -> Any:
    """The function `trigger` from the package's documentation."""
    lines = (autopilot_sync.__doc__ or "").split("    async def trigger", 1)[1].split("\n\n")[0]
    space: dict[str, Any] = {"asyncio": asyncio}
    exec(textwrap.dedent("    async def trigger" + lines), space)
    return space["trigger"]


def test_calls_on_threads_run_at_the_same_time(emulator: Emulator) -> None:
    async def main() -> list[str]:
        with Client("token") as client:
            outcomes = await asyncio.gather(*(documented()(client) for _ in range(3)))
        return sorted(outcome.answer.name for outcome in outcomes)

    assert asyncio.run(main()) == [Answer.ACCEPTED.name] + ["ALREADY_RUNNING"] * 2


def test_a_cancelled_task_ends_its_call(emulator: Emulator) -> None:
    emulator.script(HANG)
    client = Client("token", timeout=86_400)

    async def main() -> None:
        task = asyncio.create_task(documented()(client))
        await asyncio.to_thread(emulator.await_requests, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())  # which waits for its threads
    assert client.sync().answer is Answer.ACCEPTED
