"""Where the rows of a table lie: a drawing without a map service, the same in words, and spots for a map."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

#: headings of latitude and longitude, in the languages of the suite
LATITUDE = re.compile(r"(^|[^a-z])(lat|latitude|latitud|latitudine|latitud[eo]|breedtegraad|y_?wgs84)([^a-z]|$)")
LONGITUDE = re.compile(r"(^|[^a-z])(lon|lng|long|longitude|longitud|longitudine|lengtegraad|x_?wgs84)([^a-z]|$)")
#: places drawn apart; more than these lie on one another anyway
MOST_DOTS = 2_000
#: width and height of the drawing, in its own units, and the cells along its width
WIDTH, HEIGHT, CELLS = 640, 420, 80
#: cells along the longer side of a map that can be moved about in, and letters of what a spot is called
FINE, LABEL = 2_000, 60


@dataclass(frozen=True)
class Dot:
    """Rows that lie in one spot of the drawing; ``size`` is the dot's radius."""

    x: float
    y: float
    size: float
    rows: int


@dataclass(frozen=True)
class Spot:
    """Rows that lie in one spot of a map, in degrees; ``label`` is what a single row says first."""

    longitude: float
    latitude: float
    rows: int
    label: str


@dataclass(frozen=True)
class Places:
    """Where rows lie: their number, their frame in degrees, the drawing's dots, and the map's spots if asked for."""

    rows: int
    west: float
    south: float
    east: float
    north: float
    dots: tuple[Dot, ...]
    spots: tuple[Spot, ...]


def find(rows: pl.DataFrame, *, spots: bool = False) -> Places | None:
    """Draw the rows that have coordinates in degrees; None where the table has none."""
    columns = columns_of(rows)
    if columns is None:
        return None
    latitude, longitude = columns
    first = next((name for name in rows.columns if name not in columns), longitude)
    said = pl.col(first).cast(pl.String).fill_null("").str.slice(0, LABEL).alias("label")
    placed = rows.select(pl.col(longitude).alias("x"), pl.col(latitude).alias("y"), said).drop_nulls(["x", "y"])
    placed = placed.filter(pl.col("x").is_between(-180, 180) & pl.col("y").is_between(-90, 90))
    placed = placed.filter((pl.col("x") != 0) | (pl.col("y") != 0))  # a place in the gulf of Guinea is a blank
    return _drawn(placed, spots=spots) if placed.height else None


def columns_of(rows: pl.DataFrame) -> tuple[str, str] | None:
    """The columns with latitude and longitude in degrees, by their headings."""
    numbers = [column.name for column in rows.iter_columns() if column.dtype.is_numeric()]
    latitude = next((name for name in numbers if LATITUDE.search(name.lower())), None)
    longitude = next((name for name in numbers if LONGITUDE.search(name.lower())), None)
    return (latitude, longitude) if latitude and longitude else None


def _drawn(placed: pl.DataFrame, *, spots: bool) -> Places:
    west, east = float(placed["x"].min()), float(placed["x"].max())  # type: ignore[arg-type] # not empty
    south, north = float(placed["y"].min()), float(placed["y"].max())  # type: ignore[arg-type] # not empty
    scale = min(WIDTH / max(east - west, 1e-6), HEIGHT / max(north - south, 1e-6)) * 0.94
    left, top = (WIDTH - (east - west) * scale) / 2, (HEIGHT - (north - south) * scale) / 2
    cell = WIDTH / CELLS
    cells = (
        placed.with_columns(
            ((pl.col("x") - west) * scale + left).alias("px"), ((north - pl.col("y")) * scale + top).alias("py")
        )
        .group_by((pl.col("px") / cell).floor().alias("column"), (pl.col("py") / cell).floor().alias("line"))
        .agg(pl.len().alias("rows"), pl.col("px").mean(), pl.col("py").mean())
        .sort("rows", descending=True)
        .head(MOST_DOTS)
    )
    most = int(cells["rows"].max() or 1)  # type: ignore[arg-type] # not empty
    dots = tuple(
        Dot(round(x, 1), round(y, 1), round(2.5 + 4.5 * (count / most) ** 0.5, 1), count)
        for count, x, y in cells.select("rows", "px", "py").iter_rows()
    )
    fine = _spots(placed, max(east - west, north - south, 1e-6) / FINE) if spots else ()
    return Places(placed.height, round(west, 4), round(south, 4), round(east, 4), round(north, 4), dots, fine)


def _spots(placed: pl.DataFrame, cell: float) -> tuple[Spot, ...]:
    """Rows by the cells of a fine grid of degrees, most rows first."""
    found = (
        placed.group_by((pl.col("x") / cell).floor().alias("column"), (pl.col("y") / cell).floor().alias("line"))
        .agg(pl.col("x").mean().round(6), pl.col("y").mean().round(6), pl.len().alias("rows"), pl.col("label").first())
        .sort("rows", "x", "y", descending=[True, False, False])
        .head(MOST_DOTS)
    )
    return tuple(
        Spot(x, y, rows, label if rows == 1 else "")
        for x, y, rows, label in found.select("x", "y", "rows", "label").iter_rows()
    )
