"""One measurement: a program under a load."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from contestants import Contestant
from load import Load
from measure import BOTH
from peers import PROGRAMS
from stand_in import StandIn

# Between two looks at how many threads a program has, in seconds.
SAMPLING = 0.02


@dataclass
class Row:
    load: Load
    name: str
    well: int
    """The tenants for which all went well."""
    wall: float
    cpu: float
    memory: float
    """In MiB."""
    threads: int
    connections: int
    requests: int
    server_cpu: float


def measure(contestant: Contestant, load: Load, folder: Path) -> Row:
    with StandIn(folder, load) as server, tempfile.TemporaryFile("w+") as errors:
        # Only these variables, so that the machine's own proxy or certificates have no effect.
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "BENCH_ROOT": server.root,
            "SSL_CERT_FILE": str(server.ca_file),
        }
        program = [PROGRAMS / "launch", *contestant.command, load.kind, server.tokens]
        command = ["taskset", "-c", BOTH, *program]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        threads = 1
        while process.poll() is None:
            threads = max(threads, threads_of_child(process.pid))
            time.sleep(SAMPLING)
        told, _ = process.communicate()
        errors.seek(0)
        complaints = "".join(errors.readlines()[-3:])
    if process.returncode != 0:
        raise SystemExit(f"{contestant.name}, {load}: {process.returncode}\n{told}{complaints}")
    well, used = told.splitlines()
    if int(well) != load.tenants:
        print(f"{contestant.name}, {load}: only {well} went well\n{complaints}", file=sys.stderr)
    wall, cpu, memory = map(int, used.split())
    served = server.served
    return Row(
        load, contestant.name, int(well), wall / 1e9, cpu / 1e9, memory / 1024, threads,
        served.connections, served.requests, served.cpu,
    )  # fmt: skip


def threads_of_child(parent: int) -> int:
    """The number of threads of a process's only child; 0 if it has none, or has ended."""
    try:
        child = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0]
        status = Path(f"/proc/{child}/status").read_text()
    except (OSError, IndexError):
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("Threads:")), 0)
