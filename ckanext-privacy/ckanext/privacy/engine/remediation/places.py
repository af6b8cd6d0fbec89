"""Ways to tell where something is less finely: cells of a grid, prefixes of plus codes, areas of a map."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from openlocationcode import openlocationcode

from ckanext.privacy.engine.points import METRES_PER_DEGREE

from .merging import Branch

#: A grid is made coarser by doubling its cells so many times at most: 128 times as wide.
DOUBLINGS = 7
#: Lengths that a plus code may have: cells of about 2,200 km, 110 km, 5.6 km, 275 m and 14 m.
PLUS_CODE_LENGTHS = (2, 4, 6, 8, 10)

#: From latitude and longitude in degrees to the labels of a place, coarsest first; none for a place that has no label.
Labels = Callable[[float, float], Branch]


def labels_of(options: Mapping[str, Any]) -> Labels:
    """The way that a step's options name: `metres`, `plus_code` or `areas`."""
    if "areas" in options:
        return areas(options["areas"], options["levels"])
    if "plus_code" in options:
        return partial(plus_codes, options["plus_code"])
    return partial(grid_cells, options["metres"])


def grid_cells(metres: float, latitude: float, longitude: float) -> Branch:
    """Middles of the nested grid cells around a place, the finest about `metres` wide and high.

    The coarsest cell's row says how wide in degrees its parts are, so that four cells make up one of the next size.
    """
    height = metres / METRES_PER_DEGREE
    tallest = height * 2**DOUBLINGS
    middle = min(max((math.floor(latitude / tallest) + 0.5) * tallest, -89.0), 89.0)
    width = height / math.cos(math.radians(middle))
    return tuple(_cell(latitude, longitude, height * 2**n, width * 2**n) for n in range(DOUBLINGS, -1, -1))


def _cell(latitude: float, longitude: float, height: float, width: float) -> str:
    decimals = max(0, math.ceil(-math.log10(height)))
    down, across = ((math.floor(at / size) + 0.5) * size for at, size in ((latitude, height), (longitude, width)))
    return f"{down:.{decimals}f}, {across:.{decimals}f}"


def plus_codes(length: int, latitude: float, longitude: float) -> Branch:
    """Plus codes of a place, up to `length` characters; shorter ones are filled with zeros, as the standard has it."""
    return tuple(openlocationcode.encode(latitude, longitude, each) for each in PLUS_CODE_LENGTHS if each <= length)


def areas(collection: Mapping[str, Any], levels: Sequence[str]) -> Labels:
    """Areas of a GeoJSON collection; `levels` are the properties that hold a place's labels, coarsest first."""
    import shapely

    features = collection["features"]
    tree = shapely.STRtree([shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features])
    names = [tuple(str(feature["properties"][level]) for level in levels) for feature in features]

    def find(latitude: float, longitude: float) -> Branch:
        inside = tree.query(shapely.Point(longitude, latitude), predicate="within")
        return names[int(min(inside))] if len(inside) else ()

    return find
