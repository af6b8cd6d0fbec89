"""``privacy-publish``: bring a folder of files into a catalogue and ask for their release. A script of the officer's,
not of the server's: it needs an API token and nothing else, and all it does goes through ckanapi.

The folder says what its files are in one of three ways:

- ``datapackage.yaml`` or ``.json`` (https://datapackage.org): one dataset; properties the standard does not know are
  fields of the catalogue's own schema;
- sub-folders that each hold such a file: one dataset each;
- ``manifest.csv``: one row a file, with the columns ``dataset`` (its name in the address) and ``file``, and any further
  column a field of the dataset. Rows of one dataset need to fill those only once.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import requests
from ckanapi import CKANAPIError, NotAuthorized, NotFound, RemoteCKAN, ValidationError
from frictionless import FrictionlessException, Package

#: Where CKAN is installed, ckanapi raises CKAN's own errors, which are no CKANAPIError.
API_ERRORS = (CKANAPIError, NotAuthorized, NotFound, ValidationError, requests.RequestException)
DESCRIPTORS = ("datapackage.yaml", "datapackage.yml", "datapackage.json")
MANIFEST = "manifest.csv"


class PublishError(Exception):
    """One clear sentence: which file, what is wrong with it, what to do."""


@dataclass(frozen=True)
class Entry:
    """One dataset as the folder describes it: its fields, and for each file the path and the resource's fields."""

    name: str
    fields: dict[str, Any]
    files: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)


def read_folder(folder: Path) -> list[Entry]:
    """Return the datasets a folder describes; every file they name exists."""
    entries = list(_described(folder)) or [entry for sub in _subfolders(folder) for entry in _described(sub)]
    if not entries:
        raise PublishError(f"{folder} holds no {DESCRIPTORS[0]}, no {MANIFEST} and no folder with one of them.")
    missing = [path for entry in entries for path, _ in entry.files if not path.is_file()]
    if missing:
        raise PublishError(f"{missing[0]} is described but does not exist.")
    return entries


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _described(folder: Path) -> Iterator[Entry]:
    if (folder / MANIFEST).is_file():
        yield from _read_manifest(folder / MANIFEST)
    descriptor = next((folder / name for name in DESCRIPTORS if (folder / name).is_file()), None)
    if descriptor:
        yield _read_descriptor(descriptor)


def _read_descriptor(path: Path) -> Entry:
    try:
        package = Package(str(path))
    except FrictionlessException as error:
        reasons = "; ".join(reason.note for reason in error.reasons) or error.error.note
        raise PublishError(f"{path} is not a data package: {' '.join(reasons.split())}") from error
    if not package.name:
        raise PublishError(f"{path} has no name; add a line such as name: {path.parent.name.lower()}")
    files = [(path.parent / (resource.path or ""), _resource_fields(resource)) for resource in package.resources]
    return Entry(package.name, _dataset_fields(package), files)


def _dataset_fields(package: Package) -> dict[str, Any]:
    fields: dict[str, Any] = {"title": package.title, "notes": package.description}
    fields["license_id"] = next((licence.get("name") for licence in package.licenses), None)
    fields["tag_string"] = ",".join(package.keywords)
    return {key: value for key, value in fields.items() if value} | package.custom


def _resource_fields(resource: Any) -> dict[str, Any]:
    fields = {"name": resource.title or resource.name, "description": resource.description}
    return {key: value for key, value in fields.items() if value} | resource.custom


def _read_manifest(path: Path) -> Iterator[Entry]:
    entries: dict[str, Entry] = {}
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = csv.DictReader(handle)
        lacking = {"dataset", "file"} - set(rows.fieldnames or ())
        if lacking:
            raise PublishError(f"{path} has no column {' and no column '.join(sorted(lacking))}.")
        for row in rows:
            fields = {key: value.strip() for key, value in row.items() if key and value and value.strip()}
            _add_row(entries, path, rows.line_num, fields)
    yield from entries.values()


def _add_row(entries: dict[str, Entry], manifest: Path, line: int, fields: dict[str, str]) -> None:
    name, file = fields.pop("dataset", ""), fields.pop("file", "")
    if not name or not file:
        raise PublishError(f"{manifest}, line {line}: a row needs both a dataset and a file.")
    path = manifest.parent / file
    if not path.resolve().is_relative_to(manifest.parent.resolve()):
        raise PublishError(f"{manifest}, line {line}: {file} lies outside of the folder.")
    entry = entries.setdefault(name, Entry(name, {}))
    entry.fields.update(fields)
    entry.files.append((path, {"name": Path(file).name}))


