"""Stands in for the service for thousands of tenants: the program in scale/src/bin/stand_in."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from load import Load
from measure import BOTH
from peers import PROGRAMS, TARGET
from server import make_certificates


@dataclass
class Served:
    requests: int
    connections: int
    """The most at a time."""
    cpu: float
    """The server's CPU time, in seconds."""


class StandIn:
    """A context manager: the server runs inside the `with` block. `served` is known after it."""

    served: Served

    def __init__(self, folder: Path, load: Load) -> None:
        self._folder, self._load = folder, load
        self.ca_file = folder / "trusted.pem"

    def __enter__(self) -> StandIn:
        self._folder.mkdir(parents=True, exist_ok=True)
        make_certificates(self._folder)
        syncs, self.tokens = self._load.write(self._folder)
        program = [PROGRAMS / "launch", TARGET / "release/stand-in", self._folder, str(self._load.latency), syncs]
        command = ["taskset", "-c", BOTH, *program]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise SystemExit("the stand-in for the service ended")
        self.root = f"https://localhost:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        told, _ = self._process.communicate()
        counts, used = told.splitlines()
        found = json.loads(counts)
        cpu = int(used.split()[1]) / 1e9
        self.served = Served(sum(found["replies"].values()), found["most_open"], cpu)


def strength(folder: Path) -> str:
    """What the server can do, measured with wrk."""
    load = Load("trigger", tenants=1, latency=0)
    with StandIn(folder, load) as server:
        url = f"{server.root}/beta/deviceManagement/windowsAutopilotSettings"
        authorization = f"Authorization: Bearer {server.tokens.read_text().strip()}"
        wrk = ["taskset", "-c", BOTH, "wrk", "-t1", "-c64", "-d10s", "-H", authorization, url]
        told = subprocess.run(wrk, stdout=subprocess.PIPE, text=True, check=True).stdout
    rate = re.search(r"Requests/sec: *([\d.]+)", told)
    assert rate is not None and "Non-2xx" not in told, told
    cost = server.served.cpu / server.served.requests * 1e6
    return f"The stand-in answers {float(rate[1]):,.0f} requests a second from wrk, with {cost:.0f} µs of CPU each."
