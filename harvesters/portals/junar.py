"""Junar, the platform of many cities in Latin America.

API: https://junar.github.io/docs/. It wants a key, which the site's configuration holds for the portal's host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import PORTAL_URL, Page, Portal, Record, at_portal, site_of
from ckanext.privacy.engine.sentences import say, to_say

_PAGE = 100
#: what a data view can be had as
_EXPORTS = {"csv": "CSV", "json": "JSON", "xls": "XLS"}
_HOUSEKEEPING = ("result", "parameters", "timestamp", "category_id", "user", "guid", "id", "status", "type")


class JunarPortal(Portal):
    """A Junar site: its datasets and its data views."""

    source_type = "junar"
    title = "Junar"
    description = to_say("A Junar site; this catalogue needs a key for it in its configuration")
    noise = frozenset({"timestamp"})

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        site = site_of(url, "/api/", "/home")
        key = client.credential(site)
        for kind in ("datasets", "datastreams"):
            yield from self._kind(client, f"{site}/api/v2/{kind}.json", {"auth_key": key} if key else {}, site)

    def _kind(self, client: Client, address: str, key: Mapping[str, str], site: str) -> Iterator[Page]:
        offset = 0
        while True:
            document = client.get_json(address, {**key, "limit": _PAGE, "offset": offset})
            records, announced = _list_in(document, address)
            yield Page([at_portal(each, site) for each in records])
            offset += len(records)
            if not records or (announced is None and len(records) < _PAGE) or offset >= (announced or offset + 1):
                return

    def remote_id(self, record: Record) -> str:
        return str(record.get("guid") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        title, issued = record.get("title"), record.get("created_at")
        return identity.aliases([self.remote_id(record)], identity.Words(title, issued), pages=[record.get("link")])

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        guid, site, category = self.remote_id(record), taker.text(PORTAL_URL), taker.text("category_name")
        sources = [each for each in taker.take("sources") or [] if isinstance(each, dict)]
        link = mapping.web_address(taker.text("link"), taker)
        dataset = {
            "title": taker.text("title"),
            "notes": mapping.plain_text(taker.text("notes", "description")),
            "url": link,
            "license_id": mapping.licence(taker.text("license"), taker),
            "tags": mapping.tags([*taker.texts("tags"), *([category] if category else [])], taker),
            "publisher": mapping.rows(name=str(sources[0].get("source__name") or "")) if sources else [],
            "contact": mapping.contact("", taker.text("mbox"), taker),
            "issued": mapping.date(taker.text("created_at"), taker),
            "modified": mapping.date(taker.text("modified_at"), taker),
            "frequency": mapping.frequency(taker.text("frequency"), taker),
            "spatial_coverage": mapping.rows(text=taker.text("spatial")),
            "resources": _files(taker.text("endpoint"), site, guid),
        }
        taker.take("description")
        for member in _HOUSEKEEPING:
            taker.take(member)
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings)


def _list_in(document: Any, address: str) -> tuple[list[Record], int | None]:
    """The records of an answer, which is a list or holds one, and how many there are in all where it says."""
    records = document.get("results") if isinstance(document, dict) else document
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise PortalError(
            say("{url} answered with JSON that holds no list of datasets ('results' is missing).", url=address)
        )
    count = document.get("count") if isinstance(document, dict) else None
    return records, count if isinstance(count, int) else None


def _files(endpoint: str, site: str, guid: str) -> list[dict[str, Any]]:
    """The source's own file where it has an address, else the data view as files. No address holds the site's key."""
    if endpoint.startswith(("http://", "https://")):
        suffix = endpoint.partition("?")[0].rpartition(".")[2]
        return [{"url": endpoint, "name": "Data", "format": suffix.upper() if len(suffix) <= 5 else ""}]
    if not site or not guid:
        return []
    address = f"{site}/api/v2/datastreams/{guid}/data"
    return [
        {"url": f"{address}.{kind}", "name": name, "format": name, "remote_id": f"{guid}/{kind}"}
        for kind, name in _EXPORTS.items()
    ]
