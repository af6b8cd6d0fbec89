"""Reads RDF back into datasets and city practices. ckanext-dcat's own parser sees nothing but ``dcat:Dataset``."""

from __future__ import annotations

from typing import Any

from ckanext.dcat.processors import RDFParser
from ckanext.dcat.profiles.base import DCAT
from rdflib import RDF, URIRef

from ckanext.communitydata import config, vocabularies

PRACTICE = "city-practice"


class CommunityParser(RDFParser):
    """Gives every record of a graph as a dictionary with its ``type``, read by the profiles given."""

    def datasets(self) -> Any:
        """Yield datasets, then city practices; each node once, also where it is typed as both."""
        practices = set(self.g.subjects(RDF.type, URIRef(vocabularies.expand("cdg:CityPractice", config.namespace()))))
        for node in sorted(set(self.g.subjects(RDF.type, DCAT.Dataset)) - practices, key=str):
            yield self._read(node, self.dataset_type)
        for node in sorted(practices, key=str):
            yield self._read(node, PRACTICE)

    def _read(self, node: Any, dataset_type: str) -> dict[str, Any]:
        record: dict[str, Any] = {"type": dataset_type}
        for profile in self._profiles:
            profile(self.g, dataset_type=dataset_type, compatibility_mode=self.compatibility_mode).parse_dataset(
                record, node
            )
        return record
