"""A Data Package (``datapackage.json``, or a zip with one in it): its description and the columns of its files.

Source: Data Package standard v2 (datapackage.org), and v1 beside it. No file of a package is opened or fetched.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from ckanext.communitydata import table_schema
from ckanext.communitydata.fields import FieldError, _, date

from . import columns, safety
from .proposal import ImportRefusedError, Proposal, Remark

DESCRIPTOR = "datapackage.json"
#: What a file's name ends with, before what a web address asks for.
ENDING = re.compile(r"\.(\w{1,10})(?:[?#].*)?$")
#: Properties that are understood; everything else is said to be left over.
KNOWN = {
    "name",
    "title",
    "description",
    "version",
    "keywords",
    "licenses",
    "contributors",
    "sources",
    "homepage",
    "resources",
    "created",
    "id",
    "$schema",
    "profile",
    "temporal",
    "spatial",
}
RESOURCE_KNOWN = {
    "name",
    "title",
    "description",
    "path",
    "url",
    "format",
    "mediatype",
    "encoding",
    "schema",
    "bytes",
    "hash",
    "profile",
    "$schema",
    "type",
    "scheme",
    "dialect",
    "sources",
    "licenses",
}


def read(name: str, content: bytes, default_language: str) -> Proposal:
    """Read a package into a proposal; texts are taken to be in ``default_language``."""
    safety.check(name, content, safety.LARGEST_EXPORT if content.startswith(b"PK") else safety.LARGEST_FORM)
    package = _descriptor(name, content)
    proposal = Proposal(fields=_fields(package, default_language))
    for key in sorted(set(package) - KNOWN):
        proposal.not_understood.append(Remark(str(key), _("There is no field for this.")))
    if package.get("licenses") and "license_id" not in proposal.fields:
        proposal.not_understood.append(
            Remark("licenses", _("This licence has no name that is known here. Choose one."))
        )
    for number, resource in enumerate(package["resources"], start=1):
        _add_resource(proposal, resource, number)
    if len(proposal.resources) == 1:
        proposal.columns = (proposal.resources[0].get("schema") or {}).get("fields", [])
    found = [column for resource in proposal.resources for column in (resource.get("schema") or {}).get("fields", [])]
    if kinds := columns.kinds_of_people(found):
        proposal.fields["personal_data"] = kinds
    return proposal


def _descriptor(name: str, content: bytes) -> dict[str, Any]:
    text = _from_zip(name, content) if content.startswith(b"PK") else content
    try:
        package = json.loads(text)
    except (ValueError, RecursionError):
        raise ImportRefusedError(_("“{name}” holds no valid JSON, so it is no Data Package."), name=name) from None
    resources = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        raise ImportRefusedError(_("“{name}” has no list called resources, so it is no Data Package."), name=name)
    return package


def _from_zip(name: str, content: bytes) -> bytes:
    archive = zipfile.ZipFile(io.BytesIO(content))
    found = sorted((n for n in archive.namelist() if n.rpartition("/")[2] == DESCRIPTOR), key=len)
    if not found:
        raise ImportRefusedError(_("“{name}” holds no datapackage.json."), name=name)
    if archive.getinfo(found[0]).file_size > safety.LARGEST_FORM:
        raise ImportRefusedError(_("The datapackage.json in “{name}” is too big."), name=name)
    try:
        return archive.read(found[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
        raise ImportRefusedError(
            _("“{name}” is damaged or locked. Save it again and choose the new one."), name=name
        ) from None


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _fields(package: Mapping[str, Any], language: str) -> dict[str, Any]:
    keywords = package.get("keywords")
    given = {
        "title_translated": {language: _text(package.get("title") or package.get("name"))},
        "notes_translated": {language: str(package["description"]).strip()}
        if _text(package.get("description"))
        else {},
        "version": _text(package.get("version")),
        "tag_string": ", ".join(filter(None, map(_tag, keywords if isinstance(keywords, list) else []))),
        "license_id": _license(package.get("licenses")),
        "url": _text(package.get("homepage")),
        "issued": _day(package.get("created")),
        "contact": _people(package, "publisher", "contact", "maintainer"),
        "creator": _people(package, "author", "creator", "contributor"),
        "documentation": [
            s["path"] for s in _objects(package.get("sources")) if _text(s.get("path")).startswith("http")
        ],
    }
    return {key: value for key, value in given.items() if value and value != {language: ""}}


def _tag(value: Any) -> str:
    """A keyword as CKAN's tags can be."""
    return " ".join(re.sub(r"[^\w .-]+", " ", _text(value)).split())[:100]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _license(licenses: Any) -> str:
    first = next(iter(_objects(licenses)), {})
    return _text(first.get("name")).lower()


def _day(value: Any) -> str:
    try:
        return date(_text(value))
    except FieldError:
        return ""


def _people(package: Mapping[str, Any], *wanted: str) -> list[dict[str, str]]:
    """Contributors by role; v1 has one ``role``, v2 has ``roles``. One without any is a contributor."""
    out = []
    for person in _objects(package.get("contributors")):
        roles = person.get("roles") or [person.get("role") or "contributor"]
        if isinstance(roles, list) and set(map(str, roles)) & set(wanted):
            row = {
                "name": _text(person.get("title")),
                "email": _text(person.get("email")),
                "url": _text(person.get("path")),
            }
            out.append({key: value for key, value in row.items() if value})
    return [row for row in out if row]


def _add_resource(proposal: Proposal, resource: Mapping[str, Any], number: int) -> None:
    where = _text(resource.get("name")) or f"#{number}"
    path = resource.get("path") or resource.get("url")  # before v1 there were two
    if isinstance(path, list) and path:
        path = path[0]  # the parts of one file
    address = path if isinstance(path, str) and path.startswith(("http://", "https://")) else ""
    ending = ENDING.search(path) if isinstance(path, str) else None
    proposed = {
        "name": _text(resource.get("title") or resource.get("name")),
        "description": _text(resource.get("description")),
        "format": (_text(resource.get("format")) or (ending[1] if ending else "")).upper()[:20],
        "url": address,
        "schema": _schema(proposal, resource, where),
    }
    for key in sorted(set(resource) - RESOURCE_KNOWN):
        proposal.not_understood.append(Remark(f"{where}: {key}", _("There is no field for this.")))
    if not address:
        proposal.not_understood.append(
            Remark(where, _("The file itself is not taken over. Add it after you saved the description."))
        )
    proposal.resources.append({key: value for key, value in proposed.items() if value})


def _schema(proposal: Proposal, resource: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    schema = resource.get("schema")
    if schema is None:
        return None
    try:
        parsed = table_schema.parse(schema if isinstance(schema, dict) else "")
    except FieldError as error:
        proposal.not_understood.append(Remark(where, error.message, error.values))
        return None
    described = []
    for column in parsed["fields"]:
        token = columns.personal_data([str(column["name"]), str(column.get("title") or "")])
        added = columns.column(str(column["name"]), "text", {}) if token and "dpv:hasPersonalData" not in column else {}
        described.append({**{k: v for k, v in added.items() if ":" in k}, **column})
    return {**parsed, "fields": described}
