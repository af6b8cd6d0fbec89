"""How searches are asked: in every language the index knows the stems of, and by area."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search import SearchQueryError

from ckanext.communitydata import area_search, place_keys, places, search_index
from ckanext.communitydata.fields import FieldError

#: Fields that words are looked for in: CKAN's own with its weights, then the stems of each language.
WORDS = " ".join(("name^4 title^4 tags^2 groups^2 text", *search_index.WORD_FIELDS))
#: Records that are asked for the outline of a place.
LOOKED_THROUGH = 50


def prepare(params: dict[str, Any]) -> dict[str, Any]:
    """Widen a search by words to all languages, and narrow one by area to what touches it.

    Raises ``SearchQueryError`` for an area that cannot be read. One that nobody knows finds nothing.
    """
    if params.get("q") and ":" not in params["q"]:
        params.setdefault("qf", WORDS)
    try:
        asked = area_search.read(params.get("extras") or {})
    except FieldError as error:
        raise SearchQueryError(tk._(error.message).format(**error.values)) from None
    if not asked.frame and not asked.near:
        return params
    frame = asked.frame or frame_of(asked.near, asked.kilometres)
    if frame is None:
        return {**params, "abort_search": True}
    return {**params, "fq": f"{params.get('fq') or ''} {area_search.clause(frame)}".strip()}


def frame_of(name: str, kilometres: float) -> area_search.Frame | None:
    """The frame of a place with so many kilometres around it, as far as public records say where it is."""
    frames = [outline.bounds for outline in outlines_of(name)]
    if not frames:
        return None
    west, south, east, north = zip(*frames, strict=True)
    return area_search.widened((min(west), min(south), max(east), max(north)), kilometres)


def outlines_of(name: str) -> list[Any]:
    """The outlines that public records give a place: by its key, or else by the words of its name."""
    by_key = _areas(f'vocab_place_key:"{place_keys.slug(name)}"')
    exact = [area for area in by_key if place_keys.slug(area.get("text") or "") == place_keys.slug(name)]
    rows = exact or [area for area in _areas(_by_words(name)) if _says(area, name)]
    return [places.read_geometry(area["geom"]) for area in rows if area.get("geom")]


def _by_words(name: str) -> str:
    words = place_keys.slug(name).split("-")
    return " ".join(f'+extras_spatial_coverage:"{word}"' for word in words if word)


def _says(area: dict[str, Any], name: str) -> bool:
    return set(place_keys.slug(name).split("-")) <= set(place_keys.slug(area.get("text") or "").split("-"))


def _areas(query: str) -> list[dict[str, Any]]:
    """The areas of the public records that a condition finds; nobody's own drafts are asked."""
    if not query:
        return []
    found = tk.get_action("package_search")({"user": ""}, {"fq": query, "rows": LOOKED_THROUGH})["results"]
    areas = (record.get("spatial_coverage") or [] for record in found)
    return [area for rows in areas for area in (json.loads(rows) if isinstance(rows, str) else rows)]
