"""The common part of the Python programs. They have the arguments of ../c/bench.h."""

from __future__ import annotations

import os
import sys

PATH = "/beta/deviceManagement/windowsAutopilotSettings/sync"
ROOT, TOKEN, CA_FILE = (os.environ[name] for name in ("BENCH_ROOT", "BENCH_TOKEN", "SSL_CERT_FILE"))


def headers() -> dict[str, str]:
    return {
        "Authorization": f"Bearer {TOKEN}",
        "Accept": "application/json",
        "client-request-id": "01234567-89ab-4def-8123-456789abcdef",
    }


def run(call) -> None:
    """`call` makes one call on the program's only client, and raises if the answer is not 204."""
    match sys.argv[1:]:
        case ["cold"]:
            call()
        case ["warm", calls]:
            warm(call, int(calls))
        case ["threads", count, milliseconds]:
            threads(call, int(count), int(milliseconds) / 1000)


def warm(call, calls: int) -> None:
    from time import perf_counter_ns, process_time_ns

    call()
    took, cpu = [], process_time_ns()
    for _ in range(calls):
        begin = perf_counter_ns()
        call()
        took.append(perf_counter_ns() - begin)
    print((process_time_ns() - cpu) // calls)
    print(*took)


def threads(call, count: int, seconds: float) -> None:
    from threading import Barrier, Thread
    from time import monotonic

    ready, made = Barrier(count + 1), []

    def run() -> None:
        call()
        ready.wait()
        end, calls = monotonic() + seconds, 0
        while monotonic() < end:
            call()
            calls += 1
        made.append(calls)

    started = [Thread(target=run) for _ in range(count)]
    for thread in started:
        thread.start()
    ready.wait()
    begin = monotonic()
    for thread in started:
        thread.join()
    print(sum(made), monotonic() - begin)


async def run_async(call) -> None:
    """The same for asyncio, with tasks instead of threads."""
    from asyncio import gather
    from time import monotonic, perf_counter_ns, process_time_ns

    async def repeat(end: float) -> int:
        calls = 0
        while monotonic() < end:
            await call()
            calls += 1
        return calls

    match sys.argv[1:]:
        case ["cold"]:
            await call()
        case ["warm", calls]:
            await call()
            took, cpu = [], process_time_ns()
            for _ in range(int(calls)):
                begin = perf_counter_ns()
                await call()
                took.append(perf_counter_ns() - begin)
            print((process_time_ns() - cpu) // int(calls))
            print(*took)
        case ["threads", count, milliseconds]:
            await gather(*(call() for _ in range(int(count))))
            begin = monotonic()
            made = await gather(*(repeat(begin + int(milliseconds) / 1000) for _ in range(int(count))))
            print(sum(made), monotonic() - begin)
