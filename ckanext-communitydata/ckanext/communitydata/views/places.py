"""Everything about a place at one address: for people, as JSON, as GeoJSON, on a map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.communitydata import atlas
from ckanext.communitydata.drawing import draw
from ckanext.communitydata.views.maps import as_answer, features, shown

__all__ = ["places"]

#: The five things by which UN-Habitat knows a slum household, as the schema names them.
DEPRIVATIONS = ("water", "sanitation", "living_area", "durability", "tenure")

places = Blueprint("communitydata_places", __name__, url_prefix="/place")


def index() -> str:
    """All places, on a drawing and as a list."""
    entries = atlas.directory()
    outlines = [replace(outline, name=each.name) for each in entries for outline in each.outlines[:1]]
    return tk.render("communitydata/places.html", {"entries": entries, "drawing": draw(outlines)})


def page(key: str) -> str:
    """What is known about a place, by whom."""
    about = _known(key)
    values = {"about": about, "drawing": draw(about.outlines), "deprivations": DEPRIVATIONS}
    return tk.render("communitydata/place.html", values)


def on_map(key: str) -> Response:
    """A place on a map."""
    about = _known(key)
    return shown(about.name, tk.h.url_for("communitydata_places.page", key=key), about.outlines)


def as_geojson(key: str) -> Response:
    """A place's outlines as GeoJSON, each with how exact it is and the record that gives it."""
    return as_answer(features(_known(key).outlines), "application/geo+json")


def as_json(key: str) -> Response:
    """What is known about a place, for programs."""
    about = _known(key)
    content = {
        "key": about.key,
        "name": about.name,
        "names": sorted(set(about.names)),
        "uri": about.uri or None,
        "page": tk.h.url_for("communitydata_places.page", key=about.key, _external=True, locale="default"),
        "datasets": [_record(each) for each in about.datasets],
        "practices": [_record(each) for each in about.practices],
        "where": about.where or None,
        "near": [each["key"] for each in about.near],
        "namesakes": [each.key for each in about.others],
        "outlines": features(about.outlines),
    }
    return as_answer(content)


def _record(record: dict[str, Any]) -> dict[str, Any]:
    """A record in short: what it is called, where it is, and what it says about the place."""
    wanted = (
        "name",
        "title",
        "title_translated",
        "community_data_kind",
        "temporal_coverage",
        "spatial_precision",
        "stage",
    )
    wanted += tuple(f"deprivation_{each}" for each in DEPRIVATIONS)
    address = tk.h.url_for(f"{record['type']}.read", id=record["name"], _external=True, locale="default")
    return {"page": address, **{name: record[name] for name in wanted if record.get(name)}}


def _known(key: str) -> atlas.Place:
    about = atlas.place(key)
    return about or tk.abort(404, tk._("No record is about a place of this name."))


places.add_url_rule("/", "index", index)
places.add_url_rule("/<key>", "page", page)
places.add_url_rule("/<key>/map", "on_map", on_map)
places.add_url_rule("/<key>.json", "as_json", as_json)
places.add_url_rule("/<key>.geojson", "as_geojson", as_geojson)
