"""Parquet, Arrow (Feather), ORC and Avro: batch by batch, nested values as paths, binary ones held."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import polars as pl
import pyarrow as pa

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, blank_to_null, name_columns, text_table

from .places import MIDDLE, POINT, ToDegrees, degrees_from, places
from .records import JOINT

#: Rows in one batch.
ROWS = 20_000
#: What libraries call a geometry that has no name of its own.
GEOMETRY = frozenset({"wkb_geometry", "geom", "geometry", "geometryProperty", "SHAPE", "Shape", "the_geom"})
BINARY = say("The column holds bytes that are no text, such as pictures; leave it out.")

#: What Parquet numbers its fields by.
FIELD_NUMBER = b"PARQUET:field_id"


def open_parquet(raw: RawFile) -> OpenFile:
    """Open a Parquet file, row group by row group. Raises ``UnreadableFile`` when it is damaged or encrypted."""
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(raw.path)
        rows = parquet.read_metadata(raw.path).num_rows
    except (pa.ArrowException, OSError) as error:
        raise _damaged(raw, error) from error

    def read() -> Iterator[pl.DataFrame]:
        with parquet.ParquetFile(raw.path) as file:
            for batch in file.iter_batches(ROWS, use_threads=False):
                yield _polars(batch)

    return _open(raw, "parquet", Source(raw.name, schema, rows, read))


def open_arrow(raw: RawFile) -> OpenFile:
    """Open an Arrow IPC or Feather file. Raises ``UnreadableFile`` when it is damaged."""
    try:
        with pa.ipc.open_file(str(raw.path)) as file:
            schema = file.schema
    except (pa.ArrowException, OSError) as error:
        raise _damaged(raw, error) from error

    def read() -> Iterator[pl.DataFrame]:
        with pa.ipc.open_file(str(raw.path)) as file:
            for number in range(file.num_record_batches):
                yield from _sliced(file.get_batch(number))

    return _open(raw, "arrow", Source(raw.name, schema, 0, read))


def open_orc(raw: RawFile) -> OpenFile:
    """Open an ORC file, stripe by stripe. Raises ``UnreadableFile`` when it is damaged."""
    from pyarrow import orc

    try:
        file = orc.ORCFile(raw.path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(raw, error) from error

    def read() -> Iterator[pl.DataFrame]:
        for number in range(file.nstripes):
            yield from _sliced(file.read_stripe(number))

    return _open(raw, "orc", Source(raw.name, file.schema, file.nrows, read))


def open_avro(raw: RawFile) -> OpenFile:
    """Open an Avro file, as a whole. Raises ``UnreadableFile`` when it is damaged or larger than what is read whole."""
    if raw.size > raw.limits.whole:
        raise UnreadableFile(
            say("Avro over {megabytes} MB is not read; save it as Parquet.", megabytes=raw.limits.whole >> 20), raw.name
        )
    data = pl.read_avro(raw.path)
    schema = data.head(0).to_arrow().schema
    return _open(raw, "avro", Source(raw.name, schema, data.height, lambda: data.iter_slices(ROWS)))


def _damaged(raw: RawFile, error: Exception) -> UnreadableFile:
    if "ncrypt" in str(error):
        return UnreadableFile(say("The file is encrypted; save it without a password."), raw.name)
    return UnreadableFile(say("The file is damaged and cannot be opened; save it again."), raw.name)


def _sliced(batch: pa.RecordBatch) -> Iterator[pl.DataFrame]:
    for start in range(0, batch.num_rows, ROWS):
        yield _polars(batch.slice(start, ROWS))


def _polars(batch: pa.RecordBatch) -> pl.DataFrame:
    data = pl.from_arrow(batch)
    return data if isinstance(data, pl.DataFrame) else data.to_frame()


def _open(raw: RawFile, kind: str, source: Source) -> OpenFile:
    file = OpenFile(raw.facts(kind))
    file.tables.append(typed_table(raw, file, source))
    notes = [value.decode("utf-8", "replace") for value in (source.schema.metadata or {}).values()]
    beside = (note for field in source.schema for note in (field.metadata or {}).items())
    notes += [value.decode("utf-8", "replace") for key, value in beside if key != FIELD_NUMBER]
    if notes:
        # Writers keep notes beside the rows: what made the file, an index, a description.
        file.tables.append(text_table(f"{raw.name}: notes in the file", notes, hidden=True))
    return file


def _geometries(schema: pa.Schema) -> dict[str, str | None]:
    """Columns of a GeoParquet file that are geometries, and their reference systems. Source: GeoParquet 1.1."""
    try:
        columns = json.loads((schema.metadata or {})[b"geo"])["columns"]
        return {name: _system(facts.get("crs")) for name, facts in columns.items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _system(crs: Any) -> str | None:
    return json.dumps(crs) if isinstance(crs, dict) else crs


@dataclass(frozen=True)
class Source:
    """Typed rows: what their table is called, their schema, how many they are (0: nobody knows), a pass over them."""

    name: str
    schema: pa.Schema
    rows: int
    read: Callable[[], Iterator[pl.DataFrame]]


def typed_table(raw: RawFile, file: OpenFile, source: Source) -> Table:
    """Make a table of typed rows: cells as text, nested values as paths; bytes that are no text are held."""
    name, schema = source.name, source.schema
    if len(schema.names) > raw.limits.columns:
        raise UnreadableFile(say("It has more than {columns} columns; split it.", columns=raw.limits.columns), raw.name)
    geometries = _geometries(schema)
    paths = [path for field in schema for path in _paths(field.name, field.type, field.name in geometries)]
    header, told = name_columns(paths), set[str]()
    to_degrees = {path: degrees_from(crs) for path, crs in geometries.items()}

    def texts() -> Iterator[pl.DataFrame]:
        for batch in source.read():
            columns = [column for series in batch for column in _columns(series, to_degrees)]
            for place, column in enumerate(columns):
                if column.dtype == pl.Binary:
                    columns[place], whole = _decoded(column)
                    if not whole and column.name not in told:
                        told.add(column.name)
                        file.held.append(Held(BINARY, say("{name}, column {column}", name=name, column=column.name)))
            # Labels may repeat, names in a batch may not.
            cells = [_text(column).rename(own) for column, own in zip(columns, header, strict=True)]
            yield blank_to_null(pl.DataFrame(cells))

    share = partial(_share, source.rows)
    return Table(name, header, tuple(paths), texts, weight=raw.size, share=share)


def _share(rows: int, done: int) -> float:
    return done / rows if rows else 0.0


def _decoded(column: pl.Series) -> tuple[pl.Series, bool]:
    """Bytes as the text that they are, and whether all of them are."""
    texts, whole = list[str | None](), True
    for value in column.to_list():
        text = None if value is None else value.decode("utf-8", "replace")
        whole = whole and (text is None or text.encode() == value)
        texts.append(text)
    return pl.Series(column.name, texts, pl.String), whole


def _paths(path: str, kind: pa.DataType, geometry: bool = False) -> Iterator[str]:
    """The columns that a field becomes; must agree with :func:`_columns`."""
    if geometry:
        path = "geometry" if path in GEOMETRY else path
        yield from (f"{path}.{POINT}", f"{path}.{MIDDLE}")
    elif pa.types.is_struct(kind) and kind.num_fields:
        for field in kind:
            yield from _paths(f"{path}.{field.name}", field.type)
    elif _is_list_of_structs(kind):
        for field in kind.value_type:
            yield f"{path}[].{field.name}"
    else:
        yield path


def _is_list_of_structs(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and pa.types.is_struct(kind.value_type) and kind.value_type.num_fields > 0


def _columns(
    series: pl.Series, geometries: Mapping[str, ToDegrees | None] = MappingProxyType({})
) -> Iterator[pl.Series]:
    kind = series.dtype
    if series.name in geometries:
        for part, texts in zip((POINT, MIDDLE), places(series.to_list(), geometries[series.name]), strict=True):
            yield pl.Series(f"{series.name}.{part}", texts, pl.String)
    elif isinstance(kind, pl.Struct) and kind.fields:
        for field in kind.fields:
            yield from _columns(series.struct.field(field.name).alias(f"{series.name}.{field.name}"))
    elif isinstance(kind, (pl.List, pl.Array)) and isinstance(kind.inner, pl.Struct) and kind.inner.fields:
        lists = series.arr.to_list() if isinstance(kind, pl.Array) else series
        for field in kind.inner.fields:
            part = lists.list.eval(pl.element().struct.field(field.name))
            yield part.alias(f"{series.name}[].{field.name}")
    else:
        yield series


def _text(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind.is_float():
        return whole_numbers(column)
    if isinstance(kind, pl.Datetime):
        return column.dt.to_string("%Y-%m-%d %H:%M:%S").str.replace(" 00:00:00", "", literal=True)
    if kind.is_nested() or kind == pl.Object:
        return pl.Series(column.name, [_joined(value) for value in column.to_list()], pl.String)
    return column.cast(pl.String, strict=False)


def whole_numbers(column: pl.Series) -> pl.Series:
    """Numbers as text; whole ones have no point, since an identifier that was made a number still is one."""
    whole = (column == column.round()) & (column.abs() < 1e15)
    plain = column.cast(pl.String)
    return plain.zip_with(~whole.fill_null(value=False), column.cast(pl.Int64, strict=False).cast(pl.String))


def _joined(value: Any) -> str | None:
    """A nested value as text, all its parts."""
    if isinstance(value, dict):
        return JOINT.join(f"{key}: {part}" for key, item in value.items() if (part := _joined(item))) or None
    if isinstance(value, (list, pl.Series)):
        return JOINT.join(part for item in value if (part := _joined(item))) or None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)
