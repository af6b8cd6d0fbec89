"""DCAT-AP in RDF, in one document or in pages.

Standard: https://semiceu.github.io/DCAT-AP/. Pages follow hydra's ``next``, as CKAN and the EU's portals give them.
Amsterdam's own catalogue service (https://github.com/Amsterdam/dcatd) is read as well: it lists its datasets in an RDF
list and in short, and in full beside that list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rdflib import DCAT, RDF, VOID, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.languages import tag_of, tags_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import Page, Portal, Record, number
from ckanext.cityportals.portals.rdf import read_graph
from ckanext.privacy.engine.sentences import say, to_say

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
ACCEPT = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8, */*;q=0.1"
#: short names of the vocabularies a catalogue is written in; other terms keep their address
PREFIXES = {
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "adms": "http://www.w3.org/ns/adms#",
    "schema": "http://schema.org/",
    "locn": "http://www.w3.org/ns/locn#",
    "spdx": "http://spdx.org/rdf/terms#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "prov": "http://www.w3.org/ns/prov#",
    "time": "http://www.w3.org/2006/time#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "ams": "http://datacatalogus.amsterdam.nl/term/",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatapit": "http://dati.gov.it/onto/dcatapit#",
}
#: how deep the things a dataset points at are read: dataset, distribution, its licence
DEEP = 3
#: pages read of one catalogue
MOST_PAGES = 10_000
#: who may stand for the publisher; dcatd's own calls a person for technical questions so
_PUBLISHERS = ("ams:owner", "dct:publisher", "dct:creator", "dct:rightsHolder")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
#: the end of the address of a dcatd's short list
_SHORT = "/datasets"
#: members that repeat what the RDF's form already says, or are about the catalogue's own work
_HOUSEKEEPING = (
    *("uri", "dct:identifier", "adms:identifier", "owl:versionInfo", "adms:versionNotes", "dct:type"),
    *("foaf:isPrimaryTopicOf", "ams:sort_modified", "ams:modifiedby", "ams:status", "dct:source"),
)


class DcatApPortal(Portal):
    """A DCAT-AP catalogue in RDF at a URL."""

    source_type = "dcat-ap"
    title = "DCAT-AP (RDF)"
    description = to_say("A catalogue in RDF: give the address of its XML, Turtle or JSON-LD document")
    noise = frozenset({"dct:modified", "ams:sort_modified", "ams:modifiedby", "foaf:isPrimaryTopicOf.dct:modified"})

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        address, seen = url, set[str]()
        while address and address not in seen and len(seen) < MOST_PAGES:
            seen.add(address)
            conditions = None if len(seen) > 1 else unless.get(address)
            body, media_type = client.get_bytes(address, unless=conditions, headers={"Accept": ACCEPT})
            graph = read_graph(body, media_type, address)
            announced, graph = _announced(graph), _unabridged(graph, client, address)
            first_of_several = len(seen) == 1 and _next_page(graph)
            if not first_of_several and (None, RDF.type, DCAT.Dataset) not in graph and not _is_catalogue(graph):
                raise PortalError(say("{url} answered with RDF that holds no catalogue and no datasets.", url=address))
            yield Page([describe(graph, node) for node in datasets(graph)], announced)
            address = _next_page(graph)

    def remote_id(self, record: Record) -> str:
        """Its address, else its identifier, else what else tells it from others: its page, or a file."""
        named = record.get("uri") or _first(record, "dct:identifier", "adms:identifier")
        return str(named or _link(record.get("dcat:landingPage")) or _a_file(record)).strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        distributions = [each for each in record.get("dcat:distribution") or [] if isinstance(each, dict)]
        return identity.aliases(
            [self.remote_id(record), *_texts(record.get("dct:identifier"))],
            identity.Words(
                _first(record, "dct:title"), _first(record, "dct:issued"), _name(record.get("dct:publisher"))
            ),
            pages=[_link(record.get("dcat:landingPage"))],
            files=[_link(each.get(name)) for each in distributions for name in ("dcat:downloadURL", "dcat:accessURL")],
        )

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        titles, notes = _languages(taker.take("dct:title")), _languages(taker.take("dct:description"))
        period = _node(taker.take("dct:temporal"))
        distributions = [each for each in taker.take("dcat:distribution") or [] if isinstance(each, dict)]
        rights = [_first(each, "dct:license", "dct:rights") for each in distributions]
        dataset = {
            "title": _one(titles),
            "title_translated": {code: text for code, text in titles.items() if code},
            "notes": mapping.plain_text(_one(notes)),
            "notes_translated": {code: mapping.plain_text(text) for code, text in notes.items() if code},
            "url": mapping.web_address(_link(taker.take("dcat:landingPage", "foaf:page")), taker),
            "license_id": mapping.licence(
                _text(taker.take("dct:license", "ams:license")) or next(filter(None, rights), ""), taker
            ),
            "tags": mapping.tags(_texts(taker.take("dcat:keyword")), taker),
            "theme": _iris(taker.take("dcat:theme")),
            "publisher": mapping.rows(name=_name(taker.take(*_PUBLISHERS))),
            "contact": _contact(taker),
            "issued": mapping.date(_text(taker.take("dct:issued")), taker),
            "modified": mapping.date(_text(taker.take("dct:modified")), taker),
            "frequency": mapping.frequency(_text(taker.take("dct:accrualPeriodicity")), taker),
            "language": tags_of(_texts(taker.take("dct:language"))),
            "spatial_coverage": _areas(taker.take("dct:spatial", "ams:spatialDescription")),
            "temporal_coverage": mapping.rows(
                start=mapping.date(_first(period, "dcat:startDate", "schema:startDate", "time:hasBeginning"), taker),
                end=mapping.date(_first(period, "dcat:endDate", "schema:endDate", "time:hasEnd"), taker),
            ),
            "resources": [_resource(each, taker) for each in distributions if _address(each)],
        }
        access = _text(record.get("dct:accessRights"))
        public = taker.shown_to_all(not access.endswith(("/RESTRICTED", "/NON_PUBLIC", "/CONFIDENTIAL")))
        if access.endswith("/PUBLIC"):
            taker.take("dct:accessRights")
        for member in _HOUSEKEEPING:
            taker.take(member)
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings, public)


def _unabridged(graph: Graph, client: Client, address: str) -> Graph:
    """The same datasets in full, where this is the short list of a dcatd that was not narrowed down."""
    if (None, VOID.documents, None) not in graph or not address.endswith(_SHORT):
        return graph
    whole = f"{address.removesuffix(_SHORT)}/harvest"
    try:
        body, media_type = client.get_bytes(whole, headers={"Accept": ACCEPT})
    except PortalError as error:
        if error.busy:
            raise
        return graph
    return read_graph(body, media_type, whole)


def _is_catalogue(graph: Graph) -> bool:
    return (None, RDF.type, DCAT.Catalog) in graph or (None, DCAT.dataset, None) in graph


def _next_page(graph: Graph) -> str:
    """The address of the next page; empty on the last one."""
    for term in (HYDRA.next, HYDRA.nextPage):
        for found in graph.objects(None, term):
            return str(found)
    return ""


def _announced(graph: Graph) -> int | None:
    for term in (HYDRA.totalItems, VOID.documents):
        for found in graph.objects(None, term):
            return number(str(found))
    return None


def datasets(graph: Graph) -> list[Node]:
    """The datasets that a catalogue describes, in the order of their addresses; others it may only mention."""
    found = {*graph.subjects(RDF.type, DCAT.Dataset)}
    for each in graph.objects(None, DCAT.dataset):
        found |= {*Collection(graph, each)} if (each, RDF.first, None) in graph else {each}
    return sorted((each for each in found if _is_described(graph, each)), key=str)


def _is_described(graph: Graph, node: Node) -> bool:
    return any(predicate != RDF.type for predicate in graph.predicates(node))


def describe(graph: Graph, node: Node, depth: int = DEEP) -> Record:
    """What a graph says about a node: lists of values by the short name of what they are.

    A value is a text, ``{"text", "language"}`` where its language is said, or what is said about the node it is.
    """
    found: dict[str, list[Any]] = {}
    for predicate, value in graph.predicate_objects(node):
        if predicate != RDF.type:
            found.setdefault(_short(str(predicate)), []).append(_value(graph, value, depth - 1))
    members: Record = {name: sorted(values, key=_sorting) for name, values in sorted(found.items())}
    return {"uri": str(node), **members} if isinstance(node, URIRef) else members


def _sorting(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _value(graph: Graph, value: Node, depth: int) -> Any:
    if isinstance(value, Literal):
        return {"text": str(value), "language": value.language} if value.language else str(value)
    if depth > 0 and (isinstance(value, BNode) or (value, None, None) in graph):
        return describe(graph, value, depth)
    return {"uri": str(value)} if isinstance(value, URIRef) else {}


def _short(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri


def _plain(value: Any) -> str:
    """One value as text: what it says, else the address of what it is."""
    if isinstance(value, dict):
        value = value.get("text") or _first(value, "rdfs:label", "skos:prefLabel", "dct:title") or value.get("uri")
    return str(value or "").strip()


def _texts(values: Any) -> list[str]:
    return list(dict.fromkeys(text for each in values or [] if (text := _plain(each))))


def _text(values: Any) -> str:
    return next(iter(_texts(values)), "")


def _first(node: Record, *names: str) -> str:
    return next((text for name in names if (text := _text(node.get(name)))), "")


def _link(values: Any) -> str:
    """The first address, also that of something the catalogue says more about."""
    found = (each.get("uri") if isinstance(each, dict) else each for each in values or [])
    return next((str(each).strip() for each in found if each), "")


def _node(values: Any) -> Record:
    return next((each for each in values or [] if isinstance(each, dict)), {})


def _iris(values: Any) -> list[str]:
    return [each["uri"] for each in values or [] if isinstance(each, dict) and each.get("uri")]


def _languages(values: Any) -> dict[str, str]:
    """Texts by language tag; under the empty tag one whose language is not said."""
    found: dict[str, str] = {}
    for each in values or []:
        code = tag_of(each.get("language") or "") if isinstance(each, dict) else ""
        found.setdefault(code, _plain(each))
    return found


def _one(texts: Mapping[str, str]) -> str:
    return texts.get("") or next(iter(texts.values()), "")


def _a_file(record: Record) -> str:
    return next(filter(None, map(_address, record.get("dcat:distribution") or [])), "")


def _name(values: Any) -> str:
    return _first(_node(values), "foaf:name", "vcard:fn", "rdfs:label") or _text(values)


def _contact(taker: Taker) -> list[dict[str, str]]:
    card = _node(taker.take("dcat:contactPoint", "adms:contactPoint"))
    name = _first(card, "vcard:fn", "vcard:organization-name", "foaf:name")
    # An address without mailto: is read as one below the catalogue's own.
    return mapping.contact(name, _first(card, "vcard:hasEmail", "foaf:mbox").rpartition("/")[2], taker)


def _areas(values: Any) -> list[dict[str, str]]:
    return [row for each in values or [] for row in _area(each)]


def _area(value: Any) -> list[dict[str, str]]:
    """A place: its name and address, and a frame or geometry where it is written as GeoJSON."""
    node = value if isinstance(value, dict) else {}
    drawn = [text for name in ("dcat:bbox", "locn:geometry", "dcat:centroid") for text in _texts(node.get(name))]
    geometry = next((text for text in drawn if text.startswith("{")), "")
    name = _first(node, "skos:prefLabel", "rdfs:label", "locn:geographicName") or (
        value if isinstance(value, str) else ""
    )
    return mapping.rows(uri=str(node.get("uri") or ""), text=name, geom=geometry)


def _address(distribution: Any) -> str:
    if not isinstance(distribution, dict):
        return ""
    return _link(distribution.get("dcat:downloadURL")) or _link(distribution.get("dcat:accessURL"))


def _resource(distribution: Record, taker: Taker) -> dict[str, Any]:
    media_type = _first(distribution, "dcat:mediaType").rpartition("media-types/")[2]
    said = _first(distribution, "dct:format", "dcat:mediaType").rpartition("/")[2]
    media_type = media_type if _MEDIA_TYPE.fullmatch(media_type) else ""
    short = mapping.format_name(media_type or said, said)
    size = _first(distribution, "dcat:byteSize").partition(".")[0]
    return mapping.without_empty(
        {
            "url": _address(distribution),
            "name": _first(distribution, "dct:title") or short or "Data",
            "description": mapping.plain_text(_first(distribution, "dct:description")),
            "format": short,
            "mimetype": media_type,
            "size": int(size) if size.isdigit() else None,
            "last_modified": mapping.date(_first(distribution, "dct:modified"), taker),
            "remote_id": str(distribution.get("uri") or _first(distribution, "dc:identifier")),
        }
    )
