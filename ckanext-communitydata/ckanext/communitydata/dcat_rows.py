"""Contacts, agents, areas and periods in RDF: each row a node of its own that is found again, in its order.

ckanext-dcat writes these rows, but reads only the first area, mixes contacts up with the maintainer, and forgets the
order. Rows written here carry ``cdg:position``; rows of other catalogues are left as ckanext-dcat understood them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import shapely
from ckanext.dcat.profiles.base import DCAT, DCT, FOAF, LOCN, SKOS, VCARD
from ckanext.dcat.profiles.euro_dcat_ap_scheming import EuropeanDCATAPSchemingProfile
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from ckanext.communitydata import vocabularies

Row = dict[str, Any]

AGENT = {
    "name": FOAF.name, "email": VCARD.hasEmail, "url": FOAF.homepage, "type": DCT.type, "identifier": DCT.identifier
}  # fmt: skip
#: Repeating fields that DCAT has a property for: the property, and the parts of a row as properties of its node.
ROWS: dict[str, tuple[URIRef, dict[str, URIRef]]] = {
    "contact": (
        DCAT.contactPoint,
        {"name": VCARD.fn, "email": VCARD.hasEmail, "url": VCARD.hasURL, "identifier": VCARD.hasUID},
    ),
    "publisher": (DCT.publisher, AGENT),
    "creator": (DCT.creator, AGENT),
    "temporal_coverage": (DCT.temporal, {"start": DCAT.startDate, "end": DCAT.endDate}),
    "spatial_coverage": (
        DCT.spatial,
        {"text": SKOS.prefLabel, "geom": LOCN.geometry, "bbox": DCAT.bbox, "centroid": DCAT.centroid},
    ),
}
#: DCAT-AP allows one publisher; those after the first are named by a property of ours.
ONE_ONLY = {"publisher": "cdg:otherPublisher"}
SHAPES = ("geom", "bbox", "centroid")


class RowsInRdf:
    """Writes and reads the rows of one record."""

    def __init__(self, graph: Graph, subject: URIRef, namespace: str) -> None:
        self.graph = graph
        self.subject = subject
        self.namespace = namespace

    def _term(self, name: str) -> URIRef:
        return URIRef(vocabularies.expand(name, self.namespace))

    def write(self, record: Mapping[str, Any]) -> None:
        """Write every row of a record anew, in place of what is there."""
        given = {field: rows for field in ROWS if isinstance(rows := record.get(field), list) and rows}
        for field in given:
            self._clear(ROWS[field][0])
        for field, rows in given.items():
            for number, row in enumerate(rows, start=1):
                self._write_row(field, ROWS[field][0], row, number)

    def _clear(self, predicate: URIRef) -> None:
        for node in list(self.graph.objects(self.subject, predicate)):
            self.graph.remove((self.subject, predicate, node))
            self.graph.remove((node, None, None))

    def _write_row(self, field: str, predicate: URIRef, row: Row, number: int) -> None:
        apart = Graph()
        uri = row.get("uri") or ""
        node = self._node(uri)
        writer = EuropeanDCATAPSchemingProfile(apart)
        writer._graph_from_dataset_v2_scheming({field: [{**row, "uri": ""}]}, self.subject)
        written = apart.value(self.subject, predicate)
        if written is None:
            return
        for _subject, verb, value in apart.triples((written, None, None)):
            self.graph.add((node, verb, self._kind(value) if verb == DCT.type else value))
        if uri and not isinstance(node, URIRef):
            self.graph.add((node, self._term("cdg:uri"), Literal(uri)))
        self.graph.add((node, self._term("cdg:position"), Literal(number)))
        link = self._term(ONE_ONLY[field]) if number > 1 and field in ONE_ONLY else predicate
        self.graph.add((self.subject, link, node))

    def _kind(self, value: Node) -> Node:
        """The kind of an agent as a thing with a label: words alone are no concept."""
        concept = BNode() if isinstance(value, Literal) else value
        label = str(value)
        self.graph.add((concept, RDF.type, SKOS.Concept))
        self.graph.add((concept, SKOS.prefLabel, Literal(label)))
        return concept

    def _node(self, uri: str) -> Node:
        """The row's own address where it is one and nothing else is said about it yet."""
        node = URIRef(uri)
        usable = ":" in uri and not set(uri) & set(' <>"{}|\\^`') and (node, None, None) not in self.graph
        return node if usable else BNode()

    def read(self) -> dict[str, list[Row]]:
        """Return the rows that were written by :meth:`write`, and all areas of a record of any origin."""
        found = {}
        for field, (predicate, parts) in ROWS.items():
            nodes = [*self.graph.objects(self.subject, predicate)]
            if field in ONE_ONLY:
                nodes += self.graph.objects(self.subject, self._term(ONE_ONLY[field]))
            ours = [node for node in nodes if (node, self._term("cdg:position"), None) in self.graph]
            rows = [self._read_row(node, parts) for node in sorted(ours, key=self._position)]
            if not ours and field == "spatial_coverage":
                rows = [self._read_row(node, parts) for node in sorted(nodes, key=str)]
            if filled := [row for row in rows if row]:
                found[field] = filled
        return found

    def _position(self, node: Node) -> int:
        text = str(self.graph.value(node, self._term("cdg:position")))
        return int(text) if text.isdecimal() else 0

    def _read_row(self, node: Node, parts: Mapping[str, URIRef]) -> Row:
        uri = str(node) if isinstance(node, URIRef) else str(self.graph.value(node, self._term("cdg:uri")) or "")
        row = {name: self._read_part(node, name, predicate) for name, predicate in parts.items()}
        return {name: value for name, value in {**row, "uri": uri}.items() if value}

    def _read_part(self, node: Node, name: str, predicate: URIRef) -> str:
        values = list(self.graph.objects(node, predicate))
        if name in SHAPES:
            return outline(values)
        texts = [str(self.graph.value(v, SKOS.prefLabel) if isinstance(v, BNode) else v) for v in values]
        return min(texts).removeprefix("mailto:") if texts else ""


def outline(values: list[Node]) -> str:
    """Return an outline as GeoJSON text: the one in GeoJSON, which is exact, or else that in WKT, or nothing."""
    texts = [str(value) for value in values]
    for text in texts:
        if text.lstrip().startswith("{") and _is_json(text):
            return text
    shapes = (shapely.from_wkt(text.split("> ", 1)[-1], on_invalid="ignore") for text in texts)
    return next((json.dumps(shapely.geometry.mapping(shape)) for shape in shapes if shape), "")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
