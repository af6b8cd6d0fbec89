"""The places that records are about: which there are, and what is known about one, as far as the reader may see it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.communitydata import config, namesakes, place_keys, places, vocabularies
from ckanext.communitydata.drawing import Drawn
from ckanext.communitydata.fields import FieldError

#: Records that are read for one place or at a time, and for all places.
AT_A_TIME, MOST_IN_ALL = 1000, 2000
#: Places that a facet names.
MOST_PLACES = 500
PRACTICE = "city-practice"
Record = dict[str, Any]


@dataclass
class Place:
    """A place: its key, its names, its address in a public list, the records about it and their outlines.

    ``where`` says which of several places of the name it is; ``others`` are the namesakes.
    """

    key: str
    where: str = ""
    names: list[str] = field(default_factory=list)
    uri: str = ""
    datasets: list[Record] = field(default_factory=list)
    practices: list[Record] = field(default_factory=list)
    outlines: list[Drawn] = field(default_factory=list)
    near: list[dict[str, str]] = field(default_factory=list)
    others: list[Place] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name that most records use."""
        return max(self.names, key=self.names.count) if self.names else self.key.partition(namesakes.MARK)[0]

    @property
    def count(self) -> int:
        """How many records its page shows."""
        return len(self.datasets) + len(self.practices)


@dataclass
class _Said:
    """What one record says about a place of some name."""

    record: Record
    area: dict[str, Any]
    outlines: list[Drawn]

    @property
    def mention(self) -> namesakes.Mention:
        """Where it says that the place is."""
        country = self.record.get("country") or "" if self.record["type"] == PRACTICE else ""
        outlines = tuple((each.geometry, each.metres) for each in self.outlines)
        return namesakes.Mention(outlines, place_keys.slug(country.partition("-")[0]))


def search(**params: Any) -> dict[str, Any]:
    """Search as the reader."""
    context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    return tk.get_action("package_search")(context, {"include_private": True, **params})


def areas(record: Record) -> list[dict[str, Any]]:
    """The areas of a record."""
    rows = record.get("spatial_coverage") or []
    return json.loads(rows) if isinstance(rows, str) else rows


def place(key: str) -> Place | None:
    """Everything that the reader may know about a place; None if no record is about it.

    The key of a name that several places share gives what nobody can tell apart, and the places as ``others``.
    """
    name, _mark, mark = key.partition(namesakes.MARK)
    found = search(fq=f'vocab_place_key:"{_quoted(name)}"', rows=AT_A_TIME, sort="metadata_created asc")["results"]
    known = _places(name, [said for record in found for said in _said(record) if place_keys.key(said.area) == name])
    meant = namesakes.meant(mark, known)
    if not known or (meant is None and mark):
        return None
    about = known.get(meant or "") or Place(name, names=[next(iter(known.values())).name])
    about.practices += _practices_of(about)
    about.near = _near(about)
    others = (each for each in known.values() if each is not about and each.where)
    about.others = sorted(others, key=lambda each: each.where)
    return about


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace('"', "")


def _said(record: Record) -> Iterator[_Said]:
    """What a record says about each place it is about; a practice is about its city."""
    if record["type"] == PRACTICE:
        yield _Said(record, {"text": record.get("city") or ""}, [])
        return
    for area in areas(record):
        yield _Said(record, area, list(_drawn(record, area, title_of(record))))


def _places(name: str, said: Sequence[_Said]) -> dict[str, Place]:
    """The places of one name by what tells them apart; an address in a public list is one place's."""
    one = any(each.area.get("uri") for each in said)
    apart = {"": list(range(len(said)))} if one and said else namesakes.told_apart([each.mention for each in said])
    return {mark: _place(name, mark, [said[n] for n in positions]) for mark, positions in apart.items()}


def _place(name: str, mark: str, said: Sequence[_Said]) -> Place:
    """A place as its records have it, the newest record first."""
    about = Place(f"{name}{namesakes.MARK}{mark}" if mark else name, where=_where(mark))
    for each in reversed(said):
        records = about.practices if each.record["type"] == PRACTICE else about.datasets
        if not any(known is each.record for known in records):  # it may have two areas of the name
            records.append(each.record)
        about.names += [each.area["text"]] if each.area.get("text") else []
        about.uri = about.uri or each.area.get("uri") or ""
        about.outlines += each.outlines
    return about


def _where(mark: str) -> str:
    """What tells a place from its namesakes, for people: latitude and longitude, or the country."""
    if at := namesakes.spot(mark):
        return "{:.2f}°, {:.2f}°".format(*at)
    return tk.h.communitydata_country(mark.upper()) if mark else ""


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
    wanted = [f'vocab_data_used:"{_quoted(address)}"' for address in _addresses(about)]
    wanted += [f'vocab_place_key:"{_quoted(city)}"' for city in sorted(_cities(about))]
    if not wanted:
        return []
    known = {each["id"] for each in about.practices}
    query = f'+dataset_type:"{PRACTICE}" +({" OR ".join(wanted)})'
    return [each for each in search(fq=query, rows=AT_A_TIME)["results"] if each["id"] not in known]


def _addresses(about: Place) -> list[str]:
    return [tk.h.url_for("dataset.read", id=each["name"], _external=True, locale="default") for each in about.datasets]


def _cities(about: Place) -> set[str]:
    """Keys of the places that a place's names say it lies in."""
    return {place_keys.slug(larger) for name in about.names for larger in place_keys.larger(name)} - {""}


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


def directory(most: int = MOST_IN_ALL) -> list[Place]:
    """All places of the newest records with what their pages show, by name."""
    by_name: dict[str, list[_Said]] = {}
    practices: list[Record] = []
    for record in _newest(most):
        practices += [record] if record["type"] == PRACTICE else []
        for said in _said(record):
            by_name.setdefault(place_keys.key(said.area), []).append(said)
    found = [each for name, said in by_name.items() if name for each in _places(name, said).values()]
    told = _Told(practices)
    for about in found:
        about.practices += told.of(about)
    return sorted(found, key=lambda about: (about.name.casefold(), about.where))


def _newest(most: int) -> list[Record]:
    """The newest records that are about a place, the oldest of them first."""
    found: list[Record] = []
    for start in range(0, most, AT_A_TIME):
        query = {"fq": "vocab_place_key:[* TO *]", "sort": "metadata_created desc", "rows": AT_A_TIME, "start": start}
        found += search(**query)["results"]
        if len(found) < start + AT_A_TIME:
            break
    return found[::-1]


class _Told:
    """Practices by their city and by the data they used."""

    def __init__(self, practices: Sequence[Record]) -> None:
        self.by_key: dict[str, list[Record]] = {}
        for record in practices:
            used = record.get("data_used") or []
            for key in (place_keys.slug(record.get("city") or ""), *([used] if isinstance(used, str) else used)):
                self.by_key.setdefault(key, []).append(record)

    def of(self, about: Place) -> list[Record]:
        """What :func:`_practices_of` finds, without a search for each place."""
        known = {each["id"] for each in about.practices}
        wanted = (*_addresses(about), *_cities(about))
        found = {each["id"]: each for key in wanted for each in self.by_key.get(key, ())}
        return [each for record_id, each in found.items() if record_id not in known]


def as_area(key: str) -> dict[str, Any] | None:
    """A known place with an outline as an area row; None if there is none."""
    about = place(key)
    if not about or not about.outlines:
        return None
    return {"text": about.name, "uri": about.uri, "geom": about.outlines[0].geojson()}
