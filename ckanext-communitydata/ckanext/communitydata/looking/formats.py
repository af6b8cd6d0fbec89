"""A table in the format people can use: CSV, XLSX, Parquet, GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from . import points

#: rows a sheet of a workbook can hold, its heading among them
SHEET_ROWS = 1_048_576
#: rows written to learn how large the whole will be
SAMPLE = 1_000


@dataclass(frozen=True)
class Format:
    """A format: its name, its media type, and how a table is written in it."""

    name: str
    media_type: str
    write: Callable[[pl.DataFrame, IO[bytes]], Any]


def _write_csv(rows: pl.DataFrame, target: IO[bytes]) -> None:
    rows.write_csv(target, include_bom=True)  # spreadsheets take a CSV without it for a code page of their own


def _write_xlsx(rows: pl.DataFrame, target: IO[bytes]) -> None:
    # What looks like a formula stays text.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    import xlsxwriter

    with xlsxwriter.Workbook(target, {**options, "constant_memory": False}) as workbook:
        rows.write_excel(workbook, "Data", autofit=rows.height <= SAMPLE)


def _write_geojson(rows: pl.DataFrame, target: IO[bytes]) -> None:
    columns = points.columns_of(rows)
    if columns is None:
        raise ValueError("The table has no coordinates.")
    latitude, longitude = columns
    target.write(b'{"type": "FeatureCollection", "features": [')
    for number, row in enumerate(rows.iter_rows(named=True)):
        place = None
        if row[latitude] is not None and row[longitude] is not None:
            place = {"type": "Point", "coordinates": [row[longitude], row[latitude]]}
        feature = {"type": "Feature", "geometry": place, "properties": row}
        target.write(b",\n" * bool(number) + json.dumps(feature, ensure_ascii=False, default=str).encode())
    target.write(b"]}")


FORMATS = {
    "csv": Format("CSV", "text/csv; charset=utf-8", _write_csv),
    "xlsx": Format("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _write_xlsx),
    "parquet": Format("Parquet", "application/vnd.apache.parquet", lambda rows, target: rows.write_parquet(target)),
    "geojson": Format("GeoJSON", "application/geo+json", _write_geojson),
}


def offered(rows: pl.DataFrame) -> list[str]:
    """The formats this table can be had in."""
    possible = {"csv": True, "xlsx": rows.height < SHEET_ROWS, "parquet": True}
    return [name for name in FORMATS if possible.get(name, points.columns_of(rows) is not None)]


def expected_size(rows: pl.DataFrame, kind: str, spool: Path) -> int:
    """About how many bytes the table will have in a format, from its first rows; exact for a small table."""
    part = rows.head(SAMPLE)
    with spool.open("w+b") as target:
        FORMATS[kind].write(part, target)
        target.seek(0, 2)
        size = target.tell()
    return round(size * rows.height / max(part.height, 1))
