"""Fields that the schema maps to RDF (``rdf:``), both ways: one function for each kind of object."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import yaml
from ckanext.dcat.profiles.base import CleanedURIRef
from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from ckanext.communitydata import config, vocabularies

DATE_TYPES = {4: XSD.gYear, 7: XSD.gYearMonth, 10: XSD.date}


@cache
def _objects() -> dict[str, str]:
    """What each preset's values become in RDF."""
    presets = yaml.safe_load((vocabularies.SOURCE.parent / "schemas/presets.yaml").read_text(encoding="utf-8"))
    return {preset["preset_name"]: preset["values"].get("object", "") for preset in presets["presets"]}


def _kind(field: Mapping[str, Any]) -> str:
    return field.get("object") or _objects().get(field.get("preset", ""), "") or "literal"


def _mapped(fields: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], URIRef]]:
    return [(f, URIRef(vocabularies.expand(f["rdf"], config.namespace()))) for f in fields if "rdf" in f]


# -- Writing: one function for each kind of object, from a value to RDF terms
def _concept(field: Mapping[str, Any], token: str) -> URIRef | Literal:
    concept = vocabularies.find(field["vocabulary"], token, config.namespace())
    return URIRef(concept.iri(config.namespace())) if concept else Literal(token)


def _date(text: str) -> Literal:
    return Literal(text, datatype=DATE_TYPES.get(len(text), XSD.dateTime), normalize=False)


WRITERS: dict[str, Callable[[Mapping[str, Any], Any], list[Node]]] = {
    "literal": lambda field, value: [Literal(str(value))],
    "literals": lambda field, value: [Literal(text) for text in value],
    "multilingual": lambda field, value: [Literal(text, lang=code) for code, text in value.items() if text],
    "concept": lambda field, value: [_concept(field, value)],
    "concepts": lambda field, value: [_concept(field, token) for token in value],
    "iri": lambda field, value: [CleanedURIRef(value)],
    "iris": lambda field, value: [CleanedURIRef(text) for text in value],
    "date": lambda field, value: [_date(value)],
    "json": lambda field, value: [Literal(json.dumps(value, ensure_ascii=False, sort_keys=True), datatype=RDF.JSON)],
}


def write_fields(graph: Graph, subject: Node, fields: Iterable[dict[str, Any]], values: Mapping[str, Any]) -> None:
    for field, predicate in _mapped(fields):
        value = values.get(field["field_name"])
        if not value:
            continue
        if _kind(field) == "rows":
            _write_rows(graph, subject, field, predicate, value)
            continue
        for term in WRITERS[_kind(field)](field, value):
            graph.add((subject, predicate, term))


def _write_rows(
    graph: Graph, subject: Node, field: dict[str, Any], predicate: URIRef, rows: list[dict[str, Any]]
) -> None:
    position = URIRef(vocabularies.expand("cdg:position", config.namespace()))
    for number, row in enumerate(rows, start=1):
        node = BNode()
        graph.add((subject, predicate, node))
        graph.add((node, position, Literal(number)))
        graph.add((node, RDF.type, URIRef(vocabularies.expand(field["rdf_class"]))))
        write_fields(graph, node, field["repeating_subfields"], row)


# -- Reading: from RDF terms back to a value
def _known(field: Mapping[str, Any], terms: list[Node]) -> list[str]:
    """The tokens that terms stand for, in the vocabulary's order; terms of other vocabularies are passed over."""
    found = {vocabularies.find(field["vocabulary"], str(term), config.namespace()) for term in terms}
    return [concept.token for concept in vocabularies.concepts(field["vocabulary"]) if concept in found]


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        loaded = json.loads(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None


READERS: dict[str, Callable[[Mapping[str, Any], list[Node]], Any]] = {
    "literal": lambda field, terms: str(terms[0]),
    "literals": lambda field, terms: sorted(map(str, terms)),
    "multilingual": lambda field, terms: {
        getattr(t, "language", None) or config.default_language(): str(t) for t in terms
    },
    "concept": lambda field, terms: next(iter(_known(field, terms)), None),
    "concepts": _known,
    "iri": lambda field, terms: str(terms[0]),
    "iris": lambda field, terms: sorted(map(str, terms)),
    "date": lambda field, terms: str(terms[0]),
    "json": lambda field, terms: _json_object(str(terms[0])),
}


def _in_order(graph: Graph, terms: Iterable[Node]) -> list[Node]:
    """Terms as they were written: rows by their position, everything else by its text."""
    position = URIRef(vocabularies.expand("cdg:position", config.namespace()))

    def place(term: Node) -> tuple[int, str]:
        number = str(graph.value(term, position))
        return int(number) if number.isdecimal() else 0, str(term)

    return sorted(terms, key=place)


def read_fields(graph: Graph, subject: Node, fields: Iterable[dict[str, Any]]) -> dict[str, Any]:
    out = {}
    for field, predicate in _mapped(fields):
        terms = _in_order(graph, graph.objects(subject, predicate))
        if not terms:
            continue
        if _kind(field) == "rows":
            value = [row for term in terms if (row := read_fields(graph, term, field["repeating_subfields"]))]
        else:
            value = READERS[_kind(field)](field, terms)
        if value:
            out[field["field_name"]] = value
    return out
