"""ArcGIS Hub, read through the DCAT-US feed every Hub site publishes, or through its search API (OGC API Records).

Search: ``/api/search/v1/collections/dataset/items`` of a Hub.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, Validators
from ckanext.cityportals.languages import tags_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import (
    PORTAL_URL,
    Page,
    Record,
    at_portal,
    number,
    page_by_page,
    records_in,
    site_of,
)
from ckanext.cityportals.portals.dcat_us import DcatUsPortal
from ckanext.privacy.engine.sentences import to_say

_SEARCH = "/api/search/v1/collections/dataset/items"
_PAGE = 100
#: what a layer can be downloaded as
_DOWNLOADS = {"csv": "CSV", "geojson": "GeoJSON"}
#: members that people read; a Hub's answer has some eighty more about its own work, which are not left over but no news
_SAID_BY_PEOPLE = frozenset(
    {"title", "name", "description", "searchDescription", "snippet", "tags", "licenseInfo", "license", "culture", "url"}
)
#: the same that count visits and rows, or say when the Hub last looked
_MOVING = (
    *("modified", "modifiedProvenance", "itemModified", "numViews", "numRatings", "avgRating", "numComments", "size"),
    *("scoreCompleteness", "recordCount", "statistics", "lastEditDate", "composeStatus", "composedAt", "errors"),
    *("metadata", "layer", "layers", "server", "fields", "thumbnail", "thumbnailUrl", "protected", "groupIds"),
)


class ArcgisHubPortal(DcatUsPortal):
    """An ArcGIS Hub site.

    Hubs changed every identifier at once three times between 2020 and 2022, so the item id, the page name and the
    service behind a record matter more here than its identifier.
    """

    source_type = "arcgis-hub"
    title = "ArcGIS Hub"
    description = to_say("An ArcGIS Hub or ArcGIS Open Data site; its address is enough")
    paths = ("/api/feed/dcat-us/1.1.json", "/data.json")
    noise = DcatUsPortal.noise | {f"properties.{name}" for name in _MOVING} | {"time", "links"}

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        if "/api/search/" not in url:
            yield from super().pages(client, url, config, unless)
            return
        site = site_of(url, "/api/")

        def ask(before: int) -> Page:
            document = client.get_json(f"{site}{_SEARCH}", {"limit": _PAGE, "startindex": before + 1})
            records = records_in(document, "features", f"{site}{_SEARCH}")
            return Page([at_portal(each, site) for each in records], number(document.get("numberMatched")))

        yield from page_by_page(ask)

    def remote_id(self, record: Record) -> str:
        """A found record gets the address it has in the feed, so that either way finds the other's."""
        if not _is_found(record):
            return super().remote_id(record)
        item = str(record.get("id") or _properties(record).get("id") or "")
        site = str(record.get(PORTAL_URL) or "")
        return f"{site}/datasets/{item}" if site and item else item

    def aliases(self, record: Record) -> tuple[str, ...]:
        if not _is_found(record):
            return super().aliases(record)
        members = _properties(record)
        slug = members.get("slug")
        return identity.aliases(
            [self.remote_id(record)],
            identity.Words(members.get("title") or members.get("name"), _moment(members.get("created"))),
            files=[members.get("url")],
        ) + ((f"slug:{str(slug).lower()}",) if slug else ())

    def to_dataset(self, record: Record) -> Mapped:
        return _from_search(self.remote_id(record), record) if _is_found(record) else super().to_dataset(record)

    def licence_text(self, text: str) -> str:
        """Hubs put the address of a page of their own where a licence should stand; it says nothing."""
        return "" if text.rstrip("/").endswith(("/license", "/license.json")) else super().licence_text(text)


def _is_found(record: Record) -> bool:
    return record.get("type") == "Feature" or "properties" in record


def _properties(record: Record) -> Record:
    members = record.get("properties")
    return members if isinstance(members, dict) else {}


def _moment(value: Any) -> str:
    """A moment as ISO 8601; Hubs write milliseconds since 1970."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000, timezone.utc).isoformat()
    return str(value or "")


def _from_search(address: str, record: Record) -> Mapped:
    members = _properties(record)
    taker = Taker({name: value for name, value in members.items() if name in _SAID_BY_PEOPLE})
    licence = members.get("structuredLicense") or {}
    said = licence.get("url") or licence.get("abbr") if isinstance(licence, dict) else ""
    culture = taker.text("culture")
    dataset = {
        "title": taker.text("title", "name"),
        "notes": mapping.plain_text(taker.text("description", "searchDescription", "snippet")),
        "url": address if address.startswith("http") else "",
        "license_id": mapping.licence(mapping.plain_text(str(said or "") or _licence_of(taker)), taker),
        "tags": mapping.tags(taker.texts("tags"), taker),
        "publisher": mapping.rows(name=str(members.get("organization") or members.get("source") or "")),
        "issued": mapping.date(_moment(members.get("created")), taker),
        "modified": mapping.date(_moment(members.get("modified")), taker),
        "language": tags_of([culture]),
        "spatial_coverage": mapping.rows(geom=mapping.geometry_text(record.get("geometry"))),
        "resources": _files(taker.text("url"), members, record),
    }
    unknown = sorted(set(record) - {"type", "geometry", "properties", "id", "links", "time", PORTAL_URL})
    return Mapped(mapping.without_empty(dataset), unknown, taker.warnings)


def _licence_of(taker: Taker) -> str:
    text = taker.text("licenseInfo", "license")
    return "" if text.casefold() in {"none", "custom"} else text


def _files(service: str, members: Record, record: Record) -> list[dict[str, Any]]:
    """The service, and downloads of the layer through the Hub it was found at."""
    found = [{"url": service, "name": "ArcGIS service", "format": "Esri REST"}] if service.startswith("http") else []
    site, item = str(record.get(PORTAL_URL) or ""), str(members.get("id") or record.get("id") or "")
    if not site or not item or not members.get("downloadable", "/rest/services/" in service):
        return found
    number, _, layer = item.partition("_")
    query = f"?redirect=true&layers={layer or 0}"
    downloads = [
        {"url": f"{site}/api/download/v1/items/{number}/{kind}{query}", "name": name, "format": name}
        for kind, name in _DOWNLOADS.items()
    ]
    return [*downloads, *found]
