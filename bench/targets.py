"""What the fleet has to reach: with ten thousand tenants, and in how its cost grows from a hundred."""

from __future__ import annotations

from contestants import FLEETS, PYTHON_FLEET
from growth import FEWEST, MOST, exponents
from load import LONG, SHORT
from promises import Promise
from row import Row

MEGABYTE = 1e6 / (1 << 20)
"""In MiB."""


def targets(rows: list[Row]) -> list[Promise]:
    fleets = [row for row in rows if row.name in FLEETS and row.load.kind == "wait"]
    found = [target for row in fleets if row.load.tenants == MOST for target in of_row(row)]
    return found + [target for name in FLEETS for target in of_growth(name, [row for row in fleets if row.name == name])]


def of_row(row: Row) -> list[Promise]:
    best = row.load.best()
    assert best is not None
    found = [(f"of {MOST:,} tenants did not end well", row.load.tenants - row.well, 0)]
    if row.load.syncs == LONG:
        found += [("wall time to the slowest sync", row.wall / max(row.load.durations()), 1.1)]
    elif row.name == PYTHON_FLEET:
        found += [("wall time to the best", row.wall / best, 1.15), ("CPU, s", row.cpu, 15)]
    elif row.load.latency:
        found += [
            ("wall time to the best", row.wall / best, 1.15),
            ("CPU, s", row.cpu, 10),
            ("memory, MB", row.memory / MEGABYTE, 200),
        ]
    else:
        found += [
            ("wall time to the best", row.wall / best, 1.05),
            ("CPU, s", row.cpu, 5),
            ("memory, MB", row.memory / MEGABYTE, 100),
            ("threads", row.threads, 32),
        ]
    return [Promise(f"{row.name}, {row.load.title}: {text}", value, most) for text, value, most in found]


def of_growth(name: str, rows: list[Row]) -> list[Promise]:
    text = f"{name}, {{}}: exponent of {{}} from {FEWEST:,} to {MOST:,} tenants"
    return [
        Promise(text.format(title, quantity), exponent, 1.1)
        for (title, _), found in exponents([row for row in rows if row.load.syncs == SHORT]).items()
        for quantity, exponent in found.items()
    ]
