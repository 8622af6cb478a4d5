"""The figures as a table and as a chart."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from pathlib import Path

from measure import Samples
from peers import HERE, PYTHONS, Peer, venv

# The title, the row in the samples, and the format.
ROWS = [
    ("cold: wall time, ms", "cold wall", ".1f"),
    ("cold: CPU time, ms", "cold cpu", ".1f"),
    ("cold: peak memory, MiB", "cold memory", ".1f"),
    ("cold with one trusted root: wall time, ms", "one root wall", ".1f"),
    ("warm: median, µs", "warm median", ".1f"),
    ("warm: 99th percentile, µs", "warm p99", ".1f"),
    ("warm: CPU time, µs", "warm cpu", ".1f"),
    ("warm, short token: instructions", "warm instructions", ",.0f"),
    ("warm: system calls", "warm system calls", ".1f"),
    ("warm: threads started", "warm threads", ".0f"),
    ("a connection with 210 calls: queries of a name server", "connection queries", ".0f"),
    *((f"{count} threads: calls a second", f"{count} threads calls", ",.0f") for count in (1, 4, 16, 64)),
    *((f"{count} threads: connections", f"{count} threads connections", ".0f") for count in (16, 64)),
    ("import over bare Python: CPU time, ms", "import cpu", ".1f"),
]
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def table(samples: Samples, peers: list[Peer]) -> str:
    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    def cell(row: str, peer: Peer, form: str) -> str:
        found = samples[row].get(peer.name)
        return "" if found is None else format(statistics.median(found), form)

    lines = [line(["", *(peer.name for peer in peers)]), line(["---", *("---:" for _ in peers)])]
    lines.append(line(["version", *(peer.version for peer in peers)]))
    lines += [line([title, *(cell(row, peer, form) for peer in peers)]) for title, row, form in ROWS]
    lines.append(line(["size, MB", *(f"{peer.bytes / 1e6:.1f}" for peer in peers)]))
    lines.append(line(["made of", *(peer.parts for peer in peers)]))
    return "\n".join(lines)


def machine() -> str:
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    nginx = subprocess.run(["nginx", "-v"], stderr=subprocess.PIPE, text=True).stderr.split("/")[-1].split()[0]
    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True).stdout.split()[1]
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return (
        f"{cpu.split(': ')[1]}, {os.cpu_count()} cores; {system}, Linux {platform.release()}; nginx {nginx}; "
        f"Python {platform.python_version()}; rustc {rustc}."
    )


def write(samples: Samples, peers: list[Peer], kept: str) -> None:
    """Writes the figures into the README beside this file, and the chart."""
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    figures = f"{machine()}\n\n{table(samples, peers)}\n\n```text\n{kept}\n```\n"
    readme.write_text(before + BEGIN + figures + END + after)
    venv("chart", ["matplotlib"])
    data = {
        title: {peer.name: statistics.median(samples[row][peer.name]) for peer in peers}
        for title, row in {
            "cold call: wall time, ms": "cold wall",
            "warm call: median, µs": "warm median",
            "cold call: peak memory, MiB": "cold memory",
            "16 threads on one client: calls a second": "16 threads calls",
        }.items()
    }
    chart = [PYTHONS / "chart/bin/python", HERE / "chart.py", HERE / "figures.svg"]
    subprocess.run(chart, input=json.dumps(data), text=True, check=True)
