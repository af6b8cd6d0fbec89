"""Community data in RDF, both ways. Which field becomes which property is written in the schema (``rdf:``).

Comes after ckanext-dcat's ``euro_dcat_ap_3``, which does everything that is not ours. Terms: DCAT-AP 3.0.1, DPV 2.3,
PROV-O, and our own where those have none (vocabularies.yaml).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.profiles.base import DCAT, DCT, CleanedURIRef
from ckanext.dcat.utils import resource_uri
from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from ckanext.communitydata import config, vocabularies
from ckanext.communitydata.requirements import load_schema

PRACTICE = "city-practice"
FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"
DATE_TYPES = {4: XSD.gYear, 7: XSD.gYearMonth, 10: XSD.date}


@cache
def _file_types() -> dict[str, str]:
    return yaml.safe_load(Path(__file__).with_name("file_types.yaml").read_text(encoding="utf-8"))


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
}


def _write(graph: Graph, subject: Node, fields: Iterable[dict[str, Any]], values: Mapping[str, Any]) -> None:
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
    for row in rows:
        node = BNode()
        graph.add((subject, predicate, node))
        graph.add((node, RDF.type, URIRef(vocabularies.expand(field["rdf_class"]))))
        _write(graph, node, field["repeating_subfields"], row)


# -- Reading: from RDF terms back to a value
def _known(field: Mapping[str, Any], terms: list[Node]) -> list[str]:
    """The tokens that terms stand for, in the vocabulary's order; terms of other vocabularies are passed over."""
    found = {vocabularies.find(field["vocabulary"], str(term), config.namespace()) for term in terms}
    return [concept.token for concept in vocabularies.concepts(field["vocabulary"]) if concept in found]


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
}


def _read(graph: Graph, subject: Node, fields: Iterable[dict[str, Any]]) -> dict[str, Any]:
    out = {}
    for field, predicate in _mapped(fields):
        terms = list(graph.objects(subject, predicate))
        if not terms:
            continue
        if _kind(field) == "rows":
            value = [row for term in terms if (row := _read(graph, term, field["repeating_subfields"]))]
        else:
            value = READERS[_kind(field)](field, terms)
        if value:
            out[field["field_name"]] = value
    return out


class CommunityDataProfile(RDFProfile):
    """Adds the community's story to a dataset's graph, and reads it back; a city practice is no dcat:Dataset."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Write what our schema maps to RDF."""
        dataset_type = dataset_dict.get("type") or "dataset"
        schema = load_schema(dataset_type)
        if schema is None:
            return
        for prefix in ("dpv", "prov", "rai"):
            self.g.bind(prefix, vocabularies.expand(f"{prefix}:"))
        self.g.bind("cdg", config.namespace())
        _write(self.g, dataset_ref, schema["dataset_fields"], dataset_dict)
        self._resolution(dataset_dict, dataset_ref)
        for resource in dataset_dict.get("resources", []):
            distribution = CleanedURIRef(resource_uri(resource))
            _write(self.g, distribution, schema["resource_fields"], resource)
            self._standard_formats(resource, distribution)
            self._licence(dataset_dict, distribution)
        if dataset_type == PRACTICE:
            self._retype(dataset_ref)

    def graph_from_catalog(self, catalog_dict: dict[str, Any], catalog_ref: URIRef) -> None:
        """A catalogue has nothing of ours."""

    def parse_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> dict[str, Any]:
        """Read what we write, and give formats their short names back."""
        schema = load_schema(self._type_of(dataset_ref)) or {}
        dataset_dict.update(_read(self.g, dataset_ref, schema.get("dataset_fields", [])))
        for resource in dataset_dict.get("resources", []):
            distribution = URIRef(resource.get("distribution_ref") or "")
            resource.update(_read(self.g, distribution, schema.get("resource_fields", [])))
            self._short_formats(resource)
        return dataset_dict

    def _type_of(self, dataset_ref: URIRef) -> str:
        practice = (dataset_ref, RDF.type, URIRef(vocabularies.expand("cdg:CityPractice", config.namespace())))
        return PRACTICE if practice in self.g else "dataset"

    def _resolution(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """State the precision in metres too, for those who know only DCAT."""
        concept = vocabularies.find("spatial-precision", dataset_dict.get("spatial_precision") or "none")
        if concept and concept.metres and not dataset_dict.get("spatial_resolution_in_meters"):
            metres = Literal(Decimal(concept.metres), datatype=XSD.decimal)
            self.g.add((dataset_ref, DCAT.spatialResolutionInMeters, metres))

    def _standard_formats(self, resource: dict[str, Any], distribution: URIRef) -> None:
        """DCAT-AP wants addresses from public lists where CKAN has words."""
        code = {k.lower(): v for k, v in _file_types().items()}.get(str(resource.get("format") or "").lower())
        for predicate, address in ((DCT["format"], f"{FILE_TYPE}{code or 'OCTET'}"), (DCAT.mediaType, None)):
            for term in [t for t in self.g.objects(distribution, predicate) if isinstance(t, Literal)]:
                self.g.remove((distribution, predicate, term))
                standard = URIRef(address or f"{MEDIA_TYPE}{term}")
                self.g.add((distribution, predicate, standard))
                self.g.add((standard, RDF.type, DCT.MediaTypeOrExtent if address else DCT.MediaType))

    def _short_formats(self, resource: dict[str, Any]) -> None:
        label = {f"{FILE_TYPE}{code}": label for label, code in _file_types().items()}.get(resource.get("format") or "")
        if label:
            resource["format"] = label
        resource["mimetype"] = (resource.get("mimetype") or "").removeprefix(MEDIA_TYPE) or None

    def _licence(self, dataset_dict: dict[str, Any], distribution: URIRef) -> None:
        address = dataset_dict.get("license_url")
        if address and (distribution, DCT.license, None) not in self.g:
            self.g.add((distribution, DCT.license, CleanedURIRef(address)))
            self.g.add((CleanedURIRef(address), RDF.type, DCT.LicenseDocument))

    def _retype(self, dataset_ref: URIRef) -> None:
        self.g.remove((dataset_ref, RDF.type, DCAT.Dataset))
        for name in ("cdg:CityPractice", "schema:CreativeWork"):
            self.g.add((dataset_ref, RDF.type, URIRef(vocabularies.expand(name, config.namespace()))))
