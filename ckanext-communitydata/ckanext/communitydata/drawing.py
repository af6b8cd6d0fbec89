"""Outlines drawn by the server, without a map service and without a script, and the same in words. No CKAN in here.

Nothing is drawn finer than it may be known: an outline is as wide as its precision, so a point is a disc of that size.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from .places import METRES_IN_A_DEGREE

#: Width and height of the drawing, in its own units, the part of it that is used, and the smallest radius seen.
WIDTH, HEIGHT, USED, SMALLEST = 640, 420, 0.86, 4.0
#: From here down the drawing belongs to its scale bar.
SCALE_BAR = 376
#: Shapes that a drawing holds, and names beside them.
MOST_SHAPES, MOST_NAMES = 400, 12
#: Lengths that a scale bar may have, in metres.
ROUND = tuple(figure * 10**power for power in range(1, 7) for figure in (1, 2, 5))


@dataclass(frozen=True)
class Drawn:
    """An outline in degrees: its name, the metres to which it is exact, the word for that, the page it leads to."""

    geometry: BaseGeometry
    name: str
    metres: float = 0
    word: str = ""
    page: str = ""

    def extent(self) -> BaseGeometry:
        """The outline as wide as it is exact."""
        return widened(self.geometry, self.metres / 2)

    def geojson(self) -> str:
        """The outline as GeoJSON text."""
        return json.dumps(mapping(self.geometry))


@dataclass(frozen=True)
class Shape:
    """A shape of the drawing: an SVG path, the name and word beside it and where they stand, the page it leads to."""

    path: str
    name: str
    word: str
    x: float
    y: float
    page: str


@dataclass(frozen=True)
class Drawing:
    """Shapes, a scale bar (its length in the drawing and in metres), and the frame in degrees and kilometres."""

    shapes: tuple[Shape, ...]
    bar: float
    bar_metres: float
    frame: tuple[float, float, float, float]
    wide_km: float
    high_km: float

    @property
    def named(self) -> bool:
        """Whether there is room for names."""
        return len(self.shapes) <= MOST_NAMES


def _stretch(latitude: float) -> float:
    """How much shorter a degree of longitude is than one of latitude."""
    return max(math.cos(math.radians(latitude)), 0.01)


def widened(geometry: BaseGeometry, metres: float) -> BaseGeometry:
    """A geometry in degrees with so many metres more on each side."""
    if metres <= 0:
        return geometry
    stretch = _stretch(geometry.centroid.y)
    flat = shapely.transform(geometry, lambda points: points * [stretch, 1])
    wide = flat.buffer(metres / METRES_IN_A_DEGREE, quad_segs=8)
    return shapely.transform(wide, lambda points: points / [stretch, 1])


def draw(outlines: Sequence[Drawn]) -> Drawing | None:
    """Draw outlines, the largest below the others; None if there is none."""
    if not outlines:
        return None
    shown = [(each, each.extent()) for each in outlines[:MOST_SHAPES]]
    frames = [extent.bounds for _each, extent in shown]
    west, south = min(f[0] for f in frames), min(f[1] for f in frames)
    east, north = max(f[2] for f in frames), max(f[3] for f in frames)
    stretch = _stretch((south + north) / 2)
    scale = USED * min(WIDTH / max((east - west) * stretch, 1e-4), HEIGHT / max(north - south, 1e-4))
    left, top = (WIDTH - (east - west) * stretch * scale) / 2, (HEIGHT - (north - south) * scale) / 2
    on_paper = _Paper(west, north, stretch * scale, scale, left, top)
    shown.sort(key=lambda pair: -pair[1].area)
    shapes = tuple(on_paper.shape(each, extent) for each, extent in shown)
    metres = METRES_IN_A_DEGREE / scale
    bar_metres = max([length for length in ROUND if length / metres < WIDTH / 4], default=ROUND[0])
    frame = tuple(round(edge, 4) for edge in (west, south, east, north))
    wide, high = (east - west) * stretch * METRES_IN_A_DEGREE, (north - south) * METRES_IN_A_DEGREE
    return Drawing(shapes, round(bar_metres / metres, 1), bar_metres, frame, _km(wide), _km(high))  # type: ignore[arg-type] # four edges


def _km(metres: float) -> float:
    return float(f"{metres / 1000:.2g}")


@dataclass(frozen=True)
class _Paper:
    """Where degrees lie in the drawing."""

    west: float
    north: float
    across: float
    down: float
    left: float
    top: float

    def shape(self, each: Drawn, extent: BaseGeometry) -> Shape:
        """An outline's extent as an SVG path; what would be too small to be seen is a disc."""
        flat = shapely.transform(extent, lambda points: (points - [self.west, self.north]) * [self.across, -self.down])
        flat = shapely.transform(flat, lambda points: points - (-self.left, -self.top))
        west, north, east, south = flat.bounds
        if max(east - west, south - north) < 2 * SMALLEST or shapely.get_dimensions(flat) < 2:
            flat = flat.buffer(SMALLEST, quad_segs=4)
        flat = shapely.simplify(flat, 0.4)
        west, north, east, south = flat.bounds
        below, above = south + 16, max(north - 8, 14)
        beside = below if below < SCALE_BAR else above
        return Shape(_path(flat), each.name, each.word, round((west + east) / 2, 1), round(beside, 1), each.page)


def _path(shape: BaseGeometry) -> str:
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    lines = ("L".join(f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]) for ring in rings)
    return "".join(f"M{line}Z" for line in lines)
