"""Questions and headings as columns of a Table Schema, with DPV and HXL where a heading tells enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.communitydata import vocabularies
from ckanext.privacy.engine.headings import meanings

#: XLSForm question types (aliases as pyxform spells them) as types of Table Schema. Others are texts.
TYPES = {
    "integer": "integer", "decimal": "number", "range": "number", "date": "date", "today": "date", "time": "time",
    "datetime": "datetime", "dateTime": "datetime", "start": "datetime", "end": "datetime",
}  # fmt: skip
#: Types that show something and take no answer.
NO_ANSWER = {"note", "csv-external", "xml-external"}
GEOPOINT = "geopoint"
HXL = {"age": "#affected+age", "gender": "#affected+sex", "home-location": "#geo"}


@cache
def _entities() -> dict[str, str]:
    return yaml.safe_load(Path(__file__).with_name("meanings.yaml").read_text(encoding="utf-8"))


def personal_data(texts: Iterable[str]) -> str | None:
    """The kind of data about people that a name or label speaks of (a token of ``personal-data``), or None."""
    for text in texts:
        for entity, meaning in meanings(text).items():
            if meaning.strong and entity in _entities():
                return _entities()[entity]
    return None


def column(
    name: str, kind: str, labels: Mapping[str, str], choices: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """One column; ``labels`` are texts by language, of which the first is the column's title."""
    out: dict[str, Any] = {"name": name, "type": TYPES.get(kind, "string")}
    if labels:
        out["title"] = next(iter(labels.values()))
        out["titles"] = dict(labels)
    if choices:
        out["categories"] = choices
    token = "home-location" if kind == GEOPOINT else personal_data([name, *labels.values()])
    if token:
        concept = vocabularies.find("personal-data", token)
        out["dpv:hasPersonalData"] = concept.iri() if concept else token
        out.update({"hxl:tag": HXL[token]} if token in HXL else {})
    return out


def kinds_of_people(columns: Iterable[Mapping[str, Any]]) -> list[str]:
    """Tokens of ``personal-data`` that columns speak of, in the list's order."""
    found = {column.get("dpv:hasPersonalData") for column in columns}
    return [concept.token for concept in vocabularies.concepts("personal-data") if concept.iri() in found]
