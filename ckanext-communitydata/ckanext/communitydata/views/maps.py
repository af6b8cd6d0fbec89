"""Maps that a visitor asks for: outlines to move about in, with a list that says the same, and a script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, make_response
from shapely.geometry import mapping

from ckanext.communitydata import atlas, config, light
from ckanext.communitydata.drawing import MOST_SHAPES, Drawn, draw
from ckanext.communitydata.views import seeing

__all__ = ["maps"]

maps = Blueprint("communitydata_map", __name__)


def page(package_id: str) -> Response:
    """The areas of a dataset on a map."""
    record = seeing.dataset(package_id)
    address = tk.h.url_for(f"{record['type']}.read", id=record["name"])
    return shown(tk.h.dataset_display_name(record), address, atlas.outlines_of(record))


def shown(title: str, address: str, outlines: Sequence[Drawn]) -> Response:
    """A page with a map of outlines. A visitor's browser may ask this site alone, and its tiles."""
    if not outlines:
        tk.abort(404, tk._("Nobody has said where this is."))
    outlines = outlines[:MOST_SHAPES]
    values = {"title": title, "address": address, "outlines": outlines, "drawing": draw(outlines)}
    return guarded(make_response(tk.render("communitydata/map.html", {**values, "features": features(outlines)})))


def guarded(answer: Response) -> Response:
    """Hold a visitor's browser to this site and its tiles."""
    if light.is_light():
        answer.headers["Content-Security-Policy"] = policy()
    return answer


def policy() -> str:
    """Scripts, styles and pictures of this site alone, and the tiles of the site's choice."""
    parts = urlsplit(config.map_tiles())
    host = f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}" if parts.netloc else ""
    return f"default-src 'self'; img-src 'self' data: {host}".strip() + "; object-src 'none'; base-uri 'self'"


def features(outlines: Sequence[Drawn]) -> dict[str, Any]:
    """Outlines as GeoJSON, each as wide as it is exact."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": mapping(each.extent()),
                "properties": {"name": each.name, "exact": each.word, "metres": each.metres, "page": each.page},
            }
            for each in outlines
        ],
    }


def as_answer(content: Any, kind: str = "application/json") -> Response:
    """An answer for programs, which any page may ask for."""
    answer = Response(json.dumps(content, ensure_ascii=False), content_type=f"{kind}; charset=utf-8")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


maps.add_url_rule("/dataset/<package_id>/map", "page", page)
