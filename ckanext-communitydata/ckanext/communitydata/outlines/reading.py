"""Reads the outlines in a file of a map tool: GeoJSON, KML, KMZ, GeoPackage, GML, GPX, or a zip with a shapefile."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from ckanext.privacy.engine.readers.maps import guarded_gdal

#: Endings that GDAL is told a file has, the most telling one of an archive first.
ENDINGS = (".shp", ".gpkg", ".kml", ".geojson", ".json", ".gml", ".gpx", ".fgb")
#: Outlines that one file may hold, bytes that its archive may unpack to, corners that an outline may have.
MOST_OUTLINES, LARGEST_UNPACKED, MOST_CORNERS = 5_000, 200_000_000, 1_000_000
#: Names of the column that says what an outline is called, as map tools and statistical offices write them.
NAME_COLUMNS = ("name", "nombre", "nome", "nom", "naam", "title", "label", "ward", "settlement", "adm", "id")
DEGREES = "EPSG:4326"


class Unusable(Exception):  # noqa: N818 - says what is wrong
    """The file holds no outline that can be used; the message is a code of ``asking.PROBLEMS``."""


@dataclass(frozen=True)
class Outline:
    """An outline in degrees, longitude first, and what the file calls it."""

    name: str
    geometry: BaseGeometry


def read(path: Path, folder: Path) -> list[Outline]:
    """Read every outline of a file; ``folder`` takes what is unpacked. Raises :class:`Unusable`."""
    opened = _unpacked(path, folder) if zipfile.is_zipfile(path) else path
    gdal = guarded_gdal()
    found: list[Outline] = []
    try:
        for layer, kind in gdal.list_layers(opened):
            if kind is not None:
                found += _layer(gdal, opened, str(layer))
    except (gdal.errors.DataSourceError, gdal.errors.DataLayerError) as error:
        raise Unusable("unreadable") from error
    if not found:
        raise Unusable("empty")
    return found


def _unpacked(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST_UNPACKED:
            raise Unusable("large")
        archive.extractall(folder)
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    for ending in ENDINGS:
        if found := [each for each in files if each.suffix.lower() == ending]:
            return found[0]
    raise Unusable("empty")


def _layer(gdal: Any, path: Path, layer: str) -> list[Outline]:
    info = gdal.read_info(path, layer=layer)
    if info["features"] > MOST_OUTLINES:
        raise Unusable("many")
    column = _name_column(list(info["fields"]))
    columns = [column] if column else []
    meta, _ids, shapes, values = gdal.raw.read(path, layer=layer, columns=columns, force_2d=True)
    names = [str(value or "") for value in values[0]] if column else [""] * len(shapes)
    outlines = [Outline(name, shapely.from_wkb(shape)) for name, shape in zip(names, shapes, strict=True) if shape]
    if sum(shapely.get_num_coordinates(outline.geometry) for outline in outlines) > MOST_CORNERS:
        raise Unusable("many")
    return [_in_degrees(outline, meta["crs"]) for outline in outlines if not outline.geometry.is_empty]


def _name_column(columns: list[str]) -> str | None:
    for wanted in NAME_COLUMNS:
        if found := [name for name in columns if name.lower().startswith(wanted)]:
            return found[0]
    return None


def _in_degrees(outline: Outline, crs: str | None) -> Outline:
    if not crs:
        west, south, east, north = outline.geometry.bounds
        if west < -180 or east > 180 or south < -90 or north > 90:
            raise Unusable("unplaced")
        return outline
    turn = pyproj.Transformer.from_crs(crs, DEGREES, always_xy=True)
    return Outline(outline.name, shapely.transform(outline.geometry, lambda p: _turned(turn, p)))


def _turned(turn: pyproj.Transformer, points: Any) -> Any:
    turned = points.copy()
    turned[:, 0], turned[:, 1] = turn.transform(points[:, 0], points[:, 1])
    return turned


def chosen(outlines: list[Outline], name: str) -> Outline:
    """The outline of a name, or all of them as one where no name is asked for. Raises :class:`Unusable`."""
    if name:
        outlines = [each for each in outlines if each.name.strip().casefold() == name.strip().casefold()]
    if not outlines:
        raise Unusable("unnamed")
    union = shapely.union_all([shapely.make_valid(each.geometry) for each in outlines])
    return Outline(outlines[0].name if len({each.name for each in outlines}) == 1 else "", union)


def small_enough(geometry: BaseGeometry, most: int) -> BaseGeometry:
    """An outline simplified until its GeoJSON has at most so many bytes; it moves by as little as that takes."""
    tolerance, simple = 0.00001, geometry
    while len(shapely.to_geojson(simple)) > most and tolerance < 1:
        simple = shapely.simplify(geometry, tolerance)
        tolerance *= 2
    return simple if len(shapely.to_geojson(simple)) <= most else shapely.box(*geometry.bounds)
