"""OpenDataSoft (Huwise), read through its Explore API v2.1.

API: https://help.opendatasoft.com/apis/ods-explore-v2/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.languages import tags_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import (
    PORTAL_URL,
    Page,
    Portal,
    Record,
    at_portal,
    number,
    page_by_page,
    paged,
    records_in,
    site_of,
)
from ckanext.privacy.engine.sentences import say, to_say

_API = "/api/explore/v2.1/catalog"
#: the most records a page of the API may hold, and how far its pages go
_PAGE, _REACH = 100, 10_000
#: the whole catalogue in one document, with the same records
_EXPORT = f"{_API}/exports/json"
#: what a table can be had as, and whether only tables with a geometry can
_EXPORTS = {"csv": ("CSV", False), "json": ("JSON", False), "xlsx": ("XLSX", False), "geojson": ("GeoJSON", True)}
#: members of ``metas`` that count visits or describe the portal's own work
_HOUSEKEEPING = ("data_processed", "metadata_processed", "records_count", "popularity_score", "download_count")


class OpendatasoftPortal(Portal):
    """An OpenDataSoft domain."""

    source_type = "opendatasoft"
    title = "OpenDataSoft"
    description = to_say("An OpenDataSoft (Huwise) site; its address is enough")
    settings: Mapping[str, type] = {"where": str}
    noise = frozenset(
        {
            *(f"metas.default.{name}" for name in (*_HOUSEKEEPING, "modified")),
            *("metas.explore", "metas.processing", "metas.dcat.modified", "data_visible"),
        }
    )

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        site = site_of(url, "/api/", "/explore")
        query = {"where": config["where"]} if config.get("where") else {}

        def ask(offset: int) -> Page:
            if offset >= _REACH:
                raise PortalError(
                    say(
                        "{url} has more than {limit} datasets, the most its pages show; narrow it down.",
                        url=site,
                        limit=f"{_REACH:,}",
                    )
                )
            document = client.get_json(f"{site}{_API}/datasets", {**query, "limit": _PAGE, "offset": offset})
            records = records_in(document, "results", f"{site}{_API}/datasets")
            return Page([at_portal(each, site) for each in records], number(document.get("total_count")))

        first = ask(0)
        pages = page_by_page(lambda offset: ask(offset) if offset else first)
        if first.announced is not None and first.announced > _REACH:
            pages = _exported_or(pages, client, site, query, first.announced)
        yield from pages

    def remote_id(self, record: Record) -> str:
        return str(record.get("dataset_id") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        default, dcat = _metas(record, "default"), _metas(record, "dcat")
        return identity.aliases(
            [self.remote_id(record), record.get("dataset_uid")],
            identity.Words(default.get("title"), dcat.get("issued") or dcat.get("created"), default.get("publisher")),
            pages=[default.get("references")],
            files=[each.get("url") for each in record.get("attachments") or [] if isinstance(each, dict)],
        )

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(_flat(record))
        site, dataset_id = taker.text(PORTAL_URL), taker.text("dataset_id")
        language = taker.text("language")
        dataset = {
            "title": taker.text("title"),
            "notes": mapping.plain_text(taker.text("description")),
            "url": f"{site}/explore/dataset/{dataset_id}/" if site and dataset_id else "",
            "license_id": mapping.licence(taker.text("license_url", "license"), taker),
            "tags": mapping.tags([*taker.texts("keyword"), *taker.texts("theme")], taker),
            "publisher": mapping.rows(name=taker.text("publisher", "creator", "attributions")),
            "contact": mapping.contact(taker.text("contact_name"), taker.text("contact_email"), taker),
            "issued": mapping.date(taker.text("issued", "created"), taker),
            "modified": mapping.date(taker.text("modified"), taker),
            "frequency": mapping.frequency(taker.text("accrualperiodicity", "frequency"), taker),
            "language": tags_of([language]),
            "spatial_coverage": mapping.rows(text=taker.text("territory", "spatial")),
            "temporal_coverage": mapping.rows(text=taker.text("temporal")),
            "resources": [*_exports(taker, site, dataset_id), *_attachments(taker.take("attachments"), site)],
        }
        for member in ("dataset_uid", "has_records", "data_visible", "features", "timezone", *_HOUSEKEEPING):
            taker.take(member)
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings)


def _exported_or(
    pages: Iterator[Page], client: Client, site: str, query: Mapping[str, str], announced: int
) -> Iterator[Page]:
    """The catalogue as one document, which holds more datasets than the pages show; the pages where it is not given."""
    records = client.get_list(f"{site}{_EXPORT}", "", query)
    exported = paged((at_portal(each, site) for each in records), announced)
    try:
        first = next(exported)
    except PortalError as error:
        if error.busy:
            raise
        yield from pages
    else:
        yield first
        yield from exported


def _metas(record: Record, group: str) -> Record:
    members = (record.get("metas") or {}).get(group)
    return members if isinstance(members, dict) else {}


def _flat(record: Record) -> Record:
    """The record with the members of its groups of metadata as its own; the portal's default group comes first."""
    groups = record.get("metas") or {}
    rest = {name: value for name, value in record.items() if name != "metas"}
    flat: Record = {}
    for group in ("default", *sorted(set(groups) - {"default"})):
        flat = {**(groups.get(group) or {}), **flat}
    return {**flat, **rest}


def _exports(taker: Taker, site: str, dataset_id: str) -> list[dict[str, Any]]:
    """The table as files, where the dataset holds one."""
    fields = taker.take("fields") or []
    has_records = taker.take("has_records")
    if has_records is False or not site or not dataset_id:
        return []
    geometry = any(each.get("type") in {"geo_point_2d", "geo_shape"} for each in fields if isinstance(each, dict))
    address = f"{site}{_API}/datasets/{dataset_id}/exports"
    return [
        {"url": f"{address}/{kind}", "name": name, "format": name, "remote_id": f"{dataset_id}/{kind}"}
        for kind, (name, with_geometry_only) in _EXPORTS.items()
        if geometry or not with_geometry_only
    ]


def _attachments(attachments: Any, site: str) -> list[dict[str, Any]]:
    found = [each for each in attachments or [] if isinstance(each, dict)]
    return [
        mapping.without_empty(
            {
                "url": str(each.get("url") or "").replace("odsfile://", f"{site}/files/"),
                "name": str(each.get("title") or each.get("id") or "Attachment"),
                "mimetype": str(each.get("mimetype") or ""),
                "format": mapping.format_name(str(each.get("mimetype") or ""), ""),
            }
        )
        for each in found
        if str(each.get("url") or "").startswith(("http://", "https://"))
    ]
