"""City practices that stand on web pages and nowhere else.

The source is a page that lists them, page by page, or a sitemap. Each practice is read from its own page: from what it
says in schema.org's words (JSON-LD, https://schema.org/), else from its description for link previews and its text.
What a practice needs beyond that is left for people to fill in; nothing is released by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import html

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.languages import tag_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import Page, Portal, Record, paged
from ckanext.cityportals.portals.listing import addresses_in
from ckanext.privacy.engine.sentences import say, to_say

#: pages with lists followed, and practices read, of one source
MOST_LISTS, MOST_PAGES = 500, 5_000
#: types of schema.org that a practice may be written as
PRACTICE_TYPES = frozenset(
    {
        "CreativeWork",
        "Article",
        "NewsArticle",
        "BlogPosting",
        "Report",
        "WebPage",
        "Project",
        "ResearchProject",
        "HowTo",
    }
)
#: elements that are on every page of a site
_AROUND = "//script|//style|//nav|//header|//footer|//aside|//form|//noscript"
#: letters of a page's text that are kept
TEXT_LENGTH = 20_000
#: pages that may be broken before the whole site is taken for broken
MOST_BROKEN = 20


class PracticePortal(Portal):
    """A site with a page for each practice."""

    source_type = "practice"
    title = to_say("City practices on web pages")
    description = to_say(
        "A site with a page for each practice: the address of its list or sitemap, and what their addresses contain"
    )
    settings: Mapping[str, type] = {"contains": str, "license": str}
    dataset_type = "city-practice"
    public_at_source = False

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        contains = str(config.get("contains") or "")
        addresses = practice_addresses(client, url, contains, unless)
        licence = {"license": config["license"]} if config.get("license") else {}
        yield from paged({**licence, **record} for record in _read_pages(client, addresses))

    def remote_id(self, record: Record) -> str:
        return str(record.get("url") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        title, issued = record.get("name"), record.get("datePublished")
        return identity.aliases([self.remote_id(record)], identity.Words(title, issued))

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        place = taker.take("contentLocation", "locationCreated", "spatialCoverage", "location")
        summary, text = taker.text("description"), taker.text("text")
        dataset = {
            "title": taker.text("name"),
            "notes": mapping.plain_text(summary or text[:600]),
            "action_translated": {_language(record): mapping.plain_text(text)} if text else {},
            "url": mapping.web_address(taker.text("url"), taker),
            "license_id": mapping.licence(taker.text("license"), taker),
            "tags": mapping.tags(taker.texts("keywords"), taker),
            "city": _locality(place),
            "country": _country(place),
            "submitted_by": _name(taker.take("author", "creator", "publisher", "provider")),
            "contact": _contact(taker),
            "issued": mapping.date(taker.text("datePublished"), taker),
            "modified": mapping.date(taker.text("dateModified"), taker),
            "language": [_language(record)] if record.get("inLanguage") else [],
            "resources": _pictures_and_files(taker.take("associatedMedia", "encoding"), taker.take("image"), taker),
        }
        for member in ("publisher", "provider", "creator", "inLanguage", "mainEntityOfPage", "headline", "isPartOf"):
            taker.take(member)
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings)


def practice_addresses(client: Client, url: str, contains: str, unless: Mapping[str, Validators]) -> Iterator[str]:
    """Addresses of the practices' pages, each once, in the order in which they are listed."""
    found: dict[str, None] = {}
    for address in _listed(client, url, unless):
        same_site = urlsplit(address).netloc == urlsplit(url).netloc
        if same_site and contains in address and address != url and address not in found:
            found[address] = None
            yield address
        if len(found) >= MOST_PAGES:
            raise PortalError(
                say(
                    "{url} lists more than {count} pages; say what the practices' addresses contain.",
                    url=url,
                    count=MOST_PAGES,
                )
            )


def _listed(client: Client, url: str, unless: Mapping[str, Validators]) -> Iterator[str]:
    address, seen = url, set[str]()
    while address and address not in seen and len(seen) < MOST_LISTS:
        seen.add(address)
        body, _media_type = client.get_bytes(address, unless=unless.get(address) if len(seen) == 1 else None)
        if body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml"):
            yield from (each for each, _changed in addresses_in(body, client, address))
            return
        page = _document(body, address)
        links = [_absolute(each, address) for each in page.xpath("//a/@href")]
        if not links:
            raise PortalError(say("{url} answered with a web page that links to nothing.", url=address))
        yield from links
        following = page.xpath("//a[@rel='next']/@href | //link[@rel='next']/@href")
        address = _absolute(following[0], address) if following else ""


