"""DCAT-US 1.1 (Project Open Data), the ``data.json`` of many cities.

Standard: https://resources.data.gov/resources/dcat-us/. One document holds the whole catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.languages import tags_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import Page, Portal, Record, paged
from ckanext.privacy.engine.sentences import to_say

_MEANS_NOTHING_HERE = ("@type", "@context", "accessLevel", "bureauCode", "programCode")


class DcatUsPortal(Portal):
    """A DCAT-US document at a URL, or below a site's address at the usual path."""

    source_type = "dcat-us"
    title = "DCAT-US (data.json)"
    description = to_say("A data.json document, as many cities in the United States publish it")
    noise = frozenset({"modified"})
    #: where the document stands below a site's address, in the order to try
    paths: tuple[str, ...] = ("/data.json",)

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        *others, last = self._addresses(url)
        for address in others:
            pages = paged(client.get_list(address, "dataset", unless=unless.get(address)))
            try:
                first = next(pages)
            except PortalError as error:
                if error.busy:
                    raise
                continue  # the catalogue stands at the next of the usual paths
            yield first
            yield from pages
            return
        yield from paged(client.get_list(last, "dataset", unless=unless.get(last)))

    def _addresses(self, url: str) -> list[str]:
        if url.partition("?")[0].endswith(".json"):
            return [url]
        return [url.rstrip("/") + path for path in self.paths]

    def remote_id(self, record: Record) -> str:
        """Its identifier, else what else tells it from others: its page, or a file."""
        named = _identifier(record.get("identifier")) or str(record.get("landingPage") or "")
        return (named or next(filter(None, _addresses(record)), "")).strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        return identity.aliases(
            [self.remote_id(record)],
            identity.Words(record.get("title"), record.get("issued"), _name(record.get("publisher"))),
            pages=[record.get("landingPage")],
            files=_addresses(record),
        )

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        public = taker.shown_to_all(str(record.get("accessLevel") or "public").casefold() == "public")
        for member in _MEANS_NOTHING_HERE:
            taker.take(member)
        dataset = {
            "title": taker.text("title"),
            "notes": mapping.plain_text(taker.text("description")),
            "url": mapping.web_address(taker.text("landingPage"), taker),
            "license_id": mapping.licence(self.licence_text(taker.text("license")), taker),
            "tags": mapping.tags(taker.texts("keyword"), taker),
            "publisher": mapping.rows(name=_name(taker.take("publisher"))),
            "contact": _contact(taker),
            "issued": mapping.date(taker.text("issued"), taker),
            "modified": mapping.date(_moment(taker.text("modified")), taker),
            "frequency": mapping.frequency(taker.text("accrualPeriodicity"), taker),
            "language": tags_of(taker.texts("language")),
            "theme": taker.texts("theme"),
            "resources": _resources(taker),
            "spatial_coverage": _area(taker.take("spatial")),
            "temporal_coverage": _period(taker),
        }
        taker.take("identifier")
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings, public)

    def licence_text(self, text: str) -> str:
        """A licence's name or address, without its HTML."""
        return mapping.plain_text(text)


def _identifier(value: Any) -> str:
    """An identifier as text, also where it is written as JSON-LD."""
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, dict):
        value = value.get("@id") or value.get("@value") or value.get("notation")
    return str(value if value is not None else "").strip()


def _addresses(record: Record) -> Iterator[str]:
    for distribution in _distributions(record.get("distribution")):
        yield from (str(distribution.get(member) or "") for member in ("accessURL", "downloadURL"))
    yield str(record.get("webService") or "")


def _distributions(value: Any) -> list[Record]:
    members = value if isinstance(value, list) else [value]
    return [each for each in members if isinstance(each, dict)]


def _name(agent: Any) -> str:
    return str(agent.get("name") or "").strip() if isinstance(agent, dict) else str(agent or "").strip()


def _moment(modified: str) -> str:
    """``modified`` may be a repetition such as R/P1D instead of a date."""
    return "" if modified.startswith("R/") else modified


def _contact(taker: Taker) -> list[dict[str, str]]:
    card = taker.take("contactPoint")
    if not isinstance(card, dict):
        return []
    return mapping.contact(str(card.get("fn") or "").strip(), str(card.get("hasEmail") or ""), taker)


def _area(place: Any) -> list[dict[str, str]]:
    """The place, as a frame where it is one and as its name otherwise."""
    frame = mapping.bounding_box(place)
    if frame:
        return mapping.rows(bbox=json.dumps(frame))
    return mapping.rows(text=place) if isinstance(place, str) else []


def _period(taker: Taker) -> list[dict[str, str]]:
    start, _, end = taker.text("temporal").partition("/")
    return mapping.rows(start=mapping.date(start, taker), end=mapping.date(end, taker))


def _resources(taker: Taker) -> list[dict[str, Any]]:
    found = [_resource(each) for each in _distributions(taker.take("distribution"))]
    service = taker.text("webService")
    if service and service not in {each.get("url") for each in found}:
        found.append({"url": service, "name": "Web service", "format": "API"})
    return [each for each in found if each.get("url")]


def _resource(distribution: Record) -> dict[str, Any]:
    media_type = str(distribution.get("mediaType") or "")
    short = mapping.format_name(media_type, str(distribution.get("format") or ""))
    return mapping.without_empty(
        {
            "url": str(distribution.get("downloadURL") or distribution.get("accessURL") or "").strip(),
            "name": str(distribution.get("title") or short or "Data").strip(),
            "description": mapping.plain_text(str(distribution.get("description") or "")),
            "format": short,
            "mimetype": media_type,
        }
    )
