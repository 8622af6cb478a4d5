"""The programs that bench/scale.py compares. Each has the arguments `wait|trigger TOKENS`, takes the service's base URL
from BENCH_ROOT, and prints for how many tenants all went well."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import peers
from load import Load
from peers import HERE, PYTHONS, ROOT, TARGET

RUST_FLEET = "autopilot-sync, fleet, Rust"
C_FLEET = "autopilot-sync, fleet, C"
PYTHON_FLEET = "autopilot-sync, fleet, Python"
FLEETS = [RUST_FLEET, C_FLEET, PYTHON_FLEET]
CLUSTER = "autopilot-sync, two workers of a Dask cluster, Python"
THREADS = "autopilot-sync, a thread each, Rust"
SDK_TASKS = "msgraph-beta-sdk, asyncio"
SDK_RAW = "msgraph-beta-sdk, asyncio without models"
SDK_THREADS = "msgraph-beta-sdk, a thread each"
NAMES = [*FLEETS, CLUSTER, THREADS, SDK_RAW, SDK_TASKS, SDK_THREADS]
"""In the order of the tables."""


@dataclass
class Contestant:
    name: str
    command: list[str | Path] = field(repr=False)
    most_waits: int = 10_000
    """The most that end in a bearable time."""
    most_triggers: int = 10_000

    def can(self, load: Load) -> bool:
        return load.tenants <= (self.most_waits if load.kind == "wait" else self.most_triggers)


def make() -> list[Contestant]:
    peers.PROGRAMS.mkdir(parents=True, exist_ok=True)
    peers.run("gcc", "-O2", "-Wall", "-Wextra", HERE / "c/launch.c", "-o", peers.PROGRAMS / "launch")
    peers.run("cargo", "build", "--locked", "--release", "-p", "autopilot-bench-scale", cwd=ROOT)
    peers.venv("sdk", [peers.SDK])
    sdk = [PYTHONS / "sdk/bin/python", HERE / "python/scale_sdk.py"]
    return [
        Contestant(RUST_FLEET, [TARGET / "release/fleet"]),
        Contestant(C_FLEET, [peers.with_library("fleet")]),
        Contestant(PYTHON_FLEET, [peers.own_python(), HERE / "python/fleet.py"]),
        Contestant(CLUSTER, [peers.own_python("cluster", ["distributed"]), HERE / "python/cluster.py"]),
        Contestant(THREADS, [TARGET / "release/threads"]),
        Contestant(SDK_TASKS, [*sdk, "tasks"], most_waits=1000),
        Contestant(SDK_RAW, [*sdk, "raw"], most_triggers=0),  # which have no models
        Contestant(SDK_THREADS, [*sdk, "threads"], most_waits=100, most_triggers=100),
    ]
