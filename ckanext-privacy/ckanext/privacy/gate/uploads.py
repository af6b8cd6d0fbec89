"""Files: who downloads gets the released bytes from the release store; who edits gets CKAN's working file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import file_keeper as fk
from ckan import model
from ckan import plugins as p
from ckan.common import config
from ckan.exceptions import CkanConfigurationException
from ckan.lib import files, uploader
from ckan.plugins import toolkit as tk
from ckan.types import Context
from file_keeper.default.adapters.fs import FsStorage

from ckanext.privacy.gate import audience, released, store


class ReleasedUpload:
    """What CKAN's download view asks for a file: the released one. Nothing can be uploaded through it."""

    filename = None
    clear = None

    def __init__(self) -> None:
        self.storage = store.storage()

    def get_path(self, id: str) -> str:
        """Return where the released bytes of a resource lie; abort with "not found" when none are released."""
        entry = released.entry(id)
        if entry is None or entry["kind"] != "file" or not store.exists(entry["sha256"]):
            return tk.abort(404, tk._("Resource not found"))
        return store.location(entry["sha256"])

    def upload(self, id: str, max_size: int = 10) -> None:
        """Leave everything as it is."""


def uploader_for(resource: dict[str, Any]) -> ReleasedUpload | None:
    """Return the uploader that serves released bytes, or None where CKAN's own working file is meant.

    CKAN gives no context here. A file that is being saved is working content; a request by somebody who may not see
    the working copy gets the release. A resource that is new has nothing to read.
    """
    if audience.outside_of_requests() or not resource.get("id") or _is_being_saved(resource):
        return None
    return None if audience.visitor_works_on_resource(resource["id"]) else ReleasedUpload()


def _is_being_saved(resource: dict[str, Any]) -> bool:
    """Say whether a file comes with this request. Whoever only reads may meet a stored field of that name."""
    return tk.request.method not in ("GET", "HEAD") and bool(resource.get("upload") or resource.get("clear_upload"))


def _working_uploader(resource: dict[str, Any]) -> Any:
    """Return the uploader CKAN would use without the gate."""
    for plugin in p.PluginImplementations(p.IUploader):
        if plugin.name == "privacy":
            continue
        found = plugin.get_resource_uploader(resource)
        if found:
            return found
    try:
        files.get_storage(config["ckan.files.default_storages.resource"])
    except files.exc.UnknownStorageError:
        return uploader.ResourceUpload(resource)
    return uploader.FKResourceUpload(resource)


@contextmanager
def working_file(resource: dict[str, Any]) -> Iterator[IO[bytes] | Any]:
    """Open the working file of an uploaded resource; ``ValidationError`` when it is missing."""
    found = _working_uploader(dict(resource))
    path = found.get_path(resource["id"])
    place = getattr(found, "storage", None)
    try:
        if isinstance(place, fk.Storage):
            yield place.stream(files.FileData(files.Location(path)))
            return
        with Path(path).open("rb") as source:
            yield source
    except (files.exc.MissingFileError, FileNotFoundError) as error:
        raise _missing(resource) from error


def working_path(resource: dict[str, Any]) -> Path | None:
    """Return the working file's path if it lies on this machine, else None."""
    found = _working_uploader(dict(resource))
    path = found.get_path(resource["id"])
    place = getattr(found, "storage", None)
    if isinstance(place, FsStorage):
        path = place.full_path(files.Location(path))
    elif isinstance(place, fk.Storage):
        return None
    if not Path(path).is_file():
        raise _missing(resource)
    return Path(path)


def has_working_file(resource_id: str) -> bool:
    """Say whether CKAN keeps a file under a resource's id, whether or not there is such a resource."""
    found = _working_uploader({"id": resource_id})
    path, place = found.get_path(resource_id), getattr(found, "storage", None)
    if isinstance(place, fk.Storage):
        return place.exists(files.FileData(files.Location(path)))
    return Path(path).exists()


def _missing(resource: dict[str, Any]) -> tk.ValidationError:
    name = resource.get("name") or resource.get("url") or resource["id"]
    sentence = tk._("The file of '{name}' is not on the server any more: upload it again.").format(name=name)
    return tk.ValidationError({"resources": [sentence]})


def may_use_file(context: Context, owner_type: str, owner_id: str) -> bool | None:
    """Say whether a call may read or manage files of CKAN's Files API that belong to something; None leaves it to CKAN.

    CKAN lets everyone who may see a dataset read every file it owns, released or not. Here only its editors may.
    """
    if context.get("ignore_auth"):
        return None
    user = audience.reader(context)
    if owner_type == "package":
        package = model.Package.get(owner_id)
        return None if package is not None and audience.works_on(user, package) else False
    if owner_type == "resource":
        return None if audience.works_on_resource(user, owner_id) else False
    if owner_type in ("group", "organization"):
        return None if user is not None and audience.edits_for(user, owner_id) else False
    return None


def refuse_public_storage() -> None:
    """Refuse to start when CKAN would serve working files without asking anybody."""
    store.storage()
    try:
        working = files.get_storage(config["ckan.files.default_storages.resource"])
    except files.exc.UnknownStorageError:
        return
    if getattr(working.settings, "public", False) or str(working.settings.type) == "ckan:fs:public":
        raise CkanConfigurationException(
            f"The storage '{working.settings.name}' keeps files of resources and serves them without a log-in: "
            f"unset ckan.files.storage.{working.settings.name}.public."
        )
