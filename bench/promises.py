"""The promises about this library beside its peers. Each is a ratio of samples from one run, or a count."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from measure import Samples

C, CURL, PYTHON, REQUESTS, SDK = (
    "autopilot-sync, C",
    "libcurl, C",
    "autopilot-sync, Python",
    "requests, Python",
    "msgraph-beta-sdk, Python",
)


@dataclass
class Promise:
    text: str
    found: float
    most: float

    @property
    def is_kept(self) -> bool:
        return self.found <= self.most

    def __str__(self) -> str:
        kept = "kept  " if self.is_kept else "BROKEN"
        return f"{kept}  {self.found:7.2f}  at most {self.most:5.2f}  {self.text}"


def promises(samples: Samples) -> list[Promise]:
    def ratio(row: str, one: str, other: str) -> float:
        """The median of the rounds' ratios, each between two samples of the same round."""
        return statistics.median(a / b for a, b in zip(samples[row][one], samples[row][other]))

    def count(row: str, name: str) -> float:
        return max(samples[row][name])

    found = [
        Promise("cold, wall time: C to libcurl", ratio("cold wall", C, CURL), 0.5),
        Promise("cold, CPU time: C to libcurl", ratio("cold cpu", C, CURL), 0.5),
        Promise("cold, peak memory: C to libcurl", ratio("cold memory", C, CURL), 1),
        Promise("cold with one trusted root, wall time: C to libcurl", ratio("one root wall", C, CURL), 0.36),
        Promise("warm, median: C to libcurl", ratio("warm median", C, CURL), 0.85),
        Promise("warm, 99th percentile: C to libcurl", ratio("warm p99", C, CURL), 1),
        Promise("warm, CPU time: C to libcurl", ratio("warm cpu", C, CURL), 1),
        Promise("warm, thousands of instructions from C", count("warm instructions", C) / 1e3, 50),
        Promise("warm, system calls from C", count("warm system calls", C), 12),
        Promise("warm, threads started from C", count("warm threads", C), 0),
        Promise("queries of a name server by C, for 210 calls on a connection", count("connection queries", C), 2),
        # CPU time, because these take so long that other processes always interrupt them.
        Promise("cold, CPU time: Python to requests", ratio("cold cpu", PYTHON, REQUESTS), 0.2),
        Promise("cold, CPU time: Python to the SDK", ratio("cold cpu", PYTHON, SDK), 0.1),
        Promise("warm, median: Python to requests", ratio("warm median", PYTHON, REQUESTS), 0.15),
        Promise("import over bare Python, CPU milliseconds", statistics.median(samples["import cpu"][PYTHON]), 8),
    ]
    for threads in (1, 4, 16, 64):
        row = f"{threads} threads"
        found.append(Promise(f"{row}, calls a second: libcurl to C", ratio(f"{row} calls", CURL, C), 1))
        found.append(Promise(f"{row}, connections from C", count(f"{row} connections", C), threads))
    return found
