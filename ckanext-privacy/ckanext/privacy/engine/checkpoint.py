"""Finished parts of a scan, kept so that one that was killed goes on where it stopped.

A checkpoint holds values of the file until the scan is complete, when it is deleted: guard its folder like the file.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .profile import Candidates, ColumnProfile, Draw, Key, TableProfile


@dataclass
class Checkpoint:
    """The finished parts of one file under one way of scanning, as lines of JSON."""

    path: Path
    _known: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        """Believe whole lines only: the last one may have been cut off by what ended the scan."""
        text = self.path.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.splitlines():
            part = json.loads(line)
            self._known[part["table"], part["part"]] = part["profile"]
        with self.path.open("r+b") as file:
            file.truncate(len(whole))

    def get(self, table: int, part: int) -> TableProfile | None:
        """The profile of a part, if it is finished."""
        known = self._known.get((table, part))
        return None if known is None else from_plain(known)

    def add(self, table: int, part: int, profile: TableProfile) -> None:
        """Keep a finished part."""
        if (table, part) in self._known:
            return
        line = json.dumps({"table": table, "part": part, "profile": to_plain(profile)}).encode() + b"\n"
        with open(self.path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(line)

    def of_table(self, table: int) -> KeptTable:
        """The parts of one table of the file."""
        return KeptTable(self, table)

    def done(self) -> None:
        """The scan is complete."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class KeptTable:
    """The finished parts of one table."""

    checkpoint: Checkpoint
    table: int

    def get(self, part: int) -> TableProfile | None:
        """The profile of a part, if it is finished."""
        return self.checkpoint.get(self.table, part)

    def add(self, part: int, profile: TableProfile) -> None:
        """Keep a finished part."""
        self.checkpoint.add(self.table, part, profile)


def to_plain(profile: TableProfile) -> dict[str, Any]:
    """Write a profile in JSON's types."""
    return {"rows": profile.rows, "columns": [_column_to_plain(column) for column in profile.columns.values()]}


def _column_to_plain(column: ColumnProfile) -> dict[str, Any]:
    drawn = column.drawn
    found = {
        name: [[*key, each.rows, list(each.values.items())] for key, each in keys.items()]
        for name, keys in column.found.items()
    }
    draw = [drawn.priorities.tolist(), drawn.rows.tolist(), list(drawn.values)]
    return {"name": column.name, "label": column.label, "filled": column.filled, "drawn": draw, "found": found}


def from_plain(data: dict[str, Any]) -> TableProfile:
    """Read what :func:`to_plain` wrote."""
    columns = (_column_from_plain(column) for column in data["columns"])
    return TableProfile(data["rows"], {column.name: column for column in columns})


def _column_from_plain(data: dict[str, Any]) -> ColumnProfile:
    priorities, rows, values = data["drawn"]
    draw = Draw(np.array(priorities, dtype=np.float64), np.array(rows, dtype=np.int64), tuple(values))
    found = {
        name: {Key(*key): Candidates(count, dict(items)) for *key, count, items in keys}
        for name, keys in data["found"].items()
    }
    return ColumnProfile(data["name"], data["label"], data["filled"], draw, found)
