"""Look at the data: a table's rows, its columns in figures, its places, and its downloads with their size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import file_keeper as fk
from ckan.lib import files, uploader
from file_keeper.default.adapters.fs import FsStorage
from flask import Blueprint, Response, request

from ckanext.communitydata.looking import asking
from ckanext.communitydata.looking.formats import FORMATS

__all__ = ["look"]

#: Rows on a page.
ROWS = 50

look = Blueprint("communitydata_look", __name__)


def page(package_id: str, resource_id: str) -> str:
    """A table of a file: its columns, places and rows, page by page."""
    package, resource = _shown(package_id, resource_id)
    number, first = _number("table"), _number("from")
    with _opened(resource) as (path, key):
        found = asking.look(asking.Question(path, key, _file_name(resource), number, first, ROWS))
    given = {"pkg_dict": package, "pkg": package, "res": resource, "table": number, "first": first, "page_rows": ROWS}
    return tk.render("communitydata/look.html", {**given, "found": found, "formats": FORMATS})


def download(package_id: str, resource_id: str, kind: str) -> Response:
    """A table in another format."""
    _package, resource = _shown(package_id, resource_id)
    if kind not in FORMATS:
        tk.abort(404, tk._("The data comes as {}.").format(", ".join(FORMATS)))
    spool = tempfile.NamedTemporaryFile(suffix=f".{kind}")  # noqa: SIM115 - closed, and gone, when it was sent
    with _opened(resource) as (path, _key):
        done = asking.write(path, _file_name(resource), _number("table"), kind, Path(spool.name))
    if "written" not in done:
        tk.abort(404, tk._("This file cannot be had in that format."))
    stem = Path(_file_name(resource)).stem or "data"
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


def _shown(package_id: str, resource_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Dataset and resource as whoever asks may see them; not found otherwise, also where it may not be seen."""
    context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    try:
        package = tk.get_action("package_show")(context, {"id": package_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404, tk._("Dataset not found"))
    resource = next((each for each in package.get("resources", []) if each["id"] == resource_id), None)
    if resource is None or resource.get("url_type") != "upload":
        return tk.abort(404, tk._("Resource not found"))
    return package, resource


def _file_name(resource: dict[str, Any]) -> str:
    return str(resource.get("url") or "").rpartition("/")[2] or "data"


@contextmanager
def _opened(resource: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """The bytes whoever asks would download, as a path on this machine, and a name for just these bytes."""
    upload = uploader.get_resource_uploader(resource)
    found, storage = upload.get_path(resource["id"]), getattr(upload, "storage", None)
    if not isinstance(storage, fk.Storage):
        path = Path(found)
        if not path.is_file():
            tk.abort(404, tk._("Resource not found"))
        yield path, f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}"
        return
    location = files.Location(found)
    if isinstance(storage, FsStorage):
        path = Path(storage.full_path(location))
        yield path, f"{path} {path.stat().st_mtime_ns}"
        return
    with tempfile.NamedTemporaryFile() as copy:
        for chunk in storage.stream(files.FileData(location)):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name), f"{storage} {location}"


look.add_url_rule("/dataset/<package_id>/look/<resource_id>", "page", page)
look.add_url_rule("/dataset/<package_id>/look/<resource_id>.<kind>", "download", download)
