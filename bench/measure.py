"""Measures one peer once, and all peers in turn, so that other load on the machine affects all alike."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable

from names import Names
from peers import PROGRAMS, Peer
from server import Server

Sample = dict[str, float]
Samples = dict[str, dict[str, list[float]]]
"""By row, then by peer's name."""

SERVERS_CORE = "0"
OTHER_CORE = "1"
BOTH = "0,1"
# A token's usual length.
TOKEN = "eyJ0." + "x" * 1500


class Bench:
    def __init__(self, server: Server, names: Names) -> None:
        self._server, self._names = server, names
        # Only these variables, so that the machine's own proxy or certificates have no effect.
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "BENCH_ROOT": server.root,
            "BENCH_TOKEN": TOKEN,
            "SSL_CERT_FILE": str(server.ca_file),
        }

    def cold(self, peer: Peer) -> Sample:
        """A process with one call."""
        return self._launched(*peer.command, "cold")

    def cold_with_one_root(self, peer: Peer) -> Sample:
        """A process with one call, which trusts only the server's root."""
        return self._launched(*peer.command, "cold", SSL_CERT_FILE=str(self._server.root_file))

    def imported(self, peer: Peer) -> Sample:
        """A Python that imports the package, minus one that imports nothing."""
        assert peer.import_line is not None
        bare = self._launched(peer.command[0], "-c", "pass")
        full = self._launched(peer.command[0], "-c", peer.import_line)
        return {row: full[row] - bare[row] for row in full}

    def _launched(self, *command: str, **variables: str) -> Sample:
        wall, cpu, memory = self._run(OTHER_CORE, str(PROGRAMS / "launch"), *command, **variables).split()
        return {"wall": int(wall) / 1e6, "cpu": int(cpu) / 1e6, "memory": int(memory) / 1024}

    def warm(self, peer: Peer) -> Sample:
        """Calls after the first one, on the server's core."""
        cpu, took = self._run(SERVERS_CORE, *peer.command, "warm", str(peer.calls)).splitlines()
        sorted_took = sorted(map(int, took.split()))
        median, slow = statistics.median(sorted_took), sorted_took[len(sorted_took) * 99 // 100]
        return {"median": median / 1e3, "p99": slow / 1e3, "cpu": int(cpu) / 1e3}

    def throughput(self, peer: Peer, threads: int) -> Sample:
        """Threads that share a client, on both cores."""
        before = self._server.connections()
        calls, seconds = self._run(BOTH, *peer.command, "threads", str(threads), "300").split()
        return {"calls": int(calls) / float(seconds), "connections": self._server.connections() - before}

    def asked(self, peer: Peer) -> Sample:
        """The queries to a name server for many calls on one connection."""
        before = self._names.asked()
        command = self._names.with_it([*peer.command, "warm", "210"])
        self._run(BOTH, *command, BENCH_ROOT=self._server.named_root)
        return {"queries": self._names.asked() - before}

    def per_call(self, peer: Peer) -> Sample:
        """System calls and started threads of a warm call: the difference between many calls and a few."""
        few, more = 10, 210
        counted = [self._counts(peer, calls) for calls in (few, more)]
        return {row: (counted[1][row] - counted[0][row]) / (more - few) for row in counted[0]}

    def instructions(self, peer: Peer) -> Sample:
        """Instructions of a warm call with a short token: the difference between many calls and a few."""
        few, more = 10, 110
        counted = [self._instructions(peer, calls) for calls in (few, more)]
        return {"instructions": (counted[1] - counted[0]) / (more - few)}

    def _instructions(self, peer: Peer, calls: int) -> int:
        with tempfile.NamedTemporaryFile("r") as report:
            callgrind = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={report.name}"]
            self._run(OTHER_CORE, *callgrind, *peer.command, "warm", str(calls), BENCH_TOKEN="a-short-token")
            totals = re.findall(r"^(?:summary|totals): (\d+)", report.read(), re.MULTILINE)
        return int(totals[-1])

    def _counts(self, peer: Peer, calls: int) -> Sample:
        command = [*peer.command, "warm", str(calls)]
        with tempfile.NamedTemporaryFile("r") as report:
            self._run(BOTH, "strace", "-f", "-qq", "-c", "-o", report.name, *command)
            system_calls = int(report.read().rstrip().splitlines()[-1].split()[3])
        told = self._run(BOTH, "env", f"LD_PRELOAD={PROGRAMS}/shim.so", *command)
        threads = re.findall(r"lookups \d+ threads (\d+)\n", told)[-1]
        return {"system calls": system_calls, "threads": int(threads)}

    def _run(self, cores: str, *command: str, **variables: str) -> str:
        words = ["taskset", "-c", cores, *command]
        done = subprocess.run(words, env=self._environment | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def interleaved(title: str, peers: list[Peer], rounds: int, measure: Callable[[Peer], Sample]) -> Samples:
    """Runs all peers in turn, for this many rounds. The first round only warms the caches."""
    samples: Samples = {}
    for number in range(rounds + 1):
        print(f"\r{title}: {number} of {rounds} ", end="", file=sys.stderr, flush=True)
        for peer in peers:
            sample = measure(peer)
            for row, value in sample.items() if number > 0 else ():
                samples.setdefault(row, {}).setdefault(peer.name, []).append(value)
    print(file=sys.stderr)
    return samples
