"""The measurements as tables and as a chart."""

from __future__ import annotations

import subprocess
from itertools import groupby

import report
from growth import exponents
from load import SHORT
from peers import HERE
from row import Row

COLUMNS = [
    "tenants", "wall, s", "of the best", "CPU, s", "memory, MiB", "threads", "connections", "requests",
    "server's CPU, s",
]  # fmt: skip


def text(rows: list[Row], strength: str, kept: str) -> str:
    parts = [report.machine(wrk()), strength]
    parts += [table(list(group)) for _, group in groupby(rows, key=lambda row: row.load.title)]
    parts += ["### Growth from 100 to 10,000 tenants, as exponents", growth(rows)]
    parts += [f"```text\n{kept}\n```"] if kept else []
    return "\n\n".join(parts) + "\n"


def table(rows: list[Row]) -> str:
    """The rows of one title."""
    bests = {row.load.tenants: row.load.best() for row in rows}
    best = ", ".join(f"{best:.1f} s for {tenants:,} tenants" for tenants, best in sorted(bests.items()) if best)
    parts = [f"### {rows[0].load.title}"]
    parts += [f"The best possible: {best}."] if best else []
    lines = [line(["", *COLUMNS]), line(["---", *("---:" for _ in COLUMNS)]), *(line(cells(row)) for row in rows)]
    return "\n\n".join([*parts, "\n".join(lines)])


def cells(row: Row) -> list[str]:
    best = row.load.best()
    failed = f" ({row.load.tenants - row.well:,} failed)" if row.well < row.load.tenants else ""
    return [
        row.name,
        f"{row.load.tenants:,}{failed}",
        f"{row.wall:.2f}" if row.wall < 10 else f"{row.wall:.1f}",
        f"{row.wall / best:.3f}" if best else "",
        f"{row.cpu:.2f}",
        f"{row.memory:,.0f}",
        f"{row.threads:,}",
        f"{row.connections:,}",
        f"{row.requests:,}",
        f"{row.server_cpu:.2f}",
    ]


def growth(rows: list[Row]) -> str:
    lines = [line(["", "", "CPU", "memory", "requests"]), line(["---", "---", "---:", "---:", "---:"])]
    for (title, name), found in exponents(rows).items():
        lines.append(line([title, name, *(f"{exponent:.2f}" for exponent in found.values())]))
    return "\n".join(lines)


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def wrk() -> str:
    told = subprocess.run(["wrk", "-v"], stdout=subprocess.PIPE, text=True).stdout
    return " ".join(told.split()[:2])


def write(rows: list[Row], text: str) -> None:
    """Writes the figures into scale.md beside this file, and the chart."""
    report.write_figures(HERE / "scale.md", text)
    waits = [row for row in rows if row.load.kind == "wait" and row.load.syncs == SHORT]
    quantities = {"wall time, s": "wall", "CPU time, s": "cpu", "memory, MiB": "memory"}
    data: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for row in waits:
        for title, quantity in quantities.items():
            latency = f"{row.load.latency} ms of latency" if row.load.latency else "no latency"
            panel = data.setdefault(f"{title}; {latency}", {})
            panel.setdefault(row.name, []).append((row.load.tenants, getattr(row, quantity)))
    report.draw(HERE / "curves.py", HERE / "scale.svg", data)
