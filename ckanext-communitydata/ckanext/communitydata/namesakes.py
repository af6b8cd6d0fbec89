"""Tells places of one name apart by where they are. Plain Python: no CKAN in here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from .drawing import widened

#: Metres between two outlines that may still be those of one place.
NEAR = 1_000
#: Degrees by which an address may miss the place it was made for: outlines are drawn anew.
MOVED = 0.5
#: What stands between the name in a key and the mark that tells it from its namesakes.
MARK = "@"


@dataclass(frozen=True)
class Mention:
    """Where one record says that a place is: outlines with the metres to which they are exact, or a country's code."""

    outlines: tuple[tuple[BaseGeometry, float], ...] = ()
    country: str = ""


def told_apart(mentions: Sequence[Mention]) -> dict[str, list[int]]:
    """The places among mentions of one name: mark to positions. A name without namesakes has the mark "".

    Outlines that lie near each other are one place's. Where several places share a name, what says neither outline nor
    country stays under the mark "": nobody knows which it is about.

    >>> told_apart([Mention(country="CL"), Mention(country="ES"), Mention()])
    {'cl': [0], 'es': [1], '': [2]}
    """
    found: dict[str, list[int]] = {}
    for position, mark in _located(mentions):
        found.setdefault(mark, []).append(position)
    for position, mention in enumerate(mentions):
        if not mention.outlines and mention.country:
            found.setdefault(mention.country.casefold(), []).append(position)
    if not several(found):
        return {"": list(range(len(mentions)))} if mentions else {}
    unsaid = [n for n, mention in enumerate(mentions) if not mention.outlines and not mention.country]
    return found | ({"": unsaid} if unsaid else {})


def several(marks: Iterable[str]) -> bool:
    """Whether marks are those of several places: a spot and a country may be the same place's."""
    known = list(marks)
    spots = sum(1 for mark in known if spot(mark))
    return spots > 1 or len(known) - spots > 1


def _located(mentions: Sequence[Mention]) -> list[tuple[int, str]]:
    """Positions of mentions with an outline, and the mark of the place that each lies in."""
    wide = [
        (position, widened(outline, (NEAR + metres) / 2))
        for position, mention in enumerate(mentions)
        for outline, metres in mention.outlines
    ]
    areas = shapely.get_parts(shapely.union_all([area for _position, area in wide]))
    marks: dict[int, str] = {}
    found: dict[tuple[int, str], None] = {}
    for position, area in wide:
        place = next(n for n, whole in enumerate(areas) if whole.intersects(area))
        mark = marks.setdefault(place, _mark(area))
        found[position, mark] = None
    return list(found)


def _mark(area: BaseGeometry) -> str:
    """Latitude and longitude of the first outline's middle, as exact as the distance that tells places apart."""
    return f"{area.centroid.y:.2f},{area.centroid.x:.2f}"


def spot(mark: str) -> tuple[float, float] | None:
    """The latitude and longitude in a mark; None if it has none.

    >>> spot("18.55,73.85"), spot("cl")
    ((18.55, 73.85), None)
    """
    try:
        latitude, longitude = map(float, mark.split(","))
    except ValueError:
        return None
    return latitude, longitude


def meant(mark: str, marks: Iterable[str]) -> str | None:
    """Which of the marks an address means, also after the outline was drawn anew; None if none is near."""
    known = set(marks)
    if mark in known:
        return mark
    wanted, spots = spot(mark), {each: at for each in known if (at := spot(each))}
    if not wanted or not spots:
        return None
    nearest = min(spots, key=lambda each: math.dist(spots[each], wanted))
    return nearest if math.dist(spots[nearest], wanted) <= MOVED else None
