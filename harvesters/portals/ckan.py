"""CKAN's action API, also below a path (``https://example.org/data``) and with multilingual fields.

API: https://docs.ckan.org/en/latest/api/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.languages import tag_of, tags_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import Page, Portal, Record, number, page_by_page, records_in
from ckanext.privacy.engine.sentences import say, to_say

#: Members CKAN itself writes about its own housekeeping: nothing in them describes the data.
_HOUSEKEEPING = (
    *("id", "name", "state", "type", "private", "isopen", "owner_org", "creator_user_id", "license_title"),
    *("num_resources", "num_tags", "display_name", "relationships_as_subject", "relationships_as_object"),
    *("tracking_summary", "revision_id", "revision_timestamp", "version", "title_for_slug", "plugin_data"),
    *("harvest_object_id", "harvest_source_id", "harvest_source_title", "guid", "uri", "identifier", "groups"),
)
#: members that change although the dataset does not: visits, checks of links, moves between stores
_MOVING = (
    *("metadata_modified", "tracking_summary", "revision_timestamp", "revision_id", "num_tags", "archiver", "qa"),
    *("total_downloads", "popularity", "last_sync", "harvest_object_id", "groups", "organization.package_count"),
    *("organization.revision_id", "organization.revision_timestamp", "tags.revision_timestamp"),
)
_MOVING_IN_FILES = (
    *("tracking_summary", "metadata_modified", "revision_timestamp", "revision_id", "cache_last_updated", "cache_url"),
    *("archiver", "qa", "openness_score", "total_downloads", "webstore_last_updated", "ckan_url", "datastore_active"),
    *("position", "state"),
)


class CkanPortal(Portal):
    """A CKAN site."""

    source_type = "city-ckan"
    title = to_say("CKAN city portal")
    description = to_say("A CKAN site, also one below a path; its address is enough")
    noise = frozenset({*_MOVING, *(f"resources.{name}" for name in _MOVING_IN_FILES)})
    settings: Mapping[str, type] = {"fq": str}
    page_size = 500

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        site = _site(url)
        address, key = f"{site}/api/3/action/package_search", client.credential(site)
        query = {"rows": self.page_size, "sort": "id asc", **({"fq": config["fq"]} if config.get("fq") else {})}
        query |= {"include_private": "true"} if key else {}
        headers = {"Authorization": key} if key else {}

        def ask(start: int) -> Page:
            page = self._page(client, address, {**query, "start": start}, headers)
            return replace(page, records=[_with_stored_tables(each, site) for each in page.records])

        yield from page_by_page(ask)

    def _page(self, client: Client, address: str, query: Mapping[str, Any], headers: Mapping[str, str]) -> Page:
        document = client.get_json(address, query, headers=headers)
        if not isinstance(document, dict) or document.get("success") is not True:
            raise PortalError(say("{url} answered that the request failed{said}.", url=address, said=_said(document)))
        result = document.get("result") or {}
        return Page(records_in(result, "results", address), number(result.get("count")))

    def remote_id(self, record: Record) -> str:
        return str(record.get("id") or record.get("name") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        """CKAN notes when a record was made there, not when the data was issued: a new site makes new dates."""
        resources = [each for each in record.get("resources") or [] if isinstance(each, dict)]
        return identity.aliases(
            [self.remote_id(record), record.get("name"), _guid(record)],
            identity.Words(record.get("title"), record.get("issued"), _organization(record)),
            pages=[record.get("url")],
            files=[each.get("url") for each in resources],
        )

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(_flat(record))
        titles, notes = _languages(record, "title"), _languages(record, "notes", "description")
        dataset = {
            "title": taker.text("title"),
            "title_translated": titles,
            "notes": mapping.plain_text(taker.text("notes", "description")),
            "notes_translated": {code: mapping.plain_text(text) for code, text in notes.items()},
            "url": mapping.web_address(taker.text("url"), taker),
            "license_id": mapping.licence(taker.text("license_id", "license_url") or _licence_of_files(record), taker),
            "tags": mapping.tags(_keywords(taker), taker),
            "publisher": mapping.rows(name=_publisher(taker)),
            "contact": _contact(taker),
            "issued": mapping.date(taker.text("issued", "metadata_created"), taker),
            "modified": mapping.date(taker.text("modified", "metadata_modified"), taker),
            "frequency": mapping.frequency(taker.text("frequency", "accrual_periodicity"), taker),
            "language": tags_of(_listed(taker.take("language"))),
            "spatial_coverage": mapping.rows(geom=_geometry(taker.take("spatial"))),
            "resources": [_resource(each, taker) for each in taker.take("resources") or [] if isinstance(each, dict)],
        }
        for member in (*_HOUSEKEEPING, "title_translated", "notes_translated"):
            taker.take(member)
        public = taker.shown_to_all(not record.get("private"))
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings, public)


def _site(url: str) -> str:
    """The site's address, also when the address of its API was given."""
    return url.partition("/api/3")[0].rstrip("/")


