"""udata, the software of data.gouv.fr and of other national and city portals.

API: https://doc.data.gouv.fr/api/reference/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, Validators
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import Page, Portal, Record, number, page_by_page, records_in, site_of
from ckanext.privacy.engine.sentences import to_say

_PAGE = 100
_HOUSEKEEPING = (
    *("id", "slug", "uri", "badges", "metrics", "quality", "extras", "harvest", "internal", "featured", "archived"),
    *("deleted", "private", "acronym", "community_resources", "frequency_date", "last_update", "permissions", "schema"),
    *("access_type", "authorizations", "access_audiences", "access_type_reason", "access_type_reason_category"),
)


class UdataPortal(Portal):
    """A udata site."""

    source_type = "udata"
    title = "udata"
    description = to_say("A udata site such as data.gouv.fr; name an organisation to harvest one city")
    noise = frozenset(
        {
            *("metrics", "quality", "last_modified", "last_update", "harvest", "internal", "extras", "badges"),
            *("community_resources", "frequency_date", "permissions", "featured", "organization.metrics"),
            *("organization.badges", "organization.last_modified", "owner.avatar", "organization.logo"),
            *(f"resources.{name}" for name in ("metrics", "extras", "internal", "harvest", "preview_url", "latest")),
        }
    )
    settings: Mapping[str, type] = {"organization": str, "tag": str}

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        address = f"{site_of(url, '/api/', '/datasets', '/organizations')}/api/1/datasets/"
        query = {name: config[name] for name in self.settings if config.get(name)}
        numbers = count(1)

        def ask(_before: int) -> Page:
            document = client.get_json(address, {**query, "page": next(numbers), "page_size": _PAGE})
            return Page(records_in(document, "data", address), number(document.get("total")))

        yield from page_by_page(ask)

    def remote_id(self, record: Record) -> str:
        return str(record.get("id") or record.get("slug") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        resources = [each for each in record.get("resources") or [] if isinstance(each, dict)]
        return identity.aliases(
            [self.remote_id(record), record.get("slug")],
            identity.Words(record.get("title"), record.get("created_at")),
            pages=[record.get("page")],
            files=[each.get("url") for each in resources],
        )

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        organization, owner = taker.take("organization") or {}, taker.take("owner") or {}
        area = taker.take("spatial") or {}
        period = taker.take("temporal_coverage") or {}
        dataset = {
            "title": taker.text("title"),
            "notes": mapping.plain_text(taker.text("description", "description_short")),
            "url": mapping.web_address(taker.text("page"), taker),
            "license_id": mapping.licence(taker.text("license"), taker),
            "tags": mapping.tags(taker.texts("tags"), taker),
            "publisher": mapping.rows(name=str(organization.get("name") or "")),
            "contact": _contact(taker, owner),
            "issued": mapping.date(taker.text("created_at"), taker),
            "modified": mapping.date(taker.text("last_modified"), taker),
            "frequency": mapping.frequency(taker.text("frequency"), taker),
            "spatial_coverage": mapping.rows(
                text=", ".join(map(str, area.get("zones") or [])), geom=mapping.geometry_text(area.get("geom"))
            ),
            "temporal_coverage": mapping.rows(
                start=mapping.date(str(period.get("start") or ""), taker),
                end=mapping.date(str(period.get("end") or ""), taker),
            ),
            "resources": [_resource(each, taker) for each in _files(taker.take("resources"))],
        }
        for member in _HOUSEKEEPING:
            taker.take(member)
        public = taker.shown_to_all(not record.get("private"))
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings, public)


def _contact(taker: Taker, owner: Record) -> list[dict[str, str]]:
    """The first contact point; else the owner, who is a person and pointed out as one."""
    point = taker.take("contact_points", "contact_point")
    point = point[0] if isinstance(point, list) and point else point
    if isinstance(point, dict):
        return mapping.contact(str(point.get("name") or ""), str(point.get("email") or ""), taker)
    name = " ".join(str(owner.get(part) or "").strip() for part in ("first_name", "last_name")).strip()
    return mapping.contact(name, "", taker)


def _files(resources: Any) -> list[Record]:
    if isinstance(resources, dict):  # API v2 gives a link to them instead
        return []
    return [each for each in resources or [] if isinstance(each, dict) and each.get("url")]


def _resource(resource: Record, taker: Taker) -> dict[str, Any]:
    media_type, said = str(resource.get("mime") or ""), str(resource.get("format") or "")
    return mapping.without_empty(
        {
            "url": str(resource["url"]).strip(),
            "name": str(resource.get("title") or said or "Data").strip(),
            "description": mapping.plain_text(str(resource.get("description") or "")),
            "format": said.upper() if said.islower() else mapping.format_name(media_type, said),
            "mimetype": media_type,
            "size": resource.get("filesize"),
            "last_modified": mapping.date(str(resource.get("last_modified") or ""), taker),
            "remote_id": str(resource.get("id") or ""),
        }
    )