def _document(body: bytes, address: str) -> Any:
    start = body[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise PortalError(say("{url} answered with nothing instead of a web page.", url=address))
    if not start.startswith(b"<"):
        raise PortalError(say("{url} answered with something else than a web page.", url=address))
    return html.document_fromstring(body.decode("utf-8", errors="replace").replace("\x00", ""))


def _absolute(link: str, base: str) -> str:
    return urldefrag(urljoin(base, str(link).strip()))[0]


def _read_pages(client: Client, addresses: Iterator[str]) -> Iterator[Record]:
    """The practices at these addresses. A page that is broken is passed over, and said at the end.

    :raises PortalError: at once where the site is busy, or most likely broken as a whole
    """
    broken: list[PortalError] = []
    for address in addresses:
        record = _record_or_error(client, address)
        if isinstance(record, dict):
            yield record
            continue
        broken.append(record)
        if record.busy or len(broken) >= MOST_BROKEN:
            break
    if broken:
        raise broken[0]


def _record_or_error(client: Client, address: str) -> Record | PortalError:
    try:
        return read_page(client, address)
    except PortalError as error:
        return error


def read_page(client: Client, address: str) -> Record:
    """A practice as its page tells it, in schema.org's words."""
    page = _document(client.get_bytes(address)[0], address)
    said = next(_works(page), {})
    language = page.get("lang") or ""
    preview = {
        "name": _meta(page, "og:title") or _only(page.xpath("//h1")) or _only(page.xpath("//title")),
        "description": _meta(page, "og:description") or _meta(page, "description"),
        "image": _meta(page, "og:image"),
        "datePublished": _meta(page, "article:published_time"),
        "dateModified": _meta(page, "article:modified_time"),
        "inLanguage": language,
        "text": _body_text(page),
    }
    own = {name: value for name, value in said.items() if not name.startswith("@")}
    if "headline" in own:
        own.setdefault("name", own["headline"])
    record = {**mapping.without_empty(preview), **mapping.without_empty(own)}
    return {**record, "url": address}


def _works(page: Any) -> Iterator[Record]:
    """What a page says of a work in JSON-LD; a page may hold several statements, and lists of them."""
    for script in page.xpath("//script[@type='application/ld+json']/text()"):
        try:
            document = json.loads(script)
        except (ValueError, RecursionError):
            continue  # a page with a broken statement still has a text
        members = document.get("@graph", [document]) if isinstance(document, dict) else document
        for each in members if isinstance(members, list) else []:
            kinds = each.get("@type") if isinstance(each, dict) else None
            if PRACTICE_TYPES.intersection(kinds if isinstance(kinds, list) else [kinds]):
                yield each


def _meta(page: Any, name: str) -> str:
    found = page.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return str(found[0]).strip() if found else ""


def _only(elements: list[Any]) -> str:
    return " ".join(elements[0].text_content().split()) if elements else ""


def _body_text(page: Any) -> str:
    """The page's own text, paragraph by paragraph, without what surrounds it on every page."""
    for element in page.xpath(_AROUND):
        element.drop_tree()
    main = (page.xpath("//main|//article") or [page])[0]
    blocks = (" ".join(each.text_content().split()) for each in main.xpath(".//p|.//li|.//h2|.//h3"))
    return "\n\n".join(dict.fromkeys(each for each in blocks if each))[:TEXT_LENGTH]


def _language(record: Record) -> str:
    said = record.get("inLanguage")
    code = said.get("alternateName") or said.get("name") if isinstance(said, dict) else said
    return (tag_of(str(code)) if code else "") or "en"


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _name(agent: Any) -> str:
    agent = _first(agent)
    return str(agent.get("name") or "").strip() if isinstance(agent, dict) else str(agent or "").strip()


def _address_of(place: Any) -> Record:
    place = _first(place)
    address = place.get("address") if isinstance(place, dict) else None
    return address if isinstance(address, dict) else {}


def _locality(place: Any) -> str:
    return str(_address_of(place).get("addressLocality") or "") or _name(place)


def _country(place: Any) -> str:
    return _name(_address_of(place).get("addressCountry"))


def _contact(taker: Taker) -> list[dict[str, str]]:
    point = _first(taker.take("contactPoint"))
    point = point if isinstance(point, dict) else {}
    return mapping.contact(str(point.get("name") or ""), str(point.get("email") or ""), taker)


def _pictures_and_files(media: Any, image: Any, taker: Taker) -> list[dict[str, Any]]:
    """Files a page offers. Pictures are left where they are: whether the people in them agreed is not known."""
    if image:
        taker.warn(
            say("The page has pictures; they were left out, since it is not known whether the people in them agreed.")
        )
    members = media if isinstance(media, list) else [media]
    found = [each for each in members if isinstance(each, dict) and each.get("contentUrl")]
    return [
        mapping.without_empty(
            {
                "url": str(each["contentUrl"]),
                "name": str(each.get("name") or "File"),
                "mimetype": str(each.get("encodingFormat") or ""),
                "format": mapping.format_name(str(each.get("encodingFormat") or ""), ""),
            }
        )
        for each in found
    ]
