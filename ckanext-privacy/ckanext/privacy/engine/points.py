"""How finely coordinates tell places apart: decimals, and the distance of the nearest other point.

Source for the measures: M.-P. Kwan, I. Casas and B. Schmitz, "Protection of geoprivacy and accuracy of spatial
information" (Cartographica 39(2), 2004); P. A. Zandbergen, "Ensuring confidentiality of geocoded health data"
(Advances in Medicine, 2014). Distances are taken on a plane, which is right to a few percent within a region.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from .findings import Points
from .headings import words_of

#: Metres in one degree of latitude, and of longitude at the equator.
METRES_PER_DEGREE = 111_320
#: Points whose nearest neighbour is looked for, and points among which it is.
ASKED, KNOWN = 5_000, 200_000
#: A point without another one so near, in metres, stands alone.
NEAR = 100.0

#: Words of a heading that tell the two halves of a place apart.
LATITUDE = frozenset(
    {"lat", "latitude", "latitud", "latitudine", "breedtegraad", "breitengrad", "lintang", "अक्षांश", "纬度", "y"}
)
LONGITUDE = frozenset(
    {
        "lon",
        "lng",
        "long",
        "longitude",
        "longitud",
        "longitudine",
        "lengtegraad",
        "langengrad",
        "bujur",
        "देशांतर",
        "经度",
        "x",
    }
)
PAIR = r"(-?\d+(?:\.\d+)?)[\s,;]+(-?\d+(?:\.\d+)?)"


def axis(column: str) -> str:
    """Say which half of a place a heading speaks of: ``latitude``, ``longitude`` or ``both``."""
    words = set(words_of(column))
    if words & LATITUDE:
        return "latitude"
    return "longitude" if words & LONGITUDE else "both"


def places(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Columns of coordinates as places: a latitude with its longitude, a column of both by itself."""
    latitudes = [name for name in names if axis(name) == "latitude"]
    longitudes = [name for name in names if axis(name) == "longitude"]
    alone = [(name,) for name in names if axis(name) == "both"]
    return [*zip(latitudes, longitudes, strict=False), *alone]


def precision_of(cells: pl.DataFrame) -> Points | None:
    """Measure one place: two columns of text, or one that holds both numbers. None where fewer than two points are."""
    columns = tuple(cells.columns)
    pairs = _pairs(cells)
    texts = pairs.select(pl.all().str.extract(r"\.(\d+)$").str.len_bytes().fill_null(0).quantile(0.9)).row(0)
    points = pairs.select(pl.all().cast(pl.Float64, strict=False)).drop_nulls().unique(maintain_order=True)
    points = points.filter(pl.all_horizontal(pl.all().abs() <= 180))
    if points.height < 2:
        return None
    decimals = int(max(texts))
    apart = nearest_metres(points.to_numpy())
    metres = max(float(np.median(apart)), METRES_PER_DEGREE / 10**decimals)
    share = float((apart > NEAR).mean())
    return Points(columns, points.height, decimals, round(metres, 1), round(share * points.height))


def _pairs(cells: pl.DataFrame) -> pl.DataFrame:
    if cells.width == 2:
        return cells.rename(dict(zip(cells.columns, ("lat", "lon"), strict=True)))
    text = pl.col(cells.columns[0])
    return cells.select(text.str.extract(PAIR, 1).alias("lat"), text.str.extract(PAIR, 2).alias("lon")).drop_nulls()


def nearest_metres(points: np.ndarray) -> np.ndarray:
    """Distances in metres to the nearest other of some different `points` (rows of latitude, longitude), in no order.

    Asked for at most 5,000 of them, among all; of more than 200,000, among as many drawn at random, which makes
    distances longer than they are, never shorter.
    """
    import shapely

    chosen = np.random.default_rng(0).permutation(len(points))[:KNOWN]
    known: Any = shapely.points(_plane(points[chosen]))
    tree = shapely.STRtree(known)
    _, apart = tree.query_nearest(known[:ASKED], exclusive=True, return_distance=True, all_matches=False)
    return apart


def _plane(points: np.ndarray) -> np.ndarray:
    middle = np.radians(np.clip(points[:, 0].mean(), -89, 89))
    return points * METRES_PER_DEGREE * np.array([1.0, np.cos(middle)])
