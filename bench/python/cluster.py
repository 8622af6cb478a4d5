"""The library's sync_many on a Dask cluster of two worker processes on this machine.

    cluster.py wait|trigger TOKENS

Each line of the file TOKENS is a tenant's token, which the worker reads there. Prints for how many tenants all went well,
and on standard error how the others ended.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from autopilot_sync import Answer, sync_many
from distributed import Client, LocalCluster

AN_HOUR = 3600.0
WORKERS = 2


def line(path: str, begin: int, end: int) -> str:
    with open(path, "rb") as file:
        file.seek(begin)
        return file.read(end - begin).decode().strip()


def credentials(path: str) -> dict[int, partial[str]]:
    """For each line of the file, a function that reads it."""
    found, begin = {}, 0
    with open(path, "rb") as file:
        for number, one in enumerate(file):
            found[number] = partial(line, path, begin, begin + len(one))
            begin += len(one)
    return found


def main() -> None:
    kind, tokens = sys.argv[1:]
    well = 0
    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster, Client(cluster) as client:
        for result in sync_many(
            credentials(tokens),
            wait=AN_HOUR if kind == "wait" else False,
            executor=client.get_executor(),
            base_url=os.environ["BENCH_ROOT"],
        ):
            if result.outcome is not None and result.outcome.answer is Answer.ACCEPTED:
                well += 1
            else:
                print(result.tenant, result.outcome or result.error, file=sys.stderr)
    print(well)


if __name__ == "__main__":
    main()
