"""Socrata, read through the DCAT-US document of a domain at ``/data.json``, or through Socrata's discovery API.

Discovery: https://dev.socrata.com/docs/other/discovery, at ``/api/catalog/v1`` of a domain or of api.us.socrata.com.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, Validators
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import Page, Record, number, page_by_page, records_in
from ckanext.cityportals.portals.dcat_us import DcatUsPortal
from ckanext.privacy.engine.sentences import to_say

_DISCOVERY = "/api/catalog/v1"
_PAGE = 100
_HOUSEKEEPING = (
    *("id", "parent_fxf", "type", "page_views", "columns_name", "columns_field_name", "columns_datatype", "provenance"),
    *(
        "columns_description",
        "columns_format",
        "download_count",
        "lens_view_type",
        "lens_display_type",
        "owner",
        "creator",
    ),
    *(
        "locked",
        "obe_fxf",
        "nbe_fxf",
        "data_updated_at",
        "metadata_updated_at",
        "publication_date",
        "domain",
        "permalink",
    ),
    *(
        "link",
        "categories",
        "domain_category",
        "domain_metadata",
        "preview_image_url",
        "attribution_link",
        "blob_mime_type",
    ),
    *("hide_from_catalog", "hide_from_data_json", "contact_email", "domain_private_metadata", "owner_id", "webhook"),
)
#: members of a discovered resource that count visits or say when rows or words were last touched
_MOVING = ("page_views", "download_count", "updatedAt", "data_updated_at", "metadata_updated_at", "publication_date")


class SocrataPortal(DcatUsPortal):
    """A Socrata domain. Its records keep a view id (``abcd-1234``) whatever address they stand at."""

    source_type = "socrata"
    title = "Socrata"
    description = to_say("A Socrata site such as data.cityofnewyork.us; its address is enough")
    noise = DcatUsPortal.noise | {f"resource.{name}" for name in _MOVING}

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        if _DISCOVERY not in url:
            yield from super().pages(client, url, config, unless)
            return
        address, query = url.partition("?")[0], dict(parse_qsl(urlsplit(url).query))

        def ask(offset: int) -> Page:
            document = client.get_json(address, {**query, "limit": _PAGE, "offset": offset})
            return Page(records_in(document, "results", address), number(document.get("resultSetSize")))

        yield from page_by_page(ask)

    def remote_id(self, record: Record) -> str:
        """Discovery's records get the identifier they have in ``data.json``, so that either way finds the other's."""
        if not _is_discovered(record):
            return super().remote_id(record)
        view, domain = record["resource"].get("id"), (record.get("metadata") or {}).get("domain")
        return f"https://{domain}/api/views/{view}" if domain and view else str(view or "")

    def aliases(self, record: Record) -> tuple[str, ...]:
        if not _is_discovered(record):
            return super().aliases(record)
        return identity.aliases(
            [self.remote_id(record)],
            identity.Words(record["resource"].get("name"), record["resource"].get("createdAt")),
            pages=[record.get("permalink")],
        )

    def to_dataset(self, record: Record) -> Mapped:
        return _from_discovery(record) if _is_discovered(record) else super().to_dataset(record)


def _is_discovered(record: Record) -> bool:
    return isinstance(record.get("resource"), dict)


def _from_discovery(record: Record) -> Mapped:
    taker = Taker(
        {**record, **record["resource"], **_members(record, "classification"), **_members(record, "metadata")}
    )
    for group in ("resource", "classification", "metadata"):
        taker.take(group)
    view, domain = record["resource"].get("id"), _members(record, "metadata").get("domain")
    mail = record["resource"].get("contact_email") or ""
    keywords = [*taker.texts("domain_tags"), *taker.texts("tags")]
    dataset = {
        "title": taker.text("name"),
        "notes": mapping.plain_text(taker.text("description")),
        "url": mapping.web_address(str(record.get("permalink") or record.get("link") or ""), taker),
        "license_id": mapping.licence(taker.text("license"), taker),
        "tags": mapping.tags(dict.fromkeys(keywords), taker),
        "publisher": mapping.rows(name=taker.text("attribution")),
        "contact": mapping.contact("", str(mail), taker),
        "issued": mapping.date(taker.text("createdAt"), taker),
        "modified": mapping.date(taker.text("updatedAt"), taker),
        "resources": _files(str(domain or ""), str(view or "")),
    }
    for member in _HOUSEKEEPING:
        taker.take(member)
    return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings)


def _members(record: Record, group: str) -> Record:
    members = record.get(group)
    return members if isinstance(members, dict) else {}


def _files(domain: str, view: str) -> list[dict[str, Any]]:
    if not domain or not view:
        return []
    address = f"https://{domain}/api/views/{view}/rows"
    return [
        {
            "url": f"{address}.{kind}?accessType=DOWNLOAD",
            "name": kind.upper(),
            "format": kind.upper(),
            "remote_id": kind,
        }
        for kind in ("csv", "json")
    ]
