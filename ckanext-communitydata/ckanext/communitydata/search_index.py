"""What of a record goes into the search index, and in what shape. Plain Python: no CKAN in here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from . import place_keys, places
from .fields import FieldError

#: Solr refuses a whole document when one of its exact terms is longer than this many bytes.
LONGEST_TERM = 32_000
#: Languages that the index knows the stems of; see deploy/solr/conf/fields.xml.
STEMMED = ("en", "es", "pt", "fr", "ar", "hi", "mr", "zh", "it", "nl", "ca")
#: Where the words of a language are found, for a search in all of them.
WORD_FIELDS = tuple(f"words_{code}" for code in STEMMED)
#: Names that are the same in every language, as the index has them.
NAMES = ("name", "vocab_place", "tags", "organization", "res_name", "city")
#: Fields that are kept as they are, or cut into words.
WITHOUT_TERMS = ("data_dict", "validated_data_dict", "notes")
#: Where the index keeps the areas that a record is about.
FRAMES = "area_frames"


def prepare(doc: Mapping[str, Any], fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a copy of an index document in which our fields can be found by their words and filtered by their entries.

    ``vocab_<field>`` holds exact entries (``vocab_place`` the names of areas, ``vocab_place_key`` their keys),
    ``extras_<field>`` the words, ``words_<language>`` the words of one language, ``area_frames`` the areas.
    """
    out = dict(doc)
    values = {field["field_name"]: _loaded(out.get(field["field_name"])) for field in fields}
    for field in fields:
        name, value = field["field_name"], values[field["field_name"]]
        if isinstance(value, (dict, list)):
            out[f"extras_{name}"] = " ".join(_words(value))
        if field.get("object") in ("concept", "concepts", "literals", "iris") and value:
            out[f"vocab_{name}"] = value if isinstance(value, list) else [value]
    out |= _areas(_loaded(out.get("spatial_coverage")), out.get("city"))
    out |= _by_language(out, fields, values)
    return {k: v for k, v in out.items() if not _too_long(k, v)}


def _areas(areas: Any, city: Any) -> dict[str, Any]:
    """Names, keys and frames of the areas that a record is about; a practice has a city instead."""
    rows = [area for area in areas if isinstance(area, Mapping)] if isinstance(areas, list) else []
    found = {
        "vocab_place": [area["text"] for area in rows if area.get("text")],
        "vocab_place_key": sorted({key for area in [*rows, {"text": city}] if (key := place_keys.key(area))}),
        FRAMES: [frame for area in rows for frame in _frames(area)],
    }
    return {name: entries for name, entries in found.items() if entries or name == "vocab_place"}


def _frames(area: Mapping[str, Any]) -> list[str]:
    outline = area.get("geom") or area.get("bbox") or area.get("centroid")
    try:
        return places.frames(places.read_geometry(outline)) if outline else []
    except FieldError:
        return []  # an old record's outline may be none


def _by_language(doc: Mapping[str, Any], fields: list[dict[str, Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """The words of each language that a record has texts in, with the names that are the same in all of them.

    Solr looks for all words of a query in one field: whoever writes "hogares Nandira" finds the first by its stem and
    the second by its name.
    """
    texts: dict[str, list[str]] = {}
    for field in fields:
        for part, value in _parts(field, values[field["field_name"]]):
            if part.get("object") == "multilingual" and isinstance(value, Mapping):
                for code, text in value.items():
                    texts.setdefault(code.split("-")[0].lower(), []).append(text)
    names = [text for name in NAMES for text in _words(doc.get(name))]
    return {f"words_{code}": [*found, *names] for code, found in texts.items() if code in STEMMED}


def _parts(field: Mapping[str, Any], value: Any) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """A field with its value, or the parts of its rows with theirs."""
    if not field.get("repeating_subfields"):
        yield field, value
        return
    for row in value if isinstance(value, list) else []:
        yield from ((part, row.get(part["field_name"])) for part in field["repeating_subfields"])


def _loaded(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _words(value: Any) -> Iterator[str]:
    """The texts in a nested value, without outlines, which are no words."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in ("geom", "bbox", "centroid"):
                yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        loaded = _loaded(value)
        yield from [value] if loaded == value else _words(loaded)


def _too_long(name: str, value: Any) -> bool:
    keeps_exact_terms = not name.startswith(("extras_", "words_")) and name not in WITHOUT_TERMS
    return keeps_exact_terms and isinstance(value, str) and len(value.encode()) > LONGEST_TERM
