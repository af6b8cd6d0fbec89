"""Look at the data: a table's rows, its columns in figures, its places, and its downloads with their size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, make_response, request

from ckanext.communitydata.looking import asking
from ckanext.communitydata.looking.formats import FORMATS
from ckanext.communitydata.views import seeing
from ckanext.communitydata.views.maps import guarded

__all__ = ["look"]

#: Rows on a page.
ROWS = 50

look = Blueprint("communitydata_look", __name__)


def page(package_id: str, resource_id: str) -> str:
    """A table of a file: its columns, places and rows, page by page."""
    package, resource = seeing.shown(package_id, resource_id)
    number, first = _number("table"), _number("from")
    found = _found(resource, number, first)
    given = {"pkg_dict": package, "pkg": package, "res": resource, "table": number, "first": first, "page_rows": ROWS}
    return tk.render("communitydata/look.html", {**given, "found": found, "formats": FORMATS})


def on_map(package_id: str, resource_id: str) -> Response:
    """The places of a table's rows on a map to move about in."""
    package, resource = seeing.shown(package_id, resource_id)
    number = _number("table")
    places = _found(resource, number, 0, spots=True).get("places")
    if not places:
        tk.abort(404, tk._("Nobody has said where this is."))
    table = {"table": number} if number else {}
    given = {
        "title": tk.h.resource_display_name(resource),
        "address": tk.h.url_for(
            "communitydata_look.page", package_id=package["name"], resource_id=resource["id"], **table
        ),
        "places": places,
        "features": features(places["spots"]),
    }
    return guarded(make_response(tk.render("communitydata/map_of_rows.html", given)))


def _found(resource: dict[str, Any], number: int, first: int, *, spots: bool = False) -> dict[str, Any]:
    with seeing.opened(resource) as (path, key):
        return asking.look(asking.Question(path, key, seeing.file_name(resource), number, first, ROWS, spots))


def features(spots: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Spots as GeoJSON; a larger one stands for more rows."""
    more = max(*(spot["rows"] for spot in spots), 2) - 1
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [spot["longitude"], spot["latitude"]]},
                "properties": {"name": _name(spot), "radius": round(5 + 8 * ((spot["rows"] - 1) / more) ** 0.5, 1)},
            }
            for spot in spots
        ],
    }


def _name(spot: dict[str, Any]) -> str:
    return spot["label"] or tk.ungettext("{n} row", "{n} rows", spot["rows"]).format(n=spot["rows"])


def download(package_id: str, resource_id: str, kind: str) -> Response:
    """A table in another format."""
    _package, resource = seeing.shown(package_id, resource_id)
    if kind not in FORMATS:
        tk.abort(404, tk._("The data comes as {}.").format(", ".join(FORMATS)))
    spool = tempfile.NamedTemporaryFile(suffix=f".{kind}")  # noqa: SIM115 - closed, and gone, when it was sent
    with seeing.opened(resource) as (path, _key):
        done = asking.write(path, seeing.file_name(resource), _number("table"), kind, Path(spool.name))
    if "written" not in done:
        tk.abort(404, tk._("This file cannot be had in that format."))
    stem = Path(seeing.file_name(resource)).stem or "data"
    answer = Response(_sent(spool), mimetype=FORMATS[kind].media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{stem}.{kind}")
    answer.headers["Content-Length"] = str(Path(spool.name).stat().st_size)
    return answer


def _sent(spool: Any) -> Iterator[bytes]:
    with spool:
        while chunk := spool.read(1 << 20):
            yield chunk


def _number(name: str) -> int:
    value = request.args.get(name, "0")
    return int(value) if value.isdigit() and len(value) < 12 else 0


look.add_url_rule("/dataset/<package_id>/look/<resource_id>", "page", page)
look.add_url_rule("/dataset/<package_id>/look/<resource_id>/map", "on_map", on_map)
look.add_url_rule("/dataset/<package_id>/look/<resource_id>.<kind>", "download", download)
