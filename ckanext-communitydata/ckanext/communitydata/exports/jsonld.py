"""A dataset as schema.org and Croissant 1.1 JSON-LD, a city practice as a creative work. Plain Python: no CKAN in here.

Sources: schema.org 29; Croissant format 1.1 and its RAI vocabulary 1.0 (docs.mlcommons.org/croissant).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rdflib import Graph, URIRef

from ckanext.communitydata import multilingual, odrl, vocabularies

from .parts import clean, creators, labels, licence, media_type, schema_of, sha256_of

Record = Mapping[str, Any]

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
CONTEXT: dict[str, Any] = {
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "conformsTo": "dct:conformsTo",
    "column": "cr:column",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "recordSet": "cr:recordSet",
    "source": "cr:source",
}
#: Types of Table Schema as Croissant names them.
DATA_TYPES = {
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "time": "sc:Time",
}


def dataset(record: Record, address: str, site: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return a dataset as JSON-LD. ``site`` has ``title`` and ``url``; texts are given in ``language``."""

    def of(name: str) -> str:
        value = record.get(f"{name}_translated")
        return multilingual.pick(value, language, language) if isinstance(value, Mapping) else record.get(name) or ""

    files = [_file(resource, address) for resource in record.get("resources", [])]
    return clean(
        {
            "@context": CONTEXT,
            "@type": "sc:Dataset",
            "@id": address,
            "conformsTo": CONFORMS_TO,
            "name": of("title") or record["name"],
            "description": of("notes") or of("title") or record["name"],
            "abstract": of("plain_summary"),
            "url": address,
            "identifier": record.get("identifier") or record.get("id"),
            "version": record.get("version"),
            "license": licence(record),
            "keywords": [tag["name"] for tag in record.get("tags", [])],
            "inLanguage": record.get("language"),
            "datePublished": record.get("issued") or record.get("metadata_created"),
            "dateModified": record.get("modified") or record.get("metadata_modified"),
            "creator": [{"@type": "Organization", **row} for row in creators(record)],
            "temporalCoverage": [
                "/".join(filter(None, (row.get("start"), row.get("end"))))
                for row in record.get("temporal_coverage", [])
            ],
            "spatialCoverage": [_place(row) for row in record.get("spatial_coverage", [])],
            "includedInDataCatalog": {"@type": "DataCatalog", "name": site["title"], "url": site["url"]},
            "distribution": files,
            "recordSet": [_record_set(r, record, address) for r in record.get("resources", []) if schema_of(r, record)],
            "usageInfo": _policy(record, address),
            **_responsible(record),
        }
    )


def _file(resource: Record, address: str) -> dict[str, Any]:
    size = resource.get("size")
    return {
        "@type": ["cr:FileObject", "sc:DataDownload"],
        "@id": f"{address}#{resource['id']}",
        "name": resource.get("name") or resource["id"],
        "description": resource.get("description"),
        "contentUrl": resource.get("url"),
        "encodingFormat": media_type(resource),
        "contentSize": f"{size} B" if size else None,
        "sha256": sha256_of(resource),
    }


def _place(row: Record) -> dict[str, Any]:
    place: dict[str, Any] = {"@type": "Place", "name": row.get("text"), "sameAs": row.get("uri")}
    if row.get("geom"):
        place["geo"] = {"@type": "GeoShape", "polygon": row["geom"]}
    return place


def _record_set(resource: Record, record: Record, address: str) -> dict[str, Any]:
    """A file's columns, each with where it is found in the file."""
    columns = schema_of(resource, record)["fields"]
    name = f"{address}#{resource['id']}/rows"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": resource.get("name") or resource["id"],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{number}",
                "name": column["name"],
                "description": column.get("title") or column.get("description"),
                "dataType": [DATA_TYPES.get(column.get("type", ""), "sc:Text"), *_also(column)],
                "source": {"fileObject": {"@id": f"{address}#{resource['id']}"}, "extract": {"column": column["name"]}},
            }
            for number, column in enumerate(columns, start=1)
        ],
    }


def _also(column: Record) -> list[str]:
    return [column[key] for key in ("rdfType", "dpv:hasPersonalData") if isinstance(column.get(key), str)]


def _policy(record: Record, address: str) -> Any:
    """The ODRL offer, as Croissant 1.1 wants it under ``usageInfo``."""
    graph = Graph()
    odrl.add_offer(graph, URIRef(address), record, vocabularies.DEFAULT_NAMESPACE)
    if not graph:
        return None
    nodes = json.loads(graph.serialize(format="json-ld"))
    return next((node for node in nodes if node["@id"] == f"{address}#policy"), None) and {"@graph": nodes}


def _responsible(record: Record) -> dict[str, Any]:
    """What the RAI vocabulary asks about people, from the answers that stand in the record."""
    return {
        "rai:dataCollection": record.get("methodology"),
        "rai:dataCollectionType": labels("instrument", record.get("instrument")),
        "rai:dataLimitations": record.get("limitations"),
        "rai:dataUseCases": labels("purpose", record.get("purpose")),
        "rai:personalSensitiveInformation": labels("personal-data", record.get("personal_data")),
        "rai:dataReleaseMaintenancePlan": record.get("retention_period"),
        "rai:dataSocialImpact": multilingual.pick(record.get("benefit_statement_translated") or {}, "en", "en"),
    }


def practice(record: Record, address: str, language: str) -> dict[str, Any]:
    """Return a city practice as JSON-LD: a creative work about a city, never a dataset."""

    def of(name: str) -> str:
        return multilingual.pick(record.get(f"{name}_translated") or {}, language, language)

    return clean(
        {
            "@context": {"@vocab": "https://schema.org/", "cdg": vocabularies.DEFAULT_NAMESPACE},
            "@type": ["CreativeWork", "cdg:CityPractice"],
            "@id": address,
            "url": address,
            "name": of("title") or record["name"],
            "abstract": of("notes"),
            "text": "\n\n".join(filter(None, map(of, ("challenge", "action", "results")))),
            "about": labels("practice-topic", record.get("topics")),
            "audience": [
                {"@type": "Audience", "audienceType": text}
                for text in labels("community-kind", record.get("groups_served"))
            ],
            "contentLocation": {"@type": "City", "name": record.get("city"), "containedInPlace": record.get("country")},
            "author": {"@type": "Organization", "name": record.get("submitted_by")},
            "citation": record.get("data_used"),
            "license": licence(record),
            "inLanguage": record.get("language"),
        }
    )