def _with_stored_tables(record: Record, site: str) -> Record:
    """The record with the addresses of tables that stand in the portal's datastore alone."""
    resources = record.get("resources")
    if not isinstance(resources, list) or not any(map(_is_stored_only, resources)):
        return record
    return {**record, "resources": [_stored(each, site) if _is_stored_only(each) else each for each in resources]}


def _is_stored_only(resource: Any) -> bool:
    if not isinstance(resource, dict) or not resource.get("datastore_active"):
        return False
    return not str(resource.get("url") or "").startswith(("http://", "https://"))


def _stored(resource: Record, site: str) -> Record:
    address = f"{site}/datastore/dump/{resource.get('id')}"
    return {**resource, "url": address, "format": resource.get("format") or "CSV"}


def _said(document: Any) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return f": {str(message)[:200]}" if message else ""


def _flat(record: Record) -> Record:
    """The record with its extras as members, where they do not hide one."""
    return {**_extras(record), **{key: value for key, value in record.items() if key != "extras"}}


def _extras(record: Record) -> Record:
    """The record's extras; old sites write them as one object."""
    extras = record.get("extras") or []
    if isinstance(extras, dict):
        return extras
    return {each["key"]: each.get("value") for each in extras if isinstance(each, dict) and each.get("key")}


def _guid(record: Record) -> Any:
    return record.get("identifier") or _extras(record).get("guid")


def _organization(record: Record) -> Any:
    organization = record.get("organization")
    return organization.get("name") if isinstance(organization, dict) else None


def _languages(record: Record, *members: str) -> dict[str, str]:
    """A text by language, where the portal is multilingual."""
    for member in members:
        value = record.get(f"{member}_translated") or record.get(member)
        if isinstance(value, dict):
            return {tag: str(text) for code, text in value.items() if text and (tag := tag_of(str(code)))}
    return {}


def _listed(value: Any) -> list[str]:
    """A list that may be written as a list, as JSON in a string, or as words with commas between them."""
    if isinstance(value, str):
        value = json.loads(value) if value.startswith("[") and value.endswith("]") else value.split(",")
    value = [value] if isinstance(value, dict) else value
    return [str(each).strip() for each in value or [] if str(each).strip()]


def _keywords(taker: Taker) -> list[str]:
    return taker.texts("tags") or taker.texts("keywords")


def _publisher(taker: Taker) -> str:
    publisher, organization = taker.take("publisher"), taker.take("organization")
    for agent in (publisher, organization):
        named = agent if isinstance(agent, dict) else {}
        name = named.get("name" if agent is publisher else "title")
        if isinstance(name, dict):
            name = next((each for each in name.values() if each), "")
        if name:
            return str(name)
    return taker.text("publisher_name")


def _contact(taker: Taker) -> list[dict[str, str]]:
    """Whom to ask: the maintainer before the author, as CKAN means them."""
    points = taker.take("contact_points")
    point = points[0] if isinstance(points, list) and isinstance(points[0], dict) else {}
    maintainer = taker.text("maintainer"), taker.text("maintainer_email")
    author = taker.text("author"), taker.text("author_email")
    given = str(point.get("name") or ""), str(point.get("email") or "")
    name, mail = next((pair for pair in (given, maintainer, author) if any(pair)), ("", ""))
    return mapping.contact(name, mail, taker)


def _licence_of_files(record: Record) -> str:
    """What the files say, on sites where licences are theirs; nothing where they do not agree."""
    resources = [each for each in record.get("resources") or [] if isinstance(each, dict)]
    said = {str(each.get("license") or each.get("license_id") or each.get("rights") or "") for each in resources}
    return said.pop() if len(said) == 1 else ""


def _geometry(value: Any) -> str:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return ""
    return mapping.geometry_text(value)


def _resource(resource: Record, taker: Taker) -> dict[str, Any]:
    media_type = str(resource.get("mimetype") or resource.get("media_type") or "")
    name = resource.get("name") or resource.get("title")
    if isinstance(name, dict):
        name = next((each for each in name.values() if each), "")
    said = str(resource.get("format") or "").rpartition("/")[2]
    description = resource.get("description")
    if isinstance(description, dict):
        description = next((each for each in description.values() if each), "")
    return mapping.without_empty(
        {
            "url": str(resource.get("url") or "").strip(),
            "name": str(name or said or "Data").strip(),
            "description": mapping.plain_text(str(description or "")),
            "format": said.upper() if said.islower() else said or mapping.format_name(media_type, ""),
            "mimetype": media_type,
            "size": resource.get("size") or resource.get("byte_size"),
            "last_modified": mapping.date(str(resource.get("last_modified") or ""), taker),
            "remote_id": str(resource.get("id") or ""),
        }
    )
