"""What several exports need of a record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.communitydata import vocabularies

SHA256 = re.compile(r"(?:sha-?256:)?([0-9a-f]{64})", re.IGNORECASE)
MEDIA_TYPES = {
    "CSV": "text/csv",
    "TSV": "text/tab-separated-values",
    "TXT": "text/plain",
    "JSON": "application/json",
    "GeoJSON": "application/geo+json",
    "XML": "application/xml",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "Parquet": "application/vnd.apache.parquet",
    "PDF": "application/pdf",
    "ZIP": "application/zip",
}
#: Formats whose columns a Table Schema can describe.
TABLES = ("CSV", "TSV", "XLSX", "XLS", "ODS", "PARQUET")


def clean(value: Any) -> Any:
    """A value without what nobody said, at every depth."""
    if isinstance(value, Mapping):
        parts = {key: clean(inner) for key, inner in value.items()}
        return {key: inner for key, inner in parts.items() if inner not in (None, "", [], {})}
    if isinstance(value, list):
        return [inner for inner in map(clean, value) if inner not in (None, "", [], {})]
    return value


def labels(scheme: str, tokens: Iterable[str] | None) -> list[str]:
    """English labels of entries of a list."""
    found = (vocabularies.find(scheme, token) for token in tokens or [])
    return [concept.label for concept in found if concept]


def iris(scheme: str, tokens: Iterable[str] | None) -> list[str]:
    """Addresses of entries of a list."""
    found = (vocabularies.find(scheme, token) for token in tokens or [])
    return [concept.iri() for concept in found if concept]


def licence(record: Mapping[str, Any]) -> str | None:
    """The licence's address, or its name where it has none."""
    return record.get("license_url") or record.get("license_title") or record.get("license_id") or None


def creators(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who made the data: as said, or else the organisation that publishes it."""
    rows = record.get("creator") or record.get("publisher")
    if rows:
        return [clean({key: row.get(key) for key in ("name", "url", "email")}) for row in rows]
    organization = record.get("organization") or {}
    return [{"name": organization["title"]}] if organization.get("title") else []


def media_type(resource: Mapping[str, Any]) -> str:
    """The file's media type, said or known from its format."""
    known = {name.lower(): kind for name, kind in MEDIA_TYPES.items()}
    return resource.get("mimetype") or known.get(str(resource.get("format") or "").lower(), "application/octet-stream")


def sha256_of(resource: Mapping[str, Any]) -> str | None:
    """The file's SHA-256 in hexadecimal, where it is known."""
    found = SHA256.fullmatch(str(resource.get("hash") or ""))
    return found.group(1).lower() if found else None


def schema_of(resource: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """A table's columns: its own, or the questions that were asked where the dataset has one table only."""
    if own := resource.get("schema"):
        return own
    tables = [r for r in record.get("resources", []) if str(r.get("format") or "").upper() in TABLES]
    is_only_one = len(tables) == 1 and tables[0].get("id") == resource.get("id")
    return (record.get("instrument_questions") or {}) if is_only_one else {}
