"""Maps: shapefiles, GeoPackages, KML, GML, GPX, FlatGeobuf and MapInfo through GDAL; each layer is a table.

Attributes are columns, and so is where each shape lies, in degrees: coordinates tell where people live.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, read_raw, text_table

from .columnar import Source, typed_table
from .delimited import detect_encoding
from .unpacking import Scratch, named

#: Files that are a part of a map beside them, by ending: the endings of the file that is opened.
COMPANIONS: dict[str, tuple[str, ...]] = {
    ".dbf": (".shp", ".tab"),
    ".shx": (".shp",),
    ".prj": (".shp",),
    ".cpg": (".shp",),
    ".sbn": (".shp",),
    ".sbx": (".shp",),
    ".qix": (".shp",),
    ".map": (".tab",),
    ".dat": (".tab",),
    ".id": (".tab",),
    ".ind": (".tab",),
    ".mid": (".mif",),
}
#: Ending of a folder that is one database (ArcGIS).
DATABASE_FOLDER = ".gdb"
#: Drivers of GDAL that open what a file merely points at, also over the network; they are never loaded.
POINTING = (
    "ADBC", "AmigoCloud", "Carto", "CSW", "EEDA", "Elasticsearch", "GDALG", "GTI", "HTTP", "NGW", "OAPIF", "OGCAPI",
    "OGR_VRT", "PLSCENES", "VRT", "WFS", "WMS", "WMTS",
)  # fmt: skip
SETTINGS = {
    "SHAPE_RESTORE_SHX": "YES",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NONE",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_USE_SCHEMA_IMPORT": "NO",
}
#: Rows in one batch.
ROWS = 20_000
#: Formats whose file is one layer, which then has the file's name.
ONE_LAYER = frozenset({"shapefile", "dbf", "flatgeobuf", "mapinfo"})
#: First bytes, format and ending of what GDAL opens without more ado.
BY_HEAD = (
    (b"\0\0'\n", "shapefile", ".shp"),
    (b"fgb", "flatgeobuf", ".fgb"),
    (b"!table", "mapinfo", ".tab"),
    (b"Version", "mapinfo", ".mif"),
    (b"", "dbf", ".dbf"),
)


def guarded_gdal() -> Any:
    """Return pyogrio, with everything switched off by which a file could make GDAL open something else."""
    os.environ.setdefault("GDAL_SKIP", ",".join(POINTING))
    import pyogrio

    pyogrio.set_gdal_config_options(SETTINGS)
    return pyogrio


def open_map(raw: RawFile) -> OpenFile:
    """Open a shapefile with what lies beside it, a dBASE table or a FlatGeobuf file. Raises ``UnreadableFile``."""
    kind, ending = next((kind, ending) for magic, kind, ending in BY_HEAD if raw.head.startswith(magic))
    return open_layers(raw, kind, ending)


def open_layers(raw: RawFile, kind: str, ending: str) -> OpenFile:
    """Open every layer of a map whose format GDAL is told by its ending. Raises ``UnreadableFile``."""
    scratch = Scratch()
    return _open(raw, named(raw, ending, scratch), kind, scratch)


def open_folder(raw: RawFile, path: Path, scratch: Scratch) -> OpenFile:
    """Open a folder that is one database. Raises ``UnreadableFile``."""
    return _open(raw, path, "gdb", scratch)


def _open(raw: RawFile, path: Path, kind: str, scratch: Scratch) -> OpenFile:
    gdal, file = guarded_gdal(), OpenFile(raw.facts(kind))
    encoding = _dbase_encoding(raw, path)
    try:
        for title in gdal.list_layers(path)[:, 0]:
            layer = _Layer(path, str(title), encoding, scratch)
            name = raw.name if kind in ONE_LAYER else f"{raw.name}/{title}"
            rows = max(0, gdal.read_info(path, layer=title, encoding=encoding)["features"])
            file.tables.append(typed_table(raw, file, Source(name, layer.schema(), rows, layer.batches)))
        if deleted := list(_deleted_rows(path.with_suffix(".dbf"))):
            file.tables.append(text_table(f"{raw.name}: deleted rows", deleted, hidden=True))
    except gdal.errors.DataSourceError as error:
        raise UnreadableFile(
            say("The map is damaged or not complete; save it again, as GeoPackage."), raw.name
        ) from error
    return file


def _deleted_rows(table: Path) -> Iterator[str]:
    """Rows of a dBASE table that are marked as deleted: they stay in the file, and programs pass them over."""
    if not table.is_file():
        return
    with table.open("rb") as stream:
        head = stream.read(32)
        count, start, size = (int.from_bytes(head[at : at + long], "little") for at, long in ((4, 4), (8, 2), (10, 2)))
        stream.seek(start)
        for _ in range(count if size else 0):
            row = stream.read(size)
            if row.startswith(b"*"):
                yield " ".join(row[1:].decode("utf-8", "replace").split())


def _dbase_encoding(raw: RawFile, path: Path) -> str | None:
    """Old tables do not say how they are encoded: then it is guessed. GDAL knows all others."""
    table = path.with_suffix(".dbf")
    if path.is_dir() or table.with_suffix(".cpg").exists() or not table.exists():
        return None
    guessed = read_raw(table, raw.name, raw.limits, inside=raw)
    if guessed.head[29]:
        return None
    size = int.from_bytes(guessed.head[8:10], "little")
    sample = guessed.head[size:].replace(b"\0", b" ")
    return "utf-8" if _is_utf8(sample) else detect_encoding(replace(guessed, head=sample))


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class _Layer:
    """A layer that is read batch by batch; keeps the folder that it lies in."""

    path: Path
    name: str
    encoding: str | None
    scratch: Scratch

    def schema(self) -> pa.Schema:
        """Attributes, then the geometry's two columns."""
        with self._open() as (meta, reader):
            return reader.schema.remove_metadata() if not _geometry(meta) else _described(reader.schema, meta)

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows."""
        with self._open() as (_, reader):
            for batch in reader:
                yield pl.DataFrame(pl.from_arrow(batch))

    def _open(self) -> Any:
        return guarded_gdal().open_arrow(
            self.path, layer=self.name, batch_size=ROWS, use_pyarrow=True, encoding=self.encoding
        )


def _geometry(meta: dict[str, Any]) -> str | None:
    return None if meta["geometry_type"] is None else meta["geometry_name"] or "wkb_geometry"


def _described(schema: pa.Schema, meta: dict[str, Any]) -> pa.Schema:
    """Say of the geometry what GeoParquet would, so that one reader serves both."""
    columns = {_geometry(meta): {"crs": meta["crs"]}}
    return schema.remove_metadata().with_metadata({"geo": json.dumps({"columns": columns})})
