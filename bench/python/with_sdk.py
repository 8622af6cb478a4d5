import asyncio

import graph
from bench import TOKEN, run_async

client = graph.client(TOKEN)


async def call() -> None:
    await client.device_management.windows_autopilot_settings.sync.post()  # raises if the answer is an error


asyncio.run(run_async(call))
