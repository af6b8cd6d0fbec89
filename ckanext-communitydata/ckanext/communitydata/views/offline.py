"""A dataset page with its data in one file, for places without a line."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.communitydata import helpers
from ckanext.communitydata.looking import asking
from ckanext.communitydata.views import seeing

__all__ = ["offline"]

#: Rows of a table that are shown in the copy, and bytes of a file, and of all files, that are put into it.
ROWS, LARGEST_FILE, LARGEST_COPY = 200, 4_000_000, 12_000_000
STYLE = Path(__file__).parents[1] / "assets" / "offline.css"

offline = Blueprint("communitydata_offline", __name__)


def copy(package_id: str) -> Response:
    """The dataset's page as one file that needs nothing else: what is said about it, its tables, its files."""
    package = seeing.dataset(package_id)
    room, parts = LARGEST_COPY, []
    for resource in package.get("resources", []):
        part = _part(resource, room)
        room -= len(part["data"])
        parts.append(part)
    page = tk.render(
        "communitydata/offline.html",
        {"pkg": package, "dataset_type": package["type"], "parts": parts, "style": STYLE.read_text(encoding="utf-8")},
    )
    answer = Response(page, mimetype="text/html")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{package['name']}.html")
    return answer


def _part(resource: dict[str, Any], room: int) -> dict[str, Any]:
    """A file as part of the copy: its table's first rows where it is one, its bytes where they are not too many."""
    part: dict[str, Any] = {"resource": resource, "name": seeing.file_name(resource), "table": None, "data": ""}
    if resource.get("url_type") != "upload":
        return part
    with seeing.opened(resource) as (path, key):
        if path.stat().st_size <= min(LARGEST_FILE, room):
            part["data"] = base64.b64encode(path.read_bytes()).decode()
        if helpers.communitydata_can_look(resource):
            found = asking.look(asking.Question(path, key, part["name"], 0, 0, ROWS))
            part["table"] = found if "rows" in found else None
    return part


offline.add_url_rule("/dataset/<package_id>/offline", "copy", copy)
