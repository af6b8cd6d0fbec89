"""What of a dataset goes into the search index, and in what shape. Plain Python: no CKAN in here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

#: Solr refuses a whole document when one of its exact terms is longer than this many bytes.
LONGEST_TERM = 32_000


def prepare(doc: Mapping[str, Any], fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a copy of an index document in which our fields can be found by their words and filtered by their entries.

    ``vocab_<field>`` holds exact entries (``vocab_place`` the names of areas), ``extras_<field>`` the words.
    """
    out = dict(doc)
    for field in fields:
        name = field["field_name"]
        value = _loaded(out.get(name))
        if isinstance(value, (dict, list)):
            out[f"extras_{name}"] = " ".join(_words(value))
        if field.get("object") in ("concept", "concepts", "literals", "iris") and value:
            out[f"vocab_{name}"] = value if isinstance(value, list) else [value]
    areas = _loaded(out.get("spatial_coverage"))
    if isinstance(areas, list):
        out["vocab_place"] = [area["text"] for area in areas if area.get("text")]
    return {k: v for k, v in out.items() if not _too_long(k, v)}


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
    keeps_exact_terms = not name.startswith("extras_") and name not in ("data_dict", "validated_data_dict", "notes")
    return keeps_exact_terms and isinstance(value, str) and len(value.encode()) > LONGEST_TERM
