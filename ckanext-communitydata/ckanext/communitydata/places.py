"""Outlines made no more exact than the data may be. Plain Python: no CKAN in here.

Coordinates are rounded before they are stored. Rounding them only where they are shown would leave the exact ones in
the database, in the API and in the search index.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from .fields import FieldError, _

#: One degree of latitude in metres, near enough anywhere.
METRES_IN_A_DEGREE = 111_320

#: Solr keeps a term up to 32,766 bytes; a longer outline could be stored but never found.
LARGEST_OUTLINE = 30_000

#: Frames that stand for one outline in the search index, and the share of a frame that its outline must fill.
MOST_FRAMES, FILLED = 24, 0.6

#: Metres to which an outline is rounded while nobody has said how exact it may be: a block.
UNSAID = 250


def read_geometry(value: Any) -> BaseGeometry:
    """Read a GeoJSON geometry (longitude, latitude in degrees) from a mapping or its text.

    Raises :class:`FieldError` if it is no geometry, is empty, or lies outside the globe.
    """
    try:
        outline = shape(json.loads(value) if isinstance(value, str) else value)
    except (ValueError, KeyError, TypeError, AttributeError, ShapelyError):
        raise FieldError(_("This is not a GeoJSON geometry. Copy it from a map tool as GeoJSON.")) from None
    if outline.is_empty:
        raise FieldError(_("This outline is empty. Draw it again or leave it out."))
    west, south, east, north = outline.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise FieldError(_("This outline lies outside the globe. Longitude comes first, then latitude, in degrees."))
    return outline


def coarsen(outline: BaseGeometry, metres: float) -> BaseGeometry:
    """Round an outline to a grid of about ``metres``. Doing it twice changes nothing more.

    An area that the grid swallows becomes the cells around it, so that it stays an area.
    """
    if metres <= 0:
        return outline
    step_y = metres / METRES_IN_A_DEGREE
    rounded_y = shapely.transform(outline, lambda points: _snap(points, 1, step_y))
    # A degree of longitude shrinks towards the poles; taken from the rounded latitude its width is the same next time.
    furthest = max(abs(rounded_y.bounds[1]), abs(rounded_y.bounds[3]))
    step_x = step_y / max(math.cos(math.radians(furthest)), 0.01)
    rounded = shapely.transform(rounded_y, lambda points: _snap(points, 0, step_x))
    if shapely.get_dimensions(outline) < 2:
        return rounded
    if rounded.area > 0 and rounded.is_valid:
        return shapely.remove_repeated_points(rounded)
    return _cells_around(rounded, step_x, step_y)


def _snap(points: np.ndarray, axis: int, step: float) -> np.ndarray:
    snapped = points.copy()
    snapped[:, axis] = np.round(np.round(points[:, axis] / step) * step, 7)
    return snapped


def _cells_around(outline: BaseGeometry, step_x: float, step_y: float) -> BaseGeometry:
    """The frame around an outline that lost its area; grown towards the equator, as the far edge sets the grid."""
    west, south, east, north = outline.bounds
    if abs(north) >= abs(south):
        south = min(south, round(north - step_y, 7))
    else:
        north = max(north, round(south + step_y, 7))
    return shapely.box(west, south, round(max(east, west + step_x), 7), north)


def stored_form(value: Any, metres: float) -> str:
    """Return the GeoJSON text to keep for a given outline, rounded to ``metres``.

    >>> stored_form('{"type": "Point", "coordinates": [73.85612, 18.52041]}', 1000)
    '{"type": "Point", "coordinates": [73.8585655, 18.5231764]}'
    """
    outline = coarsen(read_geometry(value), metres)
    text = json.dumps(mapping(outline))
    if len(text) > LARGEST_OUTLINE:
        raise FieldError(
            _("This outline is too detailed ({size} kB, at most {limit} kB). Simplify it, or give a frame around it."),
            size=len(text) // 1000,
            limit=LARGEST_OUTLINE // 1000,
        )
    return text


def could_be_a_home(outline: BaseGeometry) -> bool:
    """Whether an outline is so small that it may single out a house: no larger than a block."""
    west, south, east, north = outline.bounds
    wide = (east - west) * math.cos(math.radians((south + north) / 2))
    return max(wide, north - south) * METRES_IN_A_DEGREE < UNSAID


def rectangle(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """The frame between these degrees; a point where west is east and south is north.

    Raises :class:`FieldError` for edges that are the wrong way round or off the globe.
    """
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise FieldError(_("West must be less than east, and south less than north, in degrees on the globe."))
    if (west, south) == (east, north):
        return shapely.Point(west, south)
    return shapely.box(west, south, east, north)


def frames(outline: BaseGeometry) -> list[str]:
    """An outline for the search index: few frames that cover it and little else, in Solr's notation.

    >>> frames(shapely.box(73, 18, 74, 19)), frames(shapely.Point(73, 18))
    (['ENVELOPE(73,74,19,18)'], ['ENVELOPE(73,73,18,18)'])
    """
    parts = list(shapely.get_parts(outline))
    pieces = parts if len(parts) <= MOST_FRAMES else [outline]
    while len(pieces) < MOST_FRAMES:
        largest = max(pieces, key=_waste)
        halves = _halves(largest) if _waste(largest) > 0 else []
        if not halves:
            break
        pieces.remove(largest)
        pieces += halves
    return ["ENVELOPE({0:.7g},{2:.7g},{3:.7g},{1:.7g})".format(*piece.bounds) for piece in pieces]


def _waste(outline: BaseGeometry) -> float:
    """How much of an outline's frame it leaves empty; nothing where it fills most of it."""
    frame = shapely.box(*outline.bounds).area
    return frame - outline.area if outline.area < FILLED * frame else 0.0


def _halves(outline: BaseGeometry) -> list[BaseGeometry]:
    """An outline cut in the middle of its longer side."""
    west, south, east, north = outline.bounds
    if east - west > north - south:
        middle = (west + east) / 2
        sides = (shapely.box(west, south, middle, north), shapely.box(middle, south, east, north))
    else:
        middle = (south + north) / 2
        sides = (shapely.box(west, south, east, middle), shapely.box(west, middle, east, north))
    parts = [shapely.intersection(shapely.make_valid(outline), side) for side in sides]
    return [part for part in parts if not part.is_empty]
