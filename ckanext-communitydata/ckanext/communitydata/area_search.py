"""Searching by area: what is asked for, and how the index is asked. Plain Python: no CKAN in here.

The parameters begin with ``ext_``, as CKAN has it, and ``ext_bbox`` is what ckanext-spatial's clients send.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .fields import FieldError, _
from .places import METRES_IN_A_DEGREE
from .search_index import FRAMES

#: West, south, east and north in degrees. West is greater than east where the frame crosses the 180th meridian.
Frame = tuple[float, float, float, float]

EDGES = ("ext_west", "ext_south", "ext_east", "ext_north")
#: Kilometres around a place where nobody says how many, and at most.
KILOMETRES, MOST_KILOMETRES = 5.0, 1000.0


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: a frame, or the name of a place and the kilometres around it; or neither."""

    frame: Frame | None = None
    near: str = ""
    kilometres: float = KILOMETRES


def read(given: Mapping[str, Any]) -> Asked:
    """Read ``ext_bbox`` (west,south,east,north), its edges one by one, or ``ext_near`` with ``ext_km``.

    Raises :class:`FieldError` for what is no frame or no distance.
    """
    box = str(given.get("ext_bbox") or "")
    edges = box.split(",") if box else [str(given.get(name) or "").strip() for name in EDGES]
    frame = _frame(edges) if any(edges) else None
    near = str(given.get("ext_near") or "").strip()
    kilometres = _number(str(given.get("ext_km") or KILOMETRES))
    return Asked(frame, near, min(max(kilometres, 0.0), MOST_KILOMETRES))


def _frame(edges: list[str]) -> Frame:
    if len(edges) != 4:
        raise FieldError(_("Give a frame as west,south,east,north in degrees, such as 73.7,18.4,74.0,18.6."))
    west, south, east, north = (_number(edge) for edge in edges)
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise FieldError(
            _(
                "South must be less than north, and all four lie on the globe: "
                "longitude up to 180 degrees, latitude up to 90."
            )
        )
    return west, south, east, north


def _number(text: str) -> float:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FieldError(_("“{text}” is not a number of degrees or kilometres. All four edges are needed."), text=text)
    return number


def widened(frame: Frame, kilometres: float) -> Frame:
    """A frame with so many kilometres more on each side."""
    west, south, east, north = frame
    up = kilometres * 1000 / METRES_IN_A_DEGREE
    side = up / max(math.cos(math.radians(max(abs(south), abs(north)))), 0.01)
    return max(west - side, -180.0), max(south - up, -90.0), min(east + side, 180.0), min(north + up, 90.0)


def clause(frame: Frame) -> str:
    """The condition that a record's area touches a frame, in Solr's words."""
    west, south, east, north = frame
    return f'+{FRAMES}:"Intersects(ENVELOPE({west:.7g},{east:.7g},{north:.7g},{south:.7g}))"'
