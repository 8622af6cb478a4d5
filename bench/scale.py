#!/usr/bin/env python3
"""Measures what it costs to synchronise hundreds and thousands of tenants at once. See scale.md."""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
from itertools import product

if sys.version_info < (3, 10):
    raise SystemExit("missing: Python 3.10 or later")

import contestants
import peers
import scale_report
from load import LONG, SHORT, Load
from peers import PROGRAMS
from row import measure
from rows import Rows
from stand_in import strength
from targets import targets

# The programs and the server each have a descriptor for a connection, and some more while they connect.
DESCRIPTORS = 20_000
TOOLS = {"wrk": "apt-get install wrk"} | {name: peers.TOOLS[name] for name in ("openssl", "gcc", "taskset", "cargo")}


def main() -> int:
    chosen = options()
    missing = [f"{tool}: {how}" for tool, how in TOOLS.items() if shutil.which(tool) is None]
    missing += raise_limit()
    if missing:
        raise SystemExit("missing: " + "\nmissing: ".join(missing))
    folder = PROGRAMS.parent / "scale"
    made = [one for one in contestants.make() if chosen.only in one.name]
    server = strength(folder)
    print(server)
    rows = Rows(folder / "rows.json")
    for load in loads(chosen):
        for contestant in (one for one in made if one.can(load)):
            row = measure(contestant, load, folder)
            rows.add(row)
            print(row, flush=True)
    found = targets(rows.all())
    text = scale_report.text(rows.all(), server, "\n".join(map(str, found)))
    print(text)
    if chosen.write:
        scale_report.write(rows.all(), text)
    return 0 if all(target.is_kept for target in found) else 1


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="also write the figures into scale.md and scale.svg")
    parser.add_argument("--tenants", type=numbers, default=[100, 1000, 10_000], help="default: 100,1000,10000")
    parser.add_argument("--latency", type=numbers, default=[0, 150], help="in milliseconds; default: 0,150")
    parser.add_argument("--kind", choices=["wait", "trigger"], help="default: both")
    parser.add_argument("--long", action="store_true", help="only waits, for syncs of 120 to 300 s, not 20 to 60 s")
    parser.add_argument("--only", default="", metavar="TEXT", help="only programs with this in their names")
    return parser.parse_args()


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def loads(chosen: argparse.Namespace) -> list[Load]:
    if chosen.long:
        kinds = [("wait", LONG)]
    else:
        kinds = [(kind, SHORT) for kind in ("wait", "trigger") if chosen.kind in (None, kind)]
    return [
        Load(kind, tenants, latency, syncs)
        for (kind, syncs), latency, tenants in product(kinds, chosen.latency, chosen.tenants)
    ]


def raise_limit() -> list[str]:
    """Lets the programs have as many open files as the system allows; what is missing if these are too few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return [] if most == resource.RLIM_INFINITY or most >= DESCRIPTORS else [f"{DESCRIPTORS:,} open files: ulimit -Hn"]


if __name__ == "__main__":
    raise SystemExit(main())
