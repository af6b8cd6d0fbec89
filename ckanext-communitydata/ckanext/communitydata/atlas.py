"""The places that records are about: which there are, and what is known about one, as far as the reader may see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.communitydata import config, place_keys, places, vocabularies
from ckanext.communitydata.drawing import Drawn
from ckanext.communitydata.fields import FieldError

#: Records that are read for one place, and places that are listed.
MOST_RECORDS, MOST_PLACES = 200, 500
Record = dict[str, Any]


@dataclass
class Place:
    """A place: its key, its names, its address in a public list, the records about it and their outlines."""

    key: str
    names: list[str] = field(default_factory=list)
    uri: str = ""
    datasets: list[Record] = field(default_factory=list)
    practices: list[Record] = field(default_factory=list)
    outlines: list[Drawn] = field(default_factory=list)
    near: list[dict[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name that most records use."""
        return max(self.names, key=self.names.count) if self.names else self.key


def search(**params: Any) -> dict[str, Any]:
    """Search as the reader."""
    context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    return tk.get_action("package_search")(context, {"include_private": True, **params})


def areas(record: Record) -> list[dict[str, Any]]:
    """The areas of a record."""
    rows = record.get("spatial_coverage") or []
    return json.loads(rows) if isinstance(rows, str) else rows


def place(key: str) -> Place | None:
    """Everything that the reader may know about a place; None if no record is about it."""
    query = f'vocab_place_key:"{_quoted(key)}"'
    found = search(fq=query, rows=MOST_RECORDS, sort="metadata_modified desc")["results"]
    if not found:
        return None
    about = Place(key)
    for record in found:
        _add(about, record)
    about.practices += _practices_of(about)
    about.near = _near(about)
    return about


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace('"', "")


def _add(about: Place, record: Record) -> None:
    if record["type"] == "city-practice":
        about.practices.append(record)
        about.names.append(record.get("city") or "")
        return
    about.datasets.append(record)
    for area in areas(record):
        if place_keys.key(area) == about.key:
            about.names.append(area.get("text") or "")
            about.uri = about.uri or area.get("uri") or ""
            about.outlines += _drawn(record, area, title_of(record))
    about.names = [name for name in about.names if name]


def _drawn(record: Record, area: dict[str, Any], name: str = "") -> Iterator[Drawn]:
    """An outline with how exact it is, named as the area is, or as somebody wants it named."""
    outline = area.get("geom") or area.get("bbox") or area.get("centroid")
    try:
        geometry = places.read_geometry(outline) if outline else None
    except FieldError:
        return  # an old record's outline may be none
    if geometry is not None:
        exact = vocabularies.find("spatial-precision", record.get("spatial_precision") or "", config.namespace())
        metres, word = (exact.metres, tk._(exact.label)) if exact else (0, "")
        page = tk.h.url_for(f"{record['type']}.read", id=record["name"])
        yield Drawn(geometry, name or area.get("text") or title_of(record), metres, word, page)


def title_of(record: Record) -> str:
    """What a record is called in the reader's language."""
    return tk.h.get_translated(record, "title") or record["name"]


def outlines_of(record: Record) -> list[Drawn]:
    """The outlines of one record."""
    return [drawn for area in areas(record) for drawn in _drawn(record, area)]


def _practices_of(about: Place) -> list[Record]:
    """Practices that used the place's data, or that its city tells."""
    addresses = [
        tk.h.url_for("dataset.read", id=each["name"], _external=True, locale="default") for each in about.datasets
    ]
    cities = {place_keys.slug(larger) for name in about.names for larger in place_keys.larger(name)}
    wanted = [f'vocab_data_used:"{_quoted(address)}"' for address in addresses[:50]]
    wanted += [f'vocab_place_key:"{_quoted(city)}"' for city in sorted(cities)]
    if not wanted:
        return []
    known = {each["id"] for each in about.practices}
    found = search(fq=f'+dataset_type:"city-practice" +({" OR ".join(wanted)})', rows=50)["results"]
    return [each for each in found if each["id"] not in known]


def _near(about: Place) -> list[dict[str, str]]:
    """Other places of the same records, and those that the place's names say it lies in, if they are known."""
    rows = {place_keys.key(area): area.get("text") or "" for each in about.datasets for area in areas(each)}
    for name in about.names:
        rows |= {place_keys.slug(larger): larger for larger in place_keys.larger(name)}
    rows.pop(about.key, None)
    known = {item["key"] for item in known_places()}
    return [{"key": key, "name": name} for key, name in sorted(rows.items()) if name and key in known]


def known_places() -> list[dict[str, Any]]:
    """All places with a record that the reader may see: ``{key, count}``, most records first."""
    facets = search(rows=0, **{"facet.field": ["vocab_place_key"], "facet.limit": MOST_PLACES})["search_facets"]
    return [
        {"key": item["name"], "count": item["count"]} for item in facets.get("vocab_place_key", {}).get("items", [])
    ]


def directory() -> list[dict[str, Any]]:
    """All places with their names and outlines: ``{key, count, name, uri, outlines}``, by name."""
    found = search(fq="vocab_place_key:[* TO *]", rows=MOST_PLACES, sort="metadata_modified desc")["results"]
    entries: dict[str, dict[str, Any]] = {}
    for record in found:
        rows = areas(record) if record["type"] == "dataset" else [{"text": record.get("city") or ""}]
        for area in rows:
            key = place_keys.key(area)
            if not key:
                continue
            entry = entries.setdefault(
                key, {"key": key, "count": 0, "name": area.get("text") or key, "uri": "", "outlines": []}
            )
            entry["count"] += 1
            entry["uri"] = entry["uri"] or area.get("uri") or ""
            entry["outlines"] += _drawn(record, area) if not entry["outlines"] else ()
    return sorted(entries.values(), key=lambda entry: entry["name"].casefold())


def as_area(key: str) -> dict[str, Any] | None:
    """A known place with an outline as an area row; None if there is none."""
    about = place(key)
    if not about or not about.outlines:
        return None
    return {"text": about.name, "uri": about.uri, "geom": about.outlines[0].geojson()}
