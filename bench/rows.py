"""The measurements so far, kept in the target folder: a run may be of a part of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from contestants import NAMES
from load import Load
from row import Row


class Rows:
    def __init__(self, file: Path) -> None:
        self._file = file
        kept = json.loads(file.read_text()) if file.exists() else []
        self._rows = {(row.load, row.name): row for row in map(_row, kept)}

    def add(self, row: Row) -> None:
        """Replaces an earlier measurement of the same."""
        self._rows[row.load, row.name] = row
        self._file.write_text(json.dumps([dataclasses.asdict(row) for row in self._rows.values()], indent=1))

    def all(self) -> list[Row]:
        """In the order of the tables."""
        kinds = ["wait", "trigger"]

        def order(row: Row) -> tuple[object, ...]:
            load = row.load
            return kinds.index(load.kind), load.syncs, load.latency, NAMES.index(row.name), load.tenants

        return sorted(self._rows.values(), key=order)


def _row(kept: dict[str, object]) -> Row:
    load = kept.pop("load")
    assert isinstance(load, dict)
    load["syncs"] = tuple(load["syncs"])
    return Row(load=Load(**load), **kept)  # type: ignore[arg-type]
