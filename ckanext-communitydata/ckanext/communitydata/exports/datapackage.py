"""A dataset as a Data Package (standard v2, datapackage.org), with DPV and HXL on its columns. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ckanext.communitydata import multilingual

from .parts import clean, creators, iris, licence, media_type, schema_of, sha256_of

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"


def descriptor(record: Mapping[str, Any], address: str, language: str) -> dict[str, Any]:
    """Return ``datapackage.json`` for a dataset; ``address`` is its page."""
    taken: set[str] = set()
    return clean(
        {
            "$schema": PROFILE,
            "name": _name(record["name"]),
            "id": address,
            "title": multilingual.pick(record.get("title_translated") or {}, language, language) or record.get("title"),
            "description": multilingual.pick(record.get("notes_translated") or {}, language, language)
            or record.get("notes"),
            "homepage": address,
            "version": record.get("version"),
            "created": record.get("metadata_created") and f"{record['metadata_created'][:19]}Z",
            "keywords": [tag["name"] for tag in record.get("tags", [])],
            "licenses": _licences(record),
            "contributors": _contributors(record),
            "resources": [_resource(resource, record, taken) for resource in record.get("resources", [])],
            "dpv:hasPersonalData": iris("personal-data", record.get("personal_data")),
            "dpv:hasPurpose": iris("purpose", record.get("purpose")),
            "dpv:hasLegalBasis": iris("legal-basis", record.get("legal_basis")),
        }
    )


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-") or "data"


def _licences(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = licence(record)
    if not said:
        return []
    path = said if said.startswith("http") else None
    return [{"name": record.get("license_id") or said, "path": path, "title": record.get("license_title")}]


def _contributors(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    made = [{"title": row.get("name"), "path": row.get("url"), "roles": ["creator"]} for row in creators(record)]
    asked = [
        {"title": row.get("name"), "path": row.get("url"), "roles": ["contact"]} for row in record.get("contact") or []
    ]
    return [row for row in made + asked if row["title"]]


def _resource(resource: Mapping[str, Any], record: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    name = _name(resource.get("name") or resource["id"])
    if name in taken:
        name = f"{name}-{len(taken) + 1}"
    taken.add(name)
    columns = schema_of(resource, record)
    checksum = sha256_of(resource)
    return {
        "$schema": RESOURCE_PROFILE,
        "name": name,
        "type": "table" if columns else None,
        "title": resource.get("name"),
        "description": resource.get("description"),
        "path": resource.get("url"),
        "format": str(resource.get("format") or "").lower() or None,
        "mediatype": media_type(resource),
        "bytes": int(resource["size"]) if str(resource.get("size") or "").isdigit() else None,
        "hash": f"sha256:{checksum}" if checksum else None,
        "schema": {"$schema": SCHEMA_PROFILE, **columns} if columns else None,
    }
