"""The ways to give an area on a form without a map: four edges, a grid cell, or a place that is known already.

Plain Python: no CKAN in here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import shapely
from openlocationcode import openlocationcode
from shapely.geometry.base import BaseGeometry

from .fields import FieldError, _
from .places import rectangle

#: Edges of a frame as the form names them.
EDGES = ("west", "south", "east", "north")
#: A known place as an area row: its name, its address in a public list, its outline; None if nobody knows it.
Known = Callable[[str], Mapping[str, Any] | None]
#: Letters of a Plus Code whose cell is larger than a house.
LONGEST_CELL = 8


def given(parts: Mapping[str, str], known: Known) -> dict[str, str]:
    """The area that a form's inputs stand for, as an area row (``geom`` as GeoJSON text); empty if none was used.

    Raises :class:`FieldError` for what cannot be an area, and for a file that was chosen and not read.
    """
    said = {name: text.strip() for name, text in parts.items() if text and text.strip()}
    if any(name in said for name in EDGES):
        return {"geom": _text(_frame(said))}
    if code := said.get("cell"):
        return {"geom": _text(_cell(code))}
    if key := said.get("place"):
        return _place(known(key))
    if said.get("file"):
        raise FieldError(_("Press “Read the file” after you have chosen it, or take it out again."))
    return {}


def _text(outline: BaseGeometry) -> str:
    return shapely.to_geojson(outline)


def _frame(said: Mapping[str, str]) -> BaseGeometry:
    try:
        edges = [float(said[name].replace(",", ".")) for name in EDGES]
    except (KeyError, ValueError):
        raise FieldError(_("Give all four edges in degrees, such as 73.85 and 18.52.")) from None
    return rectangle(*edges)


def _cell(code: str) -> BaseGeometry:
    """The cell of a Plus Code."""
    text = code.upper()
    letters = text.replace("+", "").rstrip("0")
    full = text if "+" in text else f"{letters.ljust(LONGEST_CELL, '0')}+"
    if not openlocationcode.isFull(full) or len(letters) > LONGEST_CELL:
        raise FieldError(
            _("“{code}” is not a grid cell. Give the first 4, 6 or 8 letters of a Plus Code, such as 7JCMGV."),
            code=code,
        )
    area = openlocationcode.decode(full)
    low, high = (area.longitudeLo, area.latitudeLo), (area.longitudeHi, area.latitudeHi)
    (west, south), (east, north) = (tuple(round(edge, 7) for edge in corner) for corner in (low, high))
    return shapely.box(west, south, east, north)


def _place(row: Mapping[str, Any] | None) -> dict[str, str]:
    if not row:
        raise FieldError(_("This place is not known any more. Choose another one."))
    return {name: str(row[name]) for name in ("text", "uri", "geom") if row.get(name)}
