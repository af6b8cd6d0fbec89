"""Files that a plan in a file names beside it: hierarchies as CSV or YAML, areas as GeoJSON.

They are read into the plan, so that what was done can be seen from it alone. Only a plan in a file may name others: one
that comes by the network brings everything with it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ckanext.privacy.engine.errors import InvalidPlan
from ckanext.privacy.engine.sentences import say


def with_files(data: Any, plan: Path) -> Any:
    """The plan's data with every file that its steps name read in. Raises `InvalidPlan` that names the file."""
    tables = data.get("tables") if isinstance(data, dict) else None
    steps = [
        step
        for table in (tables if isinstance(tables, list) else ())
        for step in (table.get("columns") or () if isinstance(table, dict) else ())
        if isinstance(step, dict)
    ]
    for step in steps:
        for option, read in READERS.items():
            if isinstance(step.get(option), str):
                step[option] = _read(plan.parent / step[option], read)
    return data


def _read(path: Path, read: Callable[[Path], Any]) -> Any:
    try:
        return read(path)
    except OSError as error:
        raise InvalidPlan(
            say("{path}: the plan names this file, and it cannot be opened ({error}).", path=path, error=error.strerror)
        ) from error
    except (ValueError, yaml.YAMLError, csv.Error) as error:
        raise InvalidPlan(
            say("{path}: the plan names this file, and it cannot be read; save it as UTF-8.", path=path)
        ) from error


def _hierarchy(path: Path) -> dict[str, list[str]]:
    """Each value's groups, finest first: a row of a CSV without heading, or a YAML list by value."""
    text = path.read_text("utf-8-sig")
    if path.suffix.lower() in {".yaml", ".yml"}:
        return yaml.safe_load(text)
    rows = csv.reader(text.splitlines())
    return {row[0]: row[1:] for row in rows if len(row) > 1}


def _areas(path: Path) -> Any:
    return json.loads(path.read_text("utf-8-sig"))


#: Options of steps that may name a file.
READERS: dict[str, Callable[[Path], Any]] = {"hierarchy": _hierarchy, "areas": _areas}
