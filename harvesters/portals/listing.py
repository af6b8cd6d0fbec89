"""Places without an API: a list of datasets that somebody keeps (CSV or JSON), or the site's own sitemap.

A list has a row a file; rows with the same identifier, else the same title, are files of one data set. A sitemap
(https://www.sitemaps.org/protocol.html) gives a data set for each address that ends like a data file.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.languages import tags_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import Page, Portal, Record, paged
from ckanext.privacy.engine.sentences import say, to_say

#: endings of addresses that are data, and the name of the format
DATA_ENDINGS = {
    **{ending: ending.upper() for ending in ("csv", "tsv", "xls", "xlsx", "ods", "json", "xml", "kml", "kmz", "gpkg")},
    "geojson": "GeoJSON",
    "parquet": "Parquet",
    "zip": "ZIP",
    "shp": "SHP",
    "pdf": "PDF",
}
#: sitemaps a sitemap may point at
MOST_SITEMAPS = 200
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class ListPortal(Portal):
    """A list of datasets, or a sitemap."""

    source_type = "list"
    title = to_say("List or sitemap")
    description = to_say(
        "For a place without an API: the address of a CSV or JSON list of its data sets, or of its sitemap"
    )
    noise = frozenset({"lastmod"})
    settings: Mapping[str, type] = {"contains": str, "publisher": str, "license": str}

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        body, _media_type = client.get_bytes(url, unless=unless.get(url), headers={"Accept": "text/csv, */*;q=0.5"})
        records = _records(body, client, url, config)
        said = {name: config[name] for name in ("publisher", "license") if config.get(name)}
        yield from paged({**said, **each} for each in records)

    def remote_id(self, record: Record) -> str:
        return str(record.get("identifier") or record.get("title") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        return identity.aliases(
            [self.remote_id(record)],
            identity.Words(record.get("title"), record.get("issued"), record.get("publisher")),
            pages=[record.get("page")],
            files=[each.get("url") for each in record.get("files") or []],
        )

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        taker.take("identifier")
        dataset = {
            "title": taker.text("title"),
            "notes": mapping.plain_text(taker.text("description")),
            "url": mapping.web_address(taker.text("page"), taker),
            "license_id": mapping.licence(taker.text("license"), taker),
            "tags": mapping.tags(taker.texts("keywords"), taker),
            "publisher": mapping.rows(name=taker.text("publisher")),
            "contact": mapping.contact(taker.text("contact"), taker.text("email"), taker),
            "issued": mapping.date(taker.text("issued"), taker),
            "modified": mapping.date(taker.text("modified", "lastmod"), taker),
            "frequency": mapping.frequency(taker.text("frequency"), taker),
            "language": tags_of(taker.texts("language")),
            "spatial_coverage": mapping.rows(text=taker.text("place")),
            "resources": [_resource(each) for each in taker.take("files") or [] if each.get("url")],
        }
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings)


def _records(body: bytes, client: Client, url: str, config: Mapping[str, Any]) -> Iterator[Record]:
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise PortalError(say("{url} answered with nothing.", url=url))
    if start[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise PortalError(say("{url} answered with a web page instead of a list or a sitemap.", url=url))
    if start.startswith(b"<"):
        return _in_sitemap(body, client, url, str(config.get("contains") or ""))
    if start.startswith((b"{", b"[")):
        return iter(grouped(_json_rows(body, url)))
    return iter(grouped(_csv_rows(body, url)))


def _json_rows(body: bytes, url: str) -> list[Record]:
    try:
        document = json.loads(body)
    except RecursionError as error:
        raise PortalError(say("{url} answered with JSON that is nested too deeply to be a list.", url=url)) from error
    except ValueError as error:
        raise PortalError(say("{url} answered with JSON that is cut off or broken.", url=url)) from error
    lists = [document, *(document.values() if isinstance(document, dict) else ())]
    for each in lists:
        if isinstance(each, list) and all(isinstance(row, dict) for row in each):
            return each
    raise PortalError(say("{url} answered with JSON that holds no list of datasets.", url=url))


def _csv_rows(body: bytes, url: str) -> list[Record]:
    text = body.decode("utf-8-sig", errors="replace")
    try:
        dialect: Any = csv.Sniffer().sniff(text[:5_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = list(csv.DictReader(io.StringIO(text), dialect=dialect))
    if not rows and not _fields_of(csv.DictReader(io.StringIO(text), dialect=dialect).fieldnames or []):
        raise PortalError(
            say("{url} answered with text that is no list of datasets: no column is called title or url.", url=url)
        )
    if rows and not _fields_of(rows[0]) & {"title", "url"}:
        raise PortalError(
            say("{url} answered with text that is no list of datasets: no column is called title or url.", url=url)
        )
    return [{key: value for key, value in row.items() if isinstance(key, str)} for row in rows]


def _fields_of(headings: Any) -> set[str]:
    return {field for heading in headings if (field := _field(str(heading or "")))}


def _field(heading: str) -> str:
    """What a heading means, in whichever of the portals' languages it is written; empty where it is not known."""
    wanted = " ".join(heading.casefold().replace("_", " ").replace("-", " ").split())
    known = mapping.vocabulary("list_headings")
    return next((field for field, words in known.items() if wanted == field or wanted in words), "")


