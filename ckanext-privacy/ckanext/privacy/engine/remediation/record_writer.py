"""Write cleaned records as JSON, NDJSON or GeoJSON: the file's own nesting, with only what the plan changes changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ckanext.privacy.engine.errors import InvalidPlan, UnreadableFile
from ckanext.privacy.engine.sentences import say, to_say
from ckanext.privacy.engine.settings import Limits
from ckanext.privacy.engine.tables import OpenFile

from .labels import labels_of
from .steps import Cleaner

#: A value in a record, and where it hangs: the object or list that holds it, and its key or place.
Slot = tuple[Any, Any]
#: Last parts of the paths under which a geometry's place is read.
POINT, MIDDLE = "coordinates", "middle"

OTHERS = to_say("write the cleaned file as .csv or .xlsx")


@contextmanager
def record_writer(stream: BinaryIO, file: OpenFile, source: Path) -> Iterator[NdjsonWriter | JsonWriter]:
    """Open a writer for records as they came. Raises `UnreadableFile` for JSON too large to be held in memory."""
    encoding = file.facts.encoding or "utf-8"
    if file.facts.format == "ndjson":
        yield NdjsonWriter(stream, source, encoding)
        return
    if source.stat().st_size > Limits().whole:
        limit = Limits().whole >> 20
        raise UnreadableFile(
            say("JSON over {megabytes} MB is not cleaned as JSON; {remedy}.", megabytes=limit, remedy=OTHERS),
            file.facts.name,
        )
    document = json.loads(source.read_text(encoding).removeprefix("\ufeff"))
    writer = JsonWriter(document, file.facts.name)
    yield writer
    text = json.dumps(writer.document, ensure_ascii=False, indent=_indent(source, encoding))
    stream.write(text.encode(encoding) + b"\n")


class NdjsonWriter:
    """Writes one record a line, as they stream by."""

    def __init__(self, stream: BinaryIO, source: Path, encoding: str) -> None:
        self._stream, self._source, self._encoding = stream, source, encoding

    def write(self, cleaner: Cleaner) -> None:
        """Write the records that are kept."""
        with self._source.open(encoding=self._encoding) as lines:
            records = (json.loads(line.removeprefix("\ufeff")) for line in lines if line.strip())
            for record in cleaned_records(records, cleaner):
                self._stream.write(json.dumps(record, ensure_ascii=False).encode(self._encoding) + b"\n")

    def leave_out(self, name: str) -> None:
        """What is not written is left out."""


class JsonWriter:
    """Changes a document in memory, list by list."""

    def __init__(self, document: Any, name: str) -> None:
        self.document, self._name = document, name

    def write(self, cleaner: Cleaner) -> None:
        """Put the cleaned records where the table's records lie in the document."""
        name = cleaner.table.name
        if isinstance(self.document, dict) and name not in self._paths():
            # What stands beside the lists, or the whole document, is one record.
            self.document = next(iter(cleaned_records([self.document], cleaner, beside=True)), {})
            return
        holder, key = self._place(name)
        records = list(cleaned_records(holder[key] if key is not None else self.document, cleaner))
        if key is None:
            self.document = records
        else:
            holder[key] = records

    def leave_out(self, name: str) -> None:
        """Take a list of records out of the document, or everything that is in none."""
        if isinstance(self.document, dict) and name not in self._paths():
            self.document = _lists_only(self.document)
            return
        holder, key = self._place(name)
        if key is None:
            self.document = []
        else:
            holder[key] = []

    def _paths(self) -> set[str]:
        return set(_list_paths(self.document, ""))

    def _place(self, path: str) -> tuple[Any, Any]:
        if isinstance(self.document, list):
            return self.document, None
        *above, last = path.split(".")
        holder = self.document
        for key in above:
            holder = holder[key]
        return holder, last


class FeatureWriter:
    """Writes tables of other formats as GeoJSON: a row with a place becomes a feature with a point."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._first = stream, True

    def __enter__(self) -> FeatureWriter:
        self._stream.write(b'{"type": "FeatureCollection", "features": [\n')
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stream.write(b"\n]}\n")

    def write(self, cleaner: Cleaner) -> None:
        """Write one table's rows."""
        names = dict(zip(cleaner.columns, labels_of(cleaner), strict=True))
        for _, after, keep in cleaner.batches():
            for row in after.select(cleaner.columns).filter(keep).iter_rows(named=True):
                self._put(_feature(row, names))

    def leave_out(self, name: str) -> None:
        """What is not written is left out."""

    def _put(self, feature: dict[str, Any]) -> None:
        self._stream.write(b"" if self._first else b",\n")
        self._stream.write(json.dumps(feature, ensure_ascii=False).encode())
        self._first = False


def _feature(row: dict[str, str | None], names: dict[str, str]) -> dict[str, Any]:
    at = next((row[name] for name in row if name.rpartition(".")[2] in {POINT, MIDDLE} and row[name]), None)
    place = {"type": "Point", "coordinates": _numbers(at)} if at else None
    told = {names[name] or name: text for name, text in row.items() if name.rpartition(".")[2] not in {POINT, MIDDLE}}
    return {"type": "Feature", "geometry": place, "properties": told}


