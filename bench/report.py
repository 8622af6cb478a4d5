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


def machine(*programs: str) -> str:
    """The machine, and the versions of what the figures depend on."""
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True).stdout.split()[1]
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    hardware = f"{cpu.split(': ')[1]}, {os.cpu_count()} cores"
    systems = f"{system}, Linux {platform.release()}"
    return "; ".join([hardware, systems, *programs, f"Python {platform.python_version()}", f"rustc {rustc}"]) + "."


def nginx() -> str:
    told = subprocess.run(["nginx", "-v"], stderr=subprocess.PIPE, text=True).stderr
    return f"nginx {told.split('/')[-1].split()[0]}"


def write(samples: Samples, peers: list[Peer], kept: str) -> None:
    """Writes the figures into the README beside this file, and the chart."""
    write_figures(HERE / "README.md", f"{machine(nginx())}\n\n{table(samples, peers)}\n\n```text\n{kept}\n```\n")
    data = {
        title: {peer.name: statistics.median(samples[row][peer.name]) for peer in peers}
        for title, row in {
            "cold call: wall time, ms": "cold wall",
            "warm call: median, µs": "warm median",
            "cold call: peak memory, MiB": "cold memory",
            "16 threads on one client: calls a second": "16 threads calls",
        }.items()
    }
    draw(HERE / "chart.py", HERE / "figures.svg", data)


def write_figures(page: Path, figures: str) -> None:
    """Replaces the figures on a page."""
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + BEGIN + figures + END + rest.split(END)[1])


def draw(program: Path, chart: Path, data: object) -> None:
    venv("chart", ["matplotlib"])
    subprocess.run([PYTHONS / "chart/bin/python", program, chart], input=json.dumps(data), text=True, check=True)
