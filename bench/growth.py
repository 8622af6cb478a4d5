"""How the cost grows with the number of tenants."""

from __future__ import annotations

import math

from row import Row

FEWEST, MOST = 100, 10_000


def exponents(rows: list[Row]) -> dict[tuple[str, str], dict[str, float]]:
    """The slopes between two loads on a log-log scale, by load's title and program's name: 1 if ten times as many
    tenants cost ten times as much."""
    found = {(row.load.title, row.name, row.load.tenants): row for row in rows}
    pairs = {
        (title, name): (few, found[title, name, MOST])
        for (title, name, tenants), few in found.items()
        if tenants == FEWEST and (title, name, MOST) in found
    }
    return {
        key: {
            "CPU": slope(few.cpu, many.cpu),
            "memory": slope(few.memory, many.memory),
            "requests": slope(few.requests, many.requests),
        }
        for key, (few, many) in pairs.items()
    }


def slope(few: float, many: float) -> float:
    return math.log(many / few) / math.log(MOST / FEWEST)