def cleaned_records(records: Iterable[Any], cleaner: Cleaner, *, beside: bool = False) -> Iterator[Any]:
    """Each record with the cells that changed put in, those of dropped columns taken out, dropped rows left out.

    `beside`: only what is in no list of records is looked at. Raises `InvalidPlan` where a changed cell cannot be found
    in its record, so that nothing is left as it was by mistake.
    """
    label_of = dict(zip(cleaner.table.header, cleaner.table.labels, strict=True))
    paths = {name: label_of.get(name) or name for name in cleaner.all_columns}
    waiting, numeric = iter(records), cleaner.numeric_columns()
    for before, after, keep in cleaner.batches():
        for row, kept in enumerate(keep):
            record = next(waiting, None)
            if not isinstance(record, dict):
                raise InvalidPlan(say("Its records are not all objects; {remedy}.", remedy=OTHERS))
            if kept:
                yield _cleaned(record, cleaner, paths, (before.row(row), after.row(row)), numeric, beside)


def _cleaned(  # noqa: PLR0913, PLR0917 - one record and all that is known of it
    record: dict[str, Any],
    cleaner: Cleaner,
    paths: dict[str, str],
    rows: tuple[Sequence[str | None], Sequence[str | None]],
    numeric: Mapping[str, bool],
    beside: bool,
) -> Any:
    slots = slots_of(record, beside=beside)
    before = dict(zip((*cleaner.all_columns,), rows[0], strict=False))
    after = dict(zip((name for name in cleaner.all_columns if name not in cleaner.dropped), rows[1], strict=True))
    for name, path in paths.items():
        old, new = before.get(name), after.get(name)
        if old == new or old is None:
            continue
        if path not in slots:
            raise InvalidPlan(
                say(
                    '"{column}": a cell of this column cannot be found in its record; {remedy}.',
                    column=path,
                    remedy=OTHERS,
                )
            )
        _put(slots[path], path, new, number=name in numeric, gone=name in cleaner.dropped)
    return record


def slots_of(record: dict[str, Any], *, beside: bool = False) -> dict[str, list[Slot]]:
    """Where the values of each path hang in a record, under the paths that the reader gives its columns."""
    found: dict[str, list[Slot]] = {}
    _walk(record, "", found, beside)
    return found


def _walk(value: Any, path: str, found: dict[str, list[Slot]], beside: bool) -> None:
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, item in items:
        inner = (f"{path}.{key}" if path else str(key)) if isinstance(value, dict) else path
        if isinstance(item, list) and inner.rpartition(".")[2] == POINT:
            single = all(isinstance(number, (int, float)) for number in item)
            place = inner if single else f"{inner.removesuffix(POINT)}{MIDDLE}"
            found.setdefault(place, []).append((value, key))
        elif isinstance(item, list):
            if not (beside and any(isinstance(each, (dict, list)) for each in item)):
                _walk(item, inner if inner.endswith("[]") else f"{inner}[]", found, beside)
        elif isinstance(item, dict):
            _walk(item, inner, found, beside)
        elif item is not None:
            found.setdefault(inner, []).append((value, key))


def _put(slots: list[Slot], path: str, text: str | None, *, number: bool, gone: bool) -> None:
    """Put a new text where the values were: in the first place, as a place or number if it is one; null elsewhere."""
    for position, (holder, key) in enumerate(slots):
        first = text if position == 0 else None
        if path.rpartition(".")[2] in {POINT, MIDDLE}:
            _put_place(holder, first)
        elif gone and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = _value(first, number and isinstance(holder[key], (int, float)))


def _put_place(geometry: dict[str, Any], text: str | None) -> None:
    """A geometry becomes the point that is told of it, or nothing."""
    numbers = _numbers(text)
    geometry.clear()
    geometry |= {"type": "Point", "coordinates": numbers}


def _numbers(text: str | None) -> list[float]:
    try:
        return [float(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        return []


def _value(text: str | None, number: bool) -> Any:
    if text is None or not number:
        return text
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _list_paths(value: Any, path: str) -> Iterator[str]:
    """Paths of the lists of records that lie in objects only."""
    if isinstance(value, list):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _list_paths(item, f"{path}.{key}" if path else str(key))


def _lists_only(value: dict[str, Any]) -> dict[str, Any]:
    lists = {key: item for key, item in value.items() if isinstance(item, list)}
    inner = {key: _lists_only(item) for key, item in value.items() if isinstance(item, dict)}
    return {**lists, **{key: item for key, item in inner.items() if item}}


def _indent(source: Path, encoding: str) -> int | None:
    """Whether the document was laid out for reading."""
    with source.open(encoding=encoding, errors="replace") as file:
        head = file.read(2_000)
    return 2 if head.count("\n") > 2 else None
