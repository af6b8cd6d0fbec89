"""India's Open Government Data platform: data.gov.in and the portals of states and cities on it.

Catalogue: ``https://api.data.gov.in/lists``; rows: ``https://api.data.gov.in/resource/{index_name}``. Rows, and on some
days the catalogue too, want a key, which the site's configuration holds for the host ``api.data.gov.in``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, Validators
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import (
    PORTAL_URL,
    Page,
    Portal,
    Record,
    at_portal,
    number,
    page_by_page,
    records_in,
    site_of,
)
from ckanext.privacy.engine.sentences import to_say

_NATIONAL, _API = "data.gov.in", "https://api.data.gov.in"
_PAGE = 100
_HOUSEKEEPING = (
    *("index_name", "active", "visualizable", "external_ws", "external_ws_url", "target_bucket", "field", "status"),
    *("field_exposed", "field_dependent", "aggregation", "order", "catalog_uuid", "org_type", "created_date"),
    *("updated_date", "message", "version", "total", "count", "limit", "offset"),
)


class OgdIndiaPortal(Portal):
    """The national platform, or one of its state and city portals, narrowed down by a setting."""

    source_type = "ogd-india"
    title = "OGD Platform India (data.gov.in)"
    description = to_say("data.gov.in and the state portals on it; name an organisation or a sector to narrow it down")
    noise = frozenset({"updated", "updated_date"})
    settings: Mapping[str, type] = {"organization": str, "sector": str, "title": str}
    _FILTERS: Mapping[str, str] = {"organization": "org", "sector": "sector", "title": "title"}

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        api = api_of(url)
        key = client.credential(api)
        query = {"format": "json", "filters[active]": 1, "limit": _PAGE, **({"api-key": key} if key else {})}
        query |= {f"filters[{name}]": config[setting] for setting, name in self._FILTERS.items() if config.get(setting)}

        def ask(offset: int) -> Page:
            document = client.get_json(f"{api}/lists", {**query, "offset": offset})
            records = records_in(document, "records", f"{api}/lists")
            return Page([at_portal(each, api) for each in records], number(document.get("total")))

        yield from page_by_page(ask)

    def remote_id(self, record: Record) -> str:
        return str(record.get("index_name") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        title, issued = record.get("title"), record.get("created")
        return identity.aliases([self.remote_id(record)], identity.Words(title, issued))

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        index, api = self.remote_id(record), taker.text(PORTAL_URL)
        organisations, sectors = taker.texts("org"), taker.texts("sector")
        dataset = {
            "title": taker.text("title"),
            "notes": mapping.plain_text(taker.text("desc", "description")),
            "url": f"https://www.{_NATIONAL}/resource/{index}" if index and api == _API else "",
            "license_id": mapping.licence(taker.text("license"), taker),
            "tags": mapping.tags([*sectors, *taker.texts("keywords")], taker),
            "publisher": mapping.rows(name=", ".join(organisations)),
            "issued": mapping.date(taker.text("created"), taker),
            "modified": mapping.date(taker.text("updated"), taker),
            "frequency": mapping.frequency(taker.text("frequency"), taker),
            "resources": _files(api, index),
        }
        for member in ("source", *_HOUSEKEEPING):
            taker.take(member)
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings)


def api_of(url: str) -> str:
    """Where the API of a portal stands: one place for the platform and all state portals on it.

    >>> api_of("https://maharashtra.data.gov.in/catalogs")
    'https://api.data.gov.in'
    """
    host = urlsplit(url).hostname or ""
    return _API if host == _NATIONAL or host.endswith(f".{_NATIONAL}") else site_of(url, "/lists")


def _files(api: str, index: str) -> list[dict[str, Any]]:
    """The rows as files. The key they want is added when they are fetched; it stands in no address."""
    if not api or not index:
        return []
    return [
        {
            "url": f"{api}/resource/{index}?format={kind}",
            "name": kind.upper(),
            "format": kind.upper(),
            "remote_id": kind,
        }
        for kind in ("csv", "json")
    ]
