"""JSON, NDJSON and GeoJSON: lists of records as tables, nested values as paths such as ``person.phones[].number``.

The file is read as a stream of events, whatever its size. A list of records that lies in objects only, as in
``result.records``, is a table; what stands beside such lists is one more record.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

import ijson

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table

from .delimited import detect_encoding, open_delimited
from .json_events import Event, events_of, is_ndjson, text_of
from .layout import LOOK, find_layout
from .spool import Spool

#: Between the values of a list that share one cell.
JOINT = "; "
#: A list of more plain values than this is a table of its own.
SHORT = 20
#: An object of at least so many objects that look alike is a list of records under keys.
KEYED = 50
#: Lists that name the columns of rows that are lists, and the key under which they do: CKAN, Socrata and pandas.
NAMING = ("fields", "columns")
NAME_KEYS = ("name", "id")
#: Endings of files that are JSON and nothing else.
ENDINGS = frozenset({".json", ".geojson", ".ndjson", ".jsonl", ".topojson"})

Record = dict[str, list[str]]


def open_records(raw: RawFile) -> OpenFile:
    """Open JSON or NDJSON; text that only looks like it is read as delimited text. Raises ``UnreadableFile``."""
    encoding = detect_encoding(raw)
    try:
        reader = _read(raw, encoding)
    except (ijson.JSONError, ValueError) as error:
        if Path(raw.name).suffix.lower() in ENDINGS:
            raise UnreadableFile(say("The JSON is cut off or malformed; save it again."), raw.name) from error
        return open_delimited(raw)
    return OpenFile(raw.facts(reader.kind, encoding), reader.tables())


def _read(raw: RawFile, encoding: str) -> _Reader:
    try:
        with raw.path.open("rb") as file:
            reader = _Reader(raw, encoding)
            reader.read(_stream(file, encoding))
            return reader
    except ijson.JSONError:
        if raw.size > raw.limits.whole:
            raise
    # Python's own parser takes NaN and raw control characters, as many programs write them.
    reader = _Reader(raw, encoding)
    text = raw.path.read_bytes().decode(encoding, "replace").removeprefix("\ufeff")
    lines = text.splitlines() if reader.kind == "ndjson" else [text]
    values = (json.loads(line, strict=False) for line in lines if line.strip())
    reader.read(chain.from_iterable(events_of(value) for value in values))
    return reader


def _stream(file: IO[bytes], encoding: str) -> Iterator[Event]:
    if encoding != "utf-8":
        file = codecs.EncodedFile(file, "utf-8", encoding, "replace")  # type: ignore[assignment]
    return ijson.basic_parse(file, multiple_values=True, buf_size=1 << 18)


class _Reader:
    """Sorts a stream of events into tables."""

    def __init__(self, raw: RawFile, encoding: str) -> None:
        self._raw = raw
        head = raw.head.decode(encoding, "replace")
        self.kind = "ndjson" if is_ndjson(head) else "json"
        self._lists: dict[str, Spool | _Rows] = {}
        self._beside: Record = {}
        self._names: list[list[str]] = []
        self._events: Iterator[Event] = iter(())
        self._depth = 0

    def read(self, events: Iterator[Event]) -> None:
        """Take in all values of the file."""
        self._events = events
        for event, value in events:
            if self.kind == "ndjson":
                self._item("", event, value)
            else:
                self._member("", event, value)

    def tables(self) -> list[Table]:
        """Every list of records, longest first; then what stands beside them."""
        spools = [(path, self._named(lists)) for path, lists in self._lists.items()]
        spools.sort(key=lambda item: -item[1].rows)
        tables = [spool.table(path or self._raw.name) for path, spool in spools if spool.rows]
        if self._beside:
            flat = {path: JOINT.join(texts) for path, texts in self._beside.items()}
            title = "beside the records" if tables else self._raw.name
            tables += [spool.table(title) for spool in [_records(flat, self._raw)]]
        return tables

    def _named(self, lists: Spool | _Rows) -> Spool:
        return lists if isinstance(lists, Spool) else lists.end(self._names)

    def _member(self, path: str, event: str, value: Any) -> None:
        """A value that lies in objects only."""
        if event == "start_map":
            self._enter()
            for key, event_, value_ in self._members():
                if not path and key == "type" and value_ in {"FeatureCollection", "Feature"}:
                    self.kind = "geojson"
                self._member(f"{path}.{key}" if path else key, event_, value_)
        elif event == "start_array":
            self._enter()
            self._array(path)
        elif value is not None:
            self._beside.setdefault(path or "#1", []).append(text_of(value))

    def _members(self) -> Iterator[tuple[str, str, Any]]:
        for event, key in self._events:
            if event == "end_map":
                self._depth -= 1
                return
            yield (key, *next(self._events))

    def _items(self) -> Iterator[Event]:
        for event, value in self._events:
            if event == "end_array":
                self._depth -= 1
                return
            yield event, value

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > self._raw.limits.levels:
            reason = say(
                "The JSON is nested more than {levels} levels deep; save it as a table.", levels=self._raw.limits.levels
            )
            raise UnreadableFile(reason, self._raw.name)

    def _array(self, path: str) -> None:
        plain: list[str] | None = [] if path else None
        for event, value in self._items():
            if event in {"start_map", "start_array"} or plain is None:
                self._item(path, event, value)
            elif value is not None:
                plain.append(text_of(value))
                if len(plain) > SHORT:
                    plain = self._as_items(path, plain)
        if not plain:
            return
        self._beside.setdefault(f"{path}[]", []).extend(plain)
        if path.rpartition(".")[2] in NAMING:
            self._names.append(plain)

    def _as_items(self, path: str, plain: list[str]) -> None:
        for text in plain:
            self._item(path, "string", text)

    def _item(self, path: str, event: str, value: Any) -> None:
        """A record of a list."""
        if event == "start_array":
            self._enter()
            self._row(path)
            return
        record: Record = {}
        label = "" if event == "start_map" else path.rpartition(".")[2]
        self._leaves(label, event, value, record)
        flat = {label: JOINT.join(texts) for label, texts in record.items()}
        lists = self._lists.setdefault(path, Spool(self._raw))
        lists.add(flat)
        if path.rpartition(".")[2] in NAMING and lists.rows <= self._raw.limits.columns:
            self._remember_name(flat, lists.rows == 1)

    def _remember_name(self, record: dict[str, str], first: bool) -> None:
        if first:
            self._names.append([])
        self._names[-1].append(next((record[key] for key in NAME_KEYS if key in record), ""))

    def _row(self, path: str) -> None:
        """A record that is a list, as Socrata and CKAN's datastore write them: columns by position."""
        row: list[str] = []
        for event, value in self._items():
            record: Record = {}
            self._leaves("", event, value, record)
            row.append(JOINT.join(text for texts in record.values() for text in texts))
        lists = self._lists.setdefault(path, _Rows(self._raw))
        if isinstance(lists, _Rows):
            lists.add(row)
        else:
            lists.add({f"#{place}": text for place, text in enumerate(row, 1) if text})

    def _leaves(self, path: str, event: str, value: Any, record: Record) -> None:
        if event == "start_map":
            self._enter()
            for key, event_, value_ in self._members():
                self._leaves(f"{path}.{key}" if path else key, event_, value_, record)
        elif event == "start_array":
            self._enter()
            self._list_leaves(path, record)
        elif value is not None:
            record.setdefault(path or "#1", []).append(text_of(value))

    def _list_leaves(self, path: str, record: Record) -> None:
        if path.rpartition(".")[2] == "coordinates":
            self._coordinates(path, record)
            return
        inner = path if path.endswith("[]") else f"{path}[]"
        for event, value in self._items():
            self._leaves(inner, event, value, record)

    def _coordinates(self, path: str, record: Record) -> None:
        """A point is one cell; of a longer geometry its middle is kept, which is where its people live."""
        points: list[list[float]] = []
        self._points(points, record, path)
        if len(points) == 1 and len(points[0]) >= 2:
            record.setdefault(path, []).append(", ".join(f"{number:.15g}" for number in points[0]))
        elif points:
            pairs = [point for point in points if len(point) >= 2]
            middle = [sum(point[axis] for point in pairs) / max(1, len(pairs)) for axis in (0, 1)]
            record.setdefault(f"{path.removesuffix('coordinates')}middle", []).append(
                ", ".join(f"{number:.6f}" for number in middle)
            )

    def _points(self, points: list[list[float]], record: Record, path: str) -> None:
        point: list[float] = []
        for event, value in self._items():
            if event == "start_array":
                self._enter()
                self._points(points, record, path)
            elif event == "number":
                point.append(float(value))
            elif event == "start_map" or value is not None:
                self._leaves(f"{path}[]", event, value, record)
        if point:
            points.append(point)