def publish(api: RemoteCKAN, entry: Entry, organization: str, note: str, *, request: bool = True) -> str:
    """Save one dataset and its files, ask for its release; give one sentence on what happens next.

    Files that are there with the same bytes are not sent again. Nothing becomes public by this.
    """
    dataset = _save_dataset(api, entry, organization)
    there = {resource["name"]: resource for resource in dataset.get("resources", [])}
    for path, fields in entry.files:
        _save_file(api, dataset["id"], path, fields, there.get(fields["name"]))
    if request:
        api.action.privacy_release_request(id=dataset["id"], note=note)
    status = api.action.privacy_status_show(id=dataset["id"])
    return f"{status['state']}; next: {status['next_step']} ({status['next_actor']})"


def _save_dataset(api: RemoteCKAN, entry: Entry, organization: str) -> dict[str, Any]:
    try:
        known = api.action.package_show(id=entry.name)
    except NotFound:
        return api.action.package_create(name=entry.name, owner_org=organization, private=True, **entry.fields)
    return api.action.package_patch(id=known["id"], **entry.fields)


def _save_file(
    api: RemoteCKAN, dataset_id: str, path: Path, fields: dict[str, Any], known: dict[str, Any] | None
) -> None:
    digest = _sha256(path)
    if known and known.get("hash") == digest:
        return
    with path.open("rb") as content:
        action, target = ("resource_patch", {"id": known["id"]}) if known else ("resource_create", {})
        data = {"package_id": dataset_id, "format": path.suffix.lstrip(".").upper(), "hash": digest}
        api.call_action(action, data | target | fields, files={"upload": (path.name, content)})


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _sentence(error: Exception) -> str:
    """What the catalogue answered, in one line."""
    if isinstance(error, ValidationError):
        details = {key: value for key, value in error.error_dict.items() if not key.startswith("__")}
        return "; ".join(f"{key}: {_flat(value)}" for key, value in details.items()) or str(error)
    if isinstance(error, NotAuthorized):
        return "this token may not do that; use one of an editor of the organisation"
    return " ".join(str(error).split())[:300]


def _flat(value: Any) -> str:
    return " ".join(str(part) for part in value) if isinstance(value, list) else str(value)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--url", required=True, envvar="CKAN_URL", help="Address of the catalogue. [env: CKAN_URL]")
@click.option("--token", required=True, envvar="CKAN_TOKEN", help="API token of an editor. [env: CKAN_TOKEN]")
@click.option("--organization", required=True, help="Name of the organisation the datasets belong to.")
@click.option("--note", default="", help="What the steward should know.")
@click.option("--no-request", is_flag=True, help="Save only; do not ask for release.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, send nothing.")
def main(  # noqa: PLR0913, PLR0917 - one argument for each option
    folder: Path, url: str, token: str, organization: str, note: str, no_request: bool, dry_run: bool
) -> None:
    """Upload the files that FOLDER describes as datasets and ask for their release.

    FOLDER holds a datapackage.yaml, folders with one each, or a manifest.csv with the columns dataset and file.
    Exit code 0: all of them were saved. 1: some were not. 2: the folder cannot be read.
    """
    try:
        entries = read_folder(folder)
    except PublishError as error:
        raise click.UsageError(str(error)) from error
    if dry_run:
        for entry in entries:
            click.echo(f"{entry.name}: {len(entry.files)} files, fields: {', '.join(entry.fields)}")
        return
    with RemoteCKAN(url, apikey=token) as api:
        failed = [entry.name for entry in entries if not _publish_one(api, entry, organization, note, not no_request)]
    sys.exit(1 if failed else 0)


def _publish_one(api: RemoteCKAN, entry: Entry, organization: str, note: str, request: bool) -> bool:
    try:
        click.echo(f"{entry.name}: {publish(api, entry, organization, note, request=request)}")
    except API_ERRORS as error:
        click.echo(f"{entry.name}: not finished: {_sentence(error)}", err=True)
        return False
    return True
