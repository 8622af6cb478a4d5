"""The SDK with thousands of tenants, as a careful user would write it. The task or thread of a tenant reads, triggers,
and polls until the sync has completed. It polls as often as autopilot-sync.

    scale_sdk.py tasks|raw|threads wait|trigger TOKENS

`tasks` share the connections, and there are not more requests at a time than connections. So do those of `raw`, which
read the settings without the SDK's models: for each reply, a model imports all of its 2,400 modules again. `threads`
cannot share connections: each has a client and an event loop of its own. Prints for how many tenants all went well.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from time import monotonic
from typing import AsyncContextManager

import graph
import httpx
from msgraph_beta import GraphServiceClient
from msgraph_beta.generated.models.windows_autopilot_sync_status import WindowsAutopilotSyncStatus
from msgraph_beta.graph_request_adapter import options
from msgraph_core import APIVersion, GraphClientFactory

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 15.0
# For each request, httpx looks at all of its idle connections: more would cost more, and fewer are slow with latency.
CONNECTIONS = 32

way, kind, tokens_file = sys.argv[1:]
tokens = Path(tokens_file).read_text().splitlines()


async def tenant(client: GraphServiceClient, turn: AsyncContextManager[object]) -> bool:
    """Whether all went well. Each request takes its turn."""
    try:
        if kind == "wait":
            await trigger_and_wait(client, turn)
        else:
            await trigger(client, turn)
        return True
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return False


async def trigger_and_wait(client: GraphServiceClient, turn: AsyncContextManager[object]) -> None:
    _, before = await read(client, turn)
    await trigger(client, turn)
    asked, pause, has_ended, last_sync = monotonic(), FIRST_PAUSE, False, before
    while not has_ended or last_sync <= before:
        await asyncio.sleep(asked + pause - monotonic())
        asked, pause = monotonic(), min(pause * 1.5, LONGEST_PAUSE)
        has_ended, last_sync = await read(client, turn)


async def trigger(client: GraphServiceClient, turn: AsyncContextManager[object]) -> None:
    async with turn:
        await client.device_management.windows_autopilot_settings.sync.post()


async def read(client: GraphServiceClient, turn: AsyncContextManager[object]) -> tuple[bool, str]:
    """Whether the last sync has completed, and when."""
    settings = client.device_management.windows_autopilot_settings
    async with turn:
        if way == "raw":
            request = settings.to_get_request_information()
            reply = json.loads(await client.request_adapter.send_primitive_async(request, "bytes", {}))
            return reply["syncStatus"] == "completed", reply["lastSyncDateTime"]
        model = await settings.get()
        return model.sync_status == WindowsAutopilotSyncStatus.Completed, model.last_sync_date_time.isoformat()


async def tasks() -> list[bool]:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=60)
    http = httpx.AsyncClient(timeout=httpx.Timeout(100, connect=30), limits=limits)
    shared = GraphClientFactory.create_with_default_middleware(APIVersion.beta, http, options=options)
    turn = asyncio.Semaphore(CONNECTIONS)
    async with http:
        return await asyncio.gather(*(tenant(graph.client(token, shared), turn) for token in tokens))


def threads() -> list[bool]:
    ended: list[bool] = []

    def run(token: str) -> None:
        ended.append(asyncio.run(tenant(graph.client(token), nullcontext())))

    started = [threading.Thread(target=run, args=[token]) for token in tokens]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return ended


print(sum(threads() if way == "threads" else asyncio.run(tasks())))
