"""Geometries as text: where a point is, or the middle of a longer geometry, in degrees as ``longitude, latitude``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely

#: What the two columns are called: as in GeoJSON, and beside it.
POINT, MIDDLE = "coordinates", "middle"

ToDegrees = Callable[[Any, Any], tuple[Any, Any]]


def degrees_from(crs: str | None) -> ToDegrees | None:
    """What turns coordinates of a reference system into degrees; None where they are degrees, or nobody knows."""
    if not crs:
        return None
    import pyproj  # pyright: ignore[reportMissingImports]
    from pyproj.exceptions import ProjError  # pyright: ignore[reportMissingImports]

    try:
        system = pyproj.CRS.from_user_input(crs)
        if system.is_geographic:
            return None
        return pyproj.Transformer.from_crs(system, 4326, always_xy=True).transform
    except ProjError:
        return None


def places(shapes: Sequence[bytes | None], to_degrees: ToDegrees | None = None) -> tuple[list[Any], list[Any]]:
    """Give the texts of points, and of the middles of other geometries, one each for every geometry in WKB."""
    geometries = shapely.from_wkb(np.array(shapes, dtype=object), on_invalid="ignore")
    points = shapely.get_type_id(geometries) == 0
    middles = np.where(points, geometries, shapely.centroid(geometries))
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    if to_degrees:
        x, y = to_degrees(x, y)
    texts = [_text(*pair) for pair in zip(x.tolist(), y.tolist(), strict=True)]
    at = [text if point else None for text, point in zip(texts, points, strict=True)]
    around = [None if point else text for text, point in zip(texts, points, strict=True)]
    return at, around


def _text(x: float, y: float) -> str | None:
    return f"{round(x, 7):.15g}, {round(y, 7):.15g}" if np.isfinite(x) and np.isfinite(y) else None
