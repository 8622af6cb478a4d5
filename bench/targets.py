"""What the fleet has to reach: with ten thousand tenants, and in how its cost grows from a hundred."""

from __future__ import annotations

from contestants import FLEETS, PYTHON_FLEET
from growth import MOST, exponents
from load import LONG, SHORT
from promises import Promise
from row import Row

MEGABYTE = 1e6 / (1 << 20)
"""In MiB."""


def targets(rows: list[Row]) -> list[Promise]:
    fleets = [row for row in rows if row.name in FLEETS and row.load.kind == "wait"]
    found = [target for row in fleets if row.load.tenants == MOST for target in of_row(row)]
    return found + of_growth([row for row in fleets if row.load.syncs == SHORT])


def of_row(row: Row) -> list[Promise]:
    best = row.load.best()
    assert best is not None
    found = [("tenants for which not all went well", row.load.tenants - row.well, 0)]
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
    return [Promise(f"{row.name}: {row.load.title}: {text}", value, most) for text, value, most in found]


def of_growth(rows: list[Row]) -> list[Promise]:
    return [
        Promise(f"{name}: {title}: exponent of {quantity}", exponent, 1.1)
        for (title, name), found in exponents(rows).items()
        for quantity, exponent in found.items()
    ]
