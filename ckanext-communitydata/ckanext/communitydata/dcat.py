"""Community data in RDF, both ways. Which field becomes which property is written in the schema (``rdf:``).

Comes after ckanext-dcat's ``euro_dcat_ap_3`` or ``dcat_us_3``, which do everything that is not ours, and mends what
those write so that it is valid and can be read again. Terms: DCAT-AP 3.0.1, DPV 2.3, PROV-O, ODRL 2.2, and our own
where those have none (vocabularies.yaml).
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.profiles.base import ADMS, DCAT, DCATAP, DCT, FOAF, SKOS, SPDX, CleanedURIRef
from ckanext.dcat.utils import resource_uri
from rdflib import PROV, RDF, RDFS, XSD, BNode, Literal, URIRef
from rdflib.term import Node

from ckanext.communitydata import config, odrl, vocabularies
from ckanext.communitydata.dcat_fields import read_fields, write_fields
from ckanext.communitydata.dcat_rows import RowsInRdf
from ckanext.communitydata.parser import PRACTICE
from ckanext.communitydata.requirements import load_schema

FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"
LANGUAGE = "http://id.loc.gov/vocabulary/iso639-1/"

#: Lists that ckanext-dcat writes, and what their entries are: one that is no address becomes a node with a label.
LISTS = {
    "theme": (DCAT.theme, SKOS.Concept),
    "language": (DCT.language, DCT.LinguisticSystem),
    "conforms_to": (DCT.conformsTo, DCT.Standard),
    "documentation": (FOAF.page, FOAF.Document),
    "applicable_legislation": (
        DCATAP.applicableLegislation,
        URIRef("http://data.europa.eu/eli/ontology#LegalResource"),
    ),
    "alternate_identifier": (ADMS.identifier, ADMS.Identifier),
}
SINGLE = {
    "frequency": (DCT.accrualPeriodicity, DCT.Frequency),
    "access_rights": (DCT.accessRights, DCT.RightsStatement),
}


#: Kinds of data about people that the law guards most.
SPECIAL = {"health", "disability", "ethnicity", "caste", "religion", "politics", "sexuality", "migration"}
#: Checksums by the number of their hexadecimal digits, as SPDX names them.
ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
PEOPLE = ("author", "author_email", "maintainer", "maintainer_email")


@cache
def _file_types() -> dict[str, str]:
    return yaml.safe_load(Path(__file__).with_name("file_types.yaml").read_text(encoding="utf-8"))


def _number(term: Node) -> str:
    """A number without the noughts that RDF adds to it."""
    text = str(term)
    return text.rstrip("0").rstrip(".") if "." in text else text


class CommunityDataProfile(RDFProfile):
    """Adds the community's story to a dataset's graph, and reads it back; a city practice is no dcat:Dataset."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Write what our schema maps to RDF."""
        dataset_type = dataset_dict.get("type") or "dataset"
        schema = load_schema(dataset_type)
        if schema is None:
            return
        for prefix in ("dpv", "prov", "rai", "odrl"):
            self.g.bind(prefix, vocabularies.expand(f"{prefix}:"))
        self.g.bind("cdg", config.namespace())
        write_fields(self.g, dataset_ref, schema["dataset_fields"], dataset_dict)
        RowsInRdf(self.g, dataset_ref, config.namespace()).write(dataset_dict)
        self._lists(dataset_ref, dataset_dict)
        self._resolution(dataset_dict, dataset_ref)
        self._special_category(dataset_dict, dataset_ref)
        self._attributions(dataset_ref)
        self._theme_labels(dataset_ref)
        odrl.add_offer(self.g, dataset_ref, dataset_dict, config.namespace())
        for resource in dataset_dict.get("resources", []):
            distribution = CleanedURIRef(resource_uri(resource))
            write_fields(self.g, distribution, schema["resource_fields"], resource)
            self._lists(distribution, resource)
            self._standard_formats(resource, distribution)
            self._checksum(distribution)
            self._licence(dataset_dict, distribution)
        if dataset_type == PRACTICE:
            self._retype(dataset_ref)

    def graph_from_catalog(self, catalog_dict: dict[str, Any], catalog_ref: URIRef) -> None:
        """A catalogue has nothing of ours."""

    def parse_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> dict[str, Any]:
        """Read what we write, and give formats their short names back."""
        schema = load_schema(self._type_of(dataset_ref)) or {}
        dataset_dict.update(read_fields(self.g, dataset_ref, schema.get("dataset_fields", [])))
        self._read_rows(dataset_dict, dataset_ref)
        self._read_lists(dataset_dict, dataset_ref)
        self._read_resolution(dataset_dict, dataset_ref)
        for resource in dataset_dict.get("resources", []):
            distribution = URIRef(resource.get("distribution_ref") or "")
            resource.update(read_fields(self.g, distribution, schema.get("resource_fields", [])))
            self._read_lists(resource, distribution)
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

    def _read_resolution(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Take metres that only say again what the precision says for nothing of their own."""
        concept = vocabularies.find("spatial-precision", dataset_dict.get("spatial_precision") or "none")
        metres = {_number(term) for term in self.g.objects(dataset_ref, DCAT.spatialResolutionInMeters)}
        dataset_dict.pop("spatial_resolution_in_meters", None)
        if metres - {str(concept.metres) if concept else ""}:
            dataset_dict["spatial_resolution_in_meters"] = sorted(metres)

    def _special_category(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Say in DPV's words that some of the data is of a special category."""
        if SPECIAL & set(dataset_dict.get("personal_data") or []):
            term = URIRef(vocabularies.expand("dpv:SpecialCategoryPersonalData"))
            self.g.add((dataset_ref, URIRef(vocabularies.expand("dpv:hasPersonalData")), term))

    def _attributions(self, dataset_ref: URIRef) -> None:
        """Say in PROV's and DCAT's words who a community is and what part it had."""
        name, role = (URIRef(config.namespace() + term) for term in ("communityName", "communityRole"))
        for row in self.g.objects(dataset_ref, PROV.qualifiedAttribution):
            agent = BNode()
            self.g.add((row, PROV.agent, agent))
            self.g.add((agent, RDF.type, FOAF.Agent))
            for text in list(self.g.objects(row, name)) or [Literal("A community", lang="en")]:
                self.g.add((agent, FOAF.name, text))
            if roles := sorted(self.g.objects(row, role), key=str):
                self.g.add((row, DCAT.hadRole, roles[0]))

    def _theme_labels(self, dataset_ref: URIRef) -> None:
        for theme in self.g.objects(dataset_ref, DCAT.theme):
            if (theme, SKOS.prefLabel, None) not in self.g:
                concept = vocabularies.find("theme", str(theme))
                self.g.add((theme, SKOS.prefLabel, Literal(concept.label if concept else str(theme), lang="en")))

    def _checksum(self, distribution: URIRef) -> None:
        """Name the algorithm that the length of a checksum tells; one of unknown length says nothing."""
        for checksum in list(self.g.objects(distribution, SPDX.checksum)):
            if (checksum, SPDX.algorithm, None) in self.g:
                continue
            algorithm = ALGORITHMS.get(len(str(self.g.value(checksum, SPDX.checksumValue))))
            if algorithm:
                self.g.add((checksum, SPDX.algorithm, SPDX[f"checksumAlgorithm_{algorithm}"]))
            else:
                self.g.remove((distribution, SPDX.checksum, checksum))
                self.g.remove((checksum, None, None))

    def _lists(self, subject: URIRef, values: dict[str, Any]) -> None:
        """Turn words into nodes where the standard wants a thing; an address stays one."""
        for predicate, kind in {**LISTS, **SINGLE}.values():
            for term in list(self.g.objects(subject, predicate)):
                if isinstance(term, Literal) or (":" not in str(term) and isinstance(term, URIRef)):
                    self.g.remove((subject, predicate, term))
                    self.g.add((subject, predicate, self._thing(str(term), kind)))
                elif isinstance(term, URIRef):
                    self.g.add((term, RDF.type, kind))

    def _thing(self, words: str, kind: URIRef) -> Node:
        if kind == DCT.LinguisticSystem and len(words) == 2:
            node: Node = URIRef(f"{LANGUAGE}{words}")
        else:
            node = BNode()
            self.g.add((node, SKOS.prefLabel if kind == SKOS.Concept else RDFS.label, Literal(words)))
        self.g.add((node, RDF.type, kind))
        return node

    def _words(self, term: Node) -> str:
        """What :meth:`_thing` was given, or the address itself."""
        for predicate in (SKOS.notation, RDFS.label, SKOS.prefLabel):
            if isinstance(term, BNode) and (label := self.g.value(term, predicate)):
                return str(label)
        return str(term).removeprefix(LANGUAGE)

    def _read_lists(self, values: dict[str, Any], subject: URIRef) -> None:
        for name, (predicate, _) in LISTS.items():
            if found := sorted({self._words(term) for term in self.g.objects(subject, predicate)}):
                values[name] = found
        for name, (predicate, _) in SINGLE.items():
            if term := self.g.value(subject, predicate):
                values[name] = self._words(term)

    def _read_rows(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Rows in their order; what ckanext-dcat left empty is taken out, and so is the maintainer as a contact."""
        rows = RowsInRdf(self.g, dataset_ref, config.namespace()).read()
        for name in ("contact", "publisher", "creator"):
            parsed = [{k: v for k, v in row.items() if v} for row in dataset_dict.get(name) or []]
            dataset_dict[name] = [row for row in parsed if row]
        if any(dataset_dict.get(name) for name in PEOPLE):
            dataset_dict["contact"] = []
        dataset_dict.update(rows)
        for name in ("contact", "publisher", "creator"):
            if not dataset_dict[name]:
                del dataset_dict[name]

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
