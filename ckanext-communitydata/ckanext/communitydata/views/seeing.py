"""What whoever asks may see: the dataset and the bytes of its files. Visitors get the release, editors the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import file_keeper as fk
from ckan.lib import files, uploader
from file_keeper.default.adapters.fs import FsStorage

from ckanext.privacy.engine import scratch


def dataset(package_id: str) -> dict[str, Any]:
    """The dataset as whoever asks may see it; not found otherwise."""
    context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    try:
        return tk.get_action("package_show")(context, {"id": package_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404, tk._("Dataset not found"))


def shown(package_id: str, resource_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Dataset and uploaded file as whoever asks may see them; not found otherwise, also where it may not be seen."""
    package = dataset(package_id)
    resource = next((each for each in package.get("resources", []) if each["id"] == resource_id), None)
    if resource is None or resource.get("url_type") != "upload":
        return tk.abort(404, tk._("Resource not found"))
    return package, resource


def file_name(resource: dict[str, Any]) -> str:
    """The name a file was uploaded under."""
    return str(resource.get("url") or "").rpartition("/")[2] or "data"


@contextmanager
def opened(resource: dict[str, Any]) -> Iterator[tuple[Path, str]]:
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
    with scratch.file() as copy:
        for chunk in storage.stream(files.FileData(location)):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name), f"{storage} {location}"
