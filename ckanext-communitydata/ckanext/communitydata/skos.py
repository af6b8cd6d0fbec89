"""The vocabularies as SKOS, for machines that have never seen this catalogue. Plain Python: no CKAN in here.

Follows SKOS Reference (W3C Recommendation, 18 August 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

from . import vocabularies

Translate = Callable[[str], str]


def graph(namespace: str, translations: Mapping[str, Translate]) -> Graph:
    """Every scheme, concept, class and property of ours, labelled in English and in each language that is given."""
    out = Graph()
    out.bind("cdg", namespace)
    out.bind("dpv", vocabularies.expand("dpv:"))
    languages = {"en": str, **translations}
    for scheme in vocabularies.schemes().values():
        _add_scheme(out, scheme, namespace, languages)
    _add_terms(out, namespace, languages)
    return out


def _labels(out: Graph, subject: URIRef, predicate: URIRef, text: str, languages: Mapping[str, Translate]) -> None:
    for code, translate in languages.items():
        translated = translate(text)
        if code == "en" or translated != text:
            out.add((subject, predicate, Literal(translated, lang=code)))


def _add_scheme(out: Graph, scheme: vocabularies.Scheme, namespace: str, languages: Mapping[str, Translate]) -> None:
    whole = URIRef(scheme.iri(namespace))
    out.add((whole, RDF.type, SKOS.ConceptScheme))
    _labels(out, whole, SKOS.prefLabel, scheme.label, languages)
    _labels(out, whole, SKOS.definition, scheme.definition, languages)
    for concept in scheme.concepts.values():
        iri = URIRef(concept.iri(namespace))
        out.add((iri, RDF.type, SKOS.Concept))
        out.add((iri, SKOS.inScheme, whole))
        out.add((iri, SKOS.topConceptOf, whole))
        out.add((whole, SKOS.hasTopConcept, iri))
        out.add((iri, SKOS.notation, Literal(concept.token)))
        _labels(out, iri, SKOS.prefLabel, concept.label, languages)


def _add_terms(out: Graph, namespace: str, languages: Mapping[str, Translate]) -> None:
    ontology = URIRef(namespace.rstrip("#/"))
    out.add((ontology, RDF.type, OWL.Ontology))
    _labels(out, ontology, DCTERMS.title, "Community data vocabulary", languages)
    kinds = {"classes": RDFS.Class, "properties": RDF.Property, "individuals": None}
    for entries, kind in kinds.items():
        for name, entry in vocabularies.source()[entries].items():
            term = URIRef(namespace + name)
            out.add((term, RDF.type, kind or URIRef(vocabularies.expand(entry["instance_of"]))))
            out.add((term, RDFS.isDefinedBy, ontology))
            _labels(out, term, RDFS.label, entry["label"], languages)
            if "sub_class_of" in entry:
                out.add((term, RDFS.subClassOf, URIRef(vocabularies.expand(entry["sub_class_of"]))))
            if "definition" in entry:
                _labels(out, term, RDFS.comment, entry["definition"], languages)
