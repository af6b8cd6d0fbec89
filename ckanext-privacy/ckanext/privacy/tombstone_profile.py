"""The RDF profile that tells harvesters which datasets were taken down, so that they drop their copies.

A tombstone is a ``dcat:CatalogRecord`` with the status "withdrawn" and no ``dcat:Dataset``: a harvester that goes by
the list of datasets no longer finds it there, one that reads records is told so.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from ckan.common import CKANConfig
from ckan.plugins import toolkit as tk
from ckanext.dcat.profiles import RDFProfile
from rdflib import DCAT, DCTERMS, FOAF, RDF, XSD, Graph, Literal, Namespace, URIRef

from ckanext.privacy.workflow import tombstones

ADMS = Namespace("http://www.w3.org/ns/adms#")
WITHDRAWN = URIRef("http://purl.org/adms/status/Withdrawn")
NAME = "privacy_tombstones"
PROFILES = "ckanext.dcat.rdf.profiles"
#: As many as a harvester that comes once a week may have missed.
MOST = 1000


class TombstoneProfile(RDFProfile):
    """Adds to the catalogue what was taken down; datasets are left to the other profiles."""

    def parse_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> dict[str, Any]:
        """Read nothing."""
        return dataset_dict

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Write nothing."""

    def graph_from_catalog(self, catalog_dict: dict[str, Any], catalog_ref: URIRef) -> None:
        """Add a record for every dataset that was public and is not any more."""
        for tombstone in tombstones.newest(MOST):
            self.g.add((catalog_ref, DCAT.record, write(self.g, tombstone)))


def write(graph: Graph, tombstone: tombstones.Tombstone) -> URIRef:
    """Add a tombstone to a graph; return its address."""
    graph.bind("adms", ADMS)
    dataset = URIRef(tk.h.url_for("dataset.read", id=tombstone["dataset"], qualified=True, locale="default"))
    record = URIRef(f"{dataset}#record")
    graph.add((record, RDF.type, DCAT.CatalogRecord))
    graph.add((record, FOAF.primaryTopic, dataset))
    graph.add((record, ADMS.status, WITHDRAWN))
    if tombstone["since"]:
        graph.add((record, DCTERMS.modified, Literal(tombstone["since"], datatype=XSD.dateTime)))
    return record


def add_to(config: CKANConfig) -> None:
    """Name the profile behind those that the site uses; an installation older than the profile stays without."""
    named = str(config.get(PROFILES) or "").split()
    known = NAME in {each.name for each in entry_points(group="ckan.rdf.profiles")}
    if known and NAME not in named:
        config[PROFILES] = " ".join([*named, NAME])


def of_datasets(config: CKANConfig) -> list[str]:
    """Return the names of the profiles that say something of a single dataset, as this one does not."""
    return [name for name in str(config.get(PROFILES) or "").split() if name != NAME]