class _Rows:
    """Rows that are lists: their columns have the names that stand in the file, or a heading as their first row."""

    def __init__(self, raw: RawFile) -> None:
        self._spool, self._first = Spool(raw), list[list[str]]()
        self._labels: list[str] | None = None

    def add(self, row: list[str] | dict[str, str]) -> None:
        """Take in a row, or a record that stands among the rows."""
        if isinstance(row, dict):
            row = [f"{label}: {text}" for label, text in row.items()]
        if self._labels is None:
            self._first.append(row)
            if len(self._first) >= LOOK:
                self._begin()
        else:
            self._put(row)

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._spool.rows + len(self._first)

    def _begin(self) -> None:
        layout = find_layout(self._first)
        headed = layout.first == 1
        self._labels = list(layout.labels) if headed else []
        first, self._first = self._first, []
        for row in first[1:] if headed else first:
            self._put(row)

    def _put(self, row: list[str]) -> None:
        self._spool.add({f"#{place}": text for place, text in enumerate(row, 1)})

    def end(self, names: list[list[str]]) -> Spool:
        """Give all rows, their columns named."""
        if self._labels is None:
            self._begin()
        labels = self._labels or []
        if not labels:
            labels = next((each for each in names if len(each) == self._spool.width), [])
        self._spool.rename({f"#{place}": label for place, label in enumerate(labels, 1) if label})
        return self._spool


def _records(flat: dict[str, str], raw: RawFile) -> Spool:
    """One record, or many where it is an object of objects that look alike: then keys are a column."""
    spool = Spool(raw)
    for level in range(3):
        groups: dict[str, dict[str, str]] = {}
        for path, text in flat.items():
            parts = path.split(".")
            groups.setdefault(".".join(parts[: level + 1]), {})[".".join(parts[level + 1 :])] = text
        labels = {label for group in groups.values() for label in group}
        if len(groups) >= KEYED and len(labels) <= len(flat) / KEYED * 5 and labels != {""}:
            for key, group in groups.items():
                spool.add({"key": key, **{label or "value": text for label, text in group.items()}})
            return spool
    spool.add(flat)
    return spool