def grouped(rows: list[Record]) -> list[Record]:
    """Rows as records: those with one identifier, else one title, are one data set with several files."""
    found: dict[str, Record] = {}
    for row in rows:
        said = _understood(row)
        file = {name: said.pop(name) for name in ("url", "format", "size", "file_name") if said.get(name)}
        key = str(said.get("identifier") or said.get("title") or file.get("url") or "").strip()
        if not key:
            continue
        record = found.setdefault(key, {"title": _title_of(file.get("url", "")), **said, "files": []})
        if file.get("url"):
            record["files"].append(file)
    return list(found.values())


def _understood(row: Record) -> Record:
    """A row by our names; what is not understood keeps its own."""
    return {_field(name) or name: value for name, value in row.items() if value not in (None, "", [], {})}


def _title_of(url: str) -> str:
    """A readable name from an address.

    >>> _title_of("https://example.org/files/water_points-2024.csv")
    'water points 2024'
    """
    last = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    stem, dot, ending = last.rpartition(".")
    return " ".join(
        (stem if dot and ending.lower() in DATA_ENDINGS else last).replace("_", " ").replace("-", " ").split()
    )


def _in_sitemap(body: bytes, client: Client, url: str, contains: str) -> Iterator[Record]:
    for address, changed in addresses_in(body, client, url):
        ending = urlsplit(address).path.rpartition(".")[2].lower()
        if contains in address and ending in DATA_ENDINGS:
            file = {"url": address, "format": DATA_ENDINGS[ending]}
            yield {"identifier": address, "title": _title_of(address), "lastmod": changed, "files": [file]}


def addresses_in(body: bytes, client: Client, url: str) -> Iterator[tuple[str, str]]:
    """Every address of a sitemap, and of those it points at, with the day of its last change where that is said."""
    waiting, read = [url], 0
    while waiting:
        address = waiting.pop(0)
        root = _parse(client.get_bytes(address)[0] if read else body, address)
        for entry in root.iter(f"{SITEMAP}url"):
            yield _text(entry, "loc"), _text(entry, "lastmod")
        for entry in root.iter(f"{SITEMAP}sitemap"):
            read += 1
            if read > MOST_SITEMAPS:
                raise PortalError(say("{url} points at more than {count} sitemaps.", url=url, count=MOST_SITEMAPS))
            waiting.append(_text(entry, "loc"))


def _parse(content: bytes, address: str) -> Any:
    try:
        root = ElementTree.fromstring(content)
    except DefusedXmlException as error:
        raise PortalError(
            say("{url} answered with XML that declares entities, which is refused.", url=address)
        ) from error
    except ElementTree.ParseError as error:
        raise PortalError(say("{url} answered with XML that is cut off or broken.", url=address)) from error
    if root.tag not in {f"{SITEMAP}urlset", f"{SITEMAP}sitemapindex"}:
        raise PortalError(say("{url} answered with XML that is no sitemap.", url=address))
    return root


def _text(entry: Any, name: str) -> str:
    return (entry.findtext(f"{SITEMAP}{name}") or "").strip()


def _resource(file: Record) -> dict[str, Any]:
    url = str(file["url"]).strip()
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    short = str(file.get("format") or DATA_ENDINGS.get(ending, "")).strip()
    name = str(file.get("file_name") or short or "Data")
    size = str(file.get("size") or "")
    return mapping.without_empty(
        {"url": url, "name": name, "format": short, "size": int(size) if size.isdigit() else None, "remote_id": url}
    )
