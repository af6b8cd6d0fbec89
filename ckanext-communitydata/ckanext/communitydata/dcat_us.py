"""What DCAT-US 3 asks for beyond DCAT-AP. Profiles: ``dcat_us_3 communitydata_us``.

Checked against the SHACL shapes of github.com/DOI-DO/dcat-us (28 April 2026). ckanext-dcat 2.4.4 writes an older
namespace and leaves words where the shapes want things.
"""

from __future__ import annotations

from typing import Any

from ckanext.dcat.profiles.base import DCT, FOAF, ORG, SKOS, CleanedURIRef
from ckanext.dcat.utils import resource_uri
from rdflib import RDF, RDFS, BNode, Literal, Namespace, URIRef
from rdflib.term import Node

from ckanext.communitydata import config, multilingual, vocabularies
from ckanext.communitydata.dcat import CommunityDataProfile

DCATUS = Namespace("http://data.resources.gov/ontology/dcat-us#")
OLD_NAMESPACE = "http://resources.data.gov/ontology/dcat-us#"
#: Properties that may hold one thing only, and those that take what is left over.
ONE_ONLY = {DCT.conformsTo: RDFS.seeAlso, FOAF.page: RDFS.seeAlso, DCT.creator: DCT.contributor}
TITLED = (DCT.Standard, FOAF.Document)


class CommunityDataUsProfile(CommunityDataProfile):
    """Our profile, and the repairs that make the graph valid DCAT-US 3."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Write what our schema maps to RDF, then mend what DCAT-US would refuse."""
        super().graph_from_dataset(dataset_dict, dataset_ref)
        self._rename()
        self._purposes(dataset_dict, dataset_ref)
        self._one_only(dataset_ref)
        self._organizations(dataset_ref)
        self._titles()
        self._names()
        self._schemes()
        for resource in dataset_dict.get("resources", []):
            distribution = CleanedURIRef(resource_uri(resource))
            self._one_only(distribution)
            self._restriction(resource, distribution)

    def _rename(self) -> None:
        self.g.bind("dcat-us", DCATUS, replace=True)
        for subject, predicate, value in list(self.g):
            if str(predicate).startswith(OLD_NAMESPACE):
                self.g.remove((subject, predicate, value))
                self.g.add((subject, DCATUS[str(predicate).removeprefix(OLD_NAMESPACE)], value))

    def _purposes(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """DCAT-US has the purpose in words; the tokens of our list are none."""
        self.g.remove((dataset_ref, DCATUS.purpose, None))
        found = [vocabularies.find("purpose", token) for token in dataset_dict.get("purpose") or []]
        for concept in filter(None, found):
            self.g.add((dataset_ref, DCATUS.purpose, Literal(concept.label, lang="en")))

    def _one_only(self, subject: Node) -> None:
        for predicate, further in ONE_ONLY.items():
            for extra in sorted(self.g.objects(subject, predicate), key=str)[1:]:
                self.g.remove((subject, predicate, extra))
                self.g.add((subject, further, extra))

    def _organizations(self, dataset_ref: URIRef) -> None:
        for publisher in self.g.objects(dataset_ref, DCT.publisher):
            self.g.remove((publisher, RDF.type, None))
            self.g.add((publisher, RDF.type, ORG.Organization))
            if name := self.g.value(publisher, FOAF.name):
                self.g.set((publisher, SKOS.prefLabel, name))

    def _names(self) -> None:
        """One name for each agent, without its language."""
        for agent in set(self.g.subjects(RDF.type, FOAF.Agent)):
            names = {getattr(n, "language", None) or "": str(n) for n in self.g.objects(agent, FOAF.name)}
            if names:
                self.g.set((agent, FOAF.name, Literal(multilingual.pick(names, "", config.default_language()))))

    def _schemes(self) -> None:
        """Every concept stands in a scheme: the folder of its address, or ours for words that are in none."""
        for concept in set(self.g.subjects(RDF.type, SKOS.Concept)):
            if (concept, SKOS.inScheme, None) not in self.g:
                folder = str(concept).rpartition("/")[0] if isinstance(concept, URIRef) else ""
                self.g.add((concept, SKOS.inScheme, URIRef(folder or config.namespace())))

    def _titles(self) -> None:
        """Give pages and standards a title: their own label, or their address."""
        for kind in TITLED:
            for thing in set(self.g.subjects(RDF.type, kind)):
                if (thing, DCT.title, None) not in self.g:
                    self.g.add((thing, DCT.title, self.g.value(thing, RDFS.label) or Literal(str(thing))))

    def _restriction(self, resource: dict[str, Any], distribution: URIRef) -> None:
        concept = vocabularies.find("restriction", resource.get("restriction") or "")
        if concept is None:
            return
        limit = BNode()
        self.g.add((distribution, DCATUS.accessRestriction, limit))
        self.g.add((limit, RDF.type, DCATUS.AccessRestriction))
        self.g.add((limit, DCATUS.restrictionStatus, URIRef(concept.iri(config.namespace()))))
        if note := resource.get("restriction_note"):
            self.g.add((limit, DCATUS.restrictionNote, Literal(note)))
