"""JSON, NDJSON and GeoJSON: lists of records as tables, nested values as paths such as ``person.phones[].number``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import polars as pl

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, frame, name_columns

from .delimited import detect_encoding, open_delimited

#: Records in one batch.
ROWS = 20_000
#: Between the values of a list that share one cell.
JOINT = "; "

Record = dict[str, str]


def open_records(raw: RawFile) -> OpenFile:
    """Open JSON or NDJSON; text that only looks like it is read as delimited text. Raises ``UnreadableFile``."""
    if raw.size > raw.limits.whole:
        raise UnreadableFile(f"JSON over {raw.limits.whole >> 20} MB is not read; save it as CSV.", raw.name)
    encoding = detect_encoding(raw)
    text = raw.path.read_bytes().decode(encoding, "replace")
    try:
        kind, lists = _lists(text)
    except (ValueError, RecursionError):
        return open_delimited(raw)
    tables = [_table(name or raw.name, values) for name, values in lists if values]
    return OpenFile(raw.facts(kind, encoding), tables)


def _lists(text: str) -> tuple[str, list[tuple[str, list[Any]]]]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError:
        return "ndjson", [("", [json.loads(line) for line in text.splitlines() if line.strip()])]
    if isinstance(data, list):
        return "json", [("", data)]
    if not isinstance(data, dict):
        return "json", [("", [data])]
    kind = "geojson" if data.get("type") in {"FeatureCollection", "Feature"} else "json"
    return kind, _members(data)


def _members(data: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Every list of records is a table of its own, longest first; what is beside them is one more record."""
    lists = [(key, value) for key, value in data.items() if _is_records(value)]
    rest = {key: value for key, value in data.items() if not _is_records(value)}
    lists.sort(key=lambda item: -len(item[1]))
    beside = [("beside the records" if lists else "", [rest])] if rest else []
    return [*lists, *beside]


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, (dict, list)) for item in value)


def _table(name: str, values: list[Any]) -> Table:
    records = [_flatten(value) for value in values]
    labels = tuple(dict.fromkeys(key for record in records for key in record))
    header = name_columns(labels)
    read = partial(_batches, records, labels, header)
    count = len(records)
    return Table(name, header, labels, read, weight=count * len(labels) * 8, share=lambda rows: rows / count)


def _batches(records: list[Record], labels: tuple[str, ...], header: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    for start in range(0, len(records), ROWS):
        yield frame([[record.get(key) for key in labels] for record in records[start : start + ROWS]], header)


def _flatten(value: Any) -> Record:
    record: dict[str, list[str]] = {}
    for path, text in _leaves(value, ""):
        record.setdefault(path, []).append(text)
    return {path: JOINT.join(texts) for path, texts in record.items()}


def _leaves(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        yield from _list_leaves(value, path)
    elif value is not None:
        yield path or "#1", value if isinstance(value, str) else json.dumps(value)


def _list_leaves(values: list[Any], path: str) -> Iterable[tuple[str, str]]:
    if not path:
        # A record that is a list, as Socrata and CKAN's datastore write them: columns by position.
        for position, item in enumerate(values, 1):
            yield from _leaves(item, f"#{position}")
    elif path.rpartition(".")[2] == "coordinates" and _is_point(values):
        yield path, ", ".join(str(number) for number in values)
    else:
        for item in values:
            yield from _leaves(item, path if path.endswith("[]") else f"{path}[]")


def _is_point(values: list[Any]) -> bool:
    return 2 <= len(values) <= 3 and all(isinstance(number, (int, float)) for number in values)
