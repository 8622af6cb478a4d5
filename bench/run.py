#!/usr/bin/env python3
"""Compares this library with others in one run, and checks the promises made about it. See README.md.

    bench/run.py            prints the table and the promises; ends with 1 if one is broken
    bench/run.py --write    also writes them into README.md and figures.svg
    bench/run.py --quick    a third of the rounds, to try a change
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 10):
    raise SystemExit("missing: Python 3.10 or later")

import peers
import report
from measure import SERVERS_CORE, Bench, Samples, interleaved
from names import Names
from peers import HERE, PROGRAMS, ROOT, Peer
from promises import promises
from server import Server


def main(arguments: list[str]) -> int:
    if not set(arguments) <= {"--write", "--quick"}:
        raise SystemExit(__doc__)
    if missing := peers.missing():
        raise SystemExit("missing: " + "\nmissing: ".join(missing))
    made = peers.make()
    peers.run("gcc", "-O2", "-Wall", "-Wextra", HERE / "c/launch.c", "-o", PROGRAMS / "launch")
    shim = ROOT / "tests/programs/shim.c"
    peers.run("gcc", "-O2", "-shared", "-fPIC", shim, "-o", PROGRAMS / "shim.so", "-ldl")
    folder = PROGRAMS.parent / "server"
    with Server(folder, SERVERS_CORE) as server, Names(folder) as names:
        samples = measured(Bench(server, names), made, fewer=3 if "--quick" in arguments else 1)
    found = promises(samples)
    kept = "\n".join(map(str, found))
    print(report.machine(report.nginx()), report.table(samples, made), kept, sep="\n\n")
    if "--write" in arguments:
        report.write(samples, made, kept)
    return 0 if all(promise.is_kept for promise in found) else 1


def measured(bench: Bench, made: list[Peer], fewer: int) -> Samples:
    native = [peer for peer in made if not peer.is_python]
    pythons = [peer for peer in made if peer.is_python]
    samples: Samples = {}

    def note(kind: str, found: Samples) -> None:
        for row, values in found.items():
            samples.setdefault(f"{kind} {row}", {}).update(values)

    note("cold", interleaved("cold, native", native, 60 // fewer, bench.cold))
    note("cold", interleaved("cold, Python", pythons, 12 // fewer, bench.cold))
    note("one root", interleaved("cold, one root", native, 60 // fewer, bench.cold_with_one_root))
    note("warm", interleaved("warm, native", native, 24 // fewer, bench.warm))
    note("warm", interleaved("warm, Python", pythons, 12 // fewer, bench.warm))
    note("warm", interleaved("counts of a warm call", made, 1, bench.per_call))
    note("warm", interleaved("instructions of a warm call", native, 1, bench.instructions))
    note("connection", interleaved("queries of a connection", made, 1, bench.asked))
    for threads in (1, 4, 16, 64):
        kind = f"{threads} threads"
        native_rounds, python_rounds = 24 // fewer, 6 // fewer
        note(kind, interleaved(f"{kind}, native", native, native_rounds, lambda peer: bench.throughput(peer, threads)))
        note(kind, interleaved(f"{kind}, Python", pythons, python_rounds, lambda peer: bench.throughput(peer, threads)))
    note("import", interleaved("import", pythons, 12 // fewer, bench.imported))
    return samples


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
