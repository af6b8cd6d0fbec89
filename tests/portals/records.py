"""Made-up records in the shape real portals give them."""

from __future__ import annotations

from typing import Any

HUB_ITEM = "9c3e5b7a1d2f4e6a8b0c1d2e3f405162"


def data_json(number: int = 1, **members: Any) -> dict[str, Any]:
    """A record of a DCAT-US document."""
    return {
        "@type": "dcat:Dataset",
        "accessLevel": "public",
        "identifier": f"https://data.example.org/api/views/abcd-{number:04}",
        "landingPage": f"https://data.example.org/d/abcd-{number:04}",
        "title": f"Street trees, part {number}",
        "description": "<div>Trees &amp; shrubs<br/></div><p>Cared for by the city</p>",
        "keyword": ["trees", "Parks & Recreation", "x"],
        "issued": "2019-04-02",
        "modified": "2026-05-30",
        "accrualPeriodicity": "R/P1D",
        "publisher": {"@type": "org:Organization", "name": "City of Example"},
        "contactPoint": {"@type": "vcard:Contact", "fn": "Open Data Office", "hasEmail": "mailto:data@example.org"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "spatial": "-71.1,42.3,-70.9,42.4",
        "distribution": [
            {"@type": "dcat:Distribution", "title": "Trees", "mediaType": "text/csv",
             "downloadURL": f"https://data.example.org/api/views/abcd-{number:04}/rows.csv"}
        ],
        **members,
    }  # fmt: skip


def hub(number: int = 1, *, item: str = HUB_ITEM, **members: Any) -> dict[str, Any]:
    """A record of an ArcGIS Hub feed."""
    address = f"https://hub.example.org/datasets/{item}_{number}"
    service = f"https://maps.example.org/arcgis/rest/services/City/MapServer/{number}"
    return data_json(
        number,
        **{
            "identifier": address,
            "landingPage": address,
            "issued": f"2018-03-{number:02}T10:00:00.000Z",
            "license": f"{address}/license.json",
            "distribution": [
                {
                    "title": "ArcGIS GeoService",
                    "format": "Esri REST",
                    "mediaType": "application/json",
                    "accessURL": service,
                },
                {"title": "CSV", "format": "CSV", "mediaType": "text/csv", "accessURL": f"{address}.csv"},
            ],
            **members,
        },
    )


def ckan(number: int = 1, **members: Any) -> dict[str, Any]:
    """A dataset as CKAN's ``package_search`` gives it."""
    return {
        "id": f"6e0d76e3-c85f-458c-931e-{number:012}",
        "name": f"arbolado-{number}",
        "title": f"Arbolado urbano {number}",
        "notes": "Inventario de árboles.",
        "type": "dataset",
        "state": "active",
        "private": False,
        "license_id": "cc-zero",
        "metadata_created": "2024-03-11T09:20:11.120000",
        "metadata_modified": "2026-06-02T08:00:00.000000",
        "maintainer": "Datos Abiertos",
        "maintainer_email": "datos@example.org",
        "organization": {"name": "ambiente", "title": "Medio Ambiente"},
        "tags": [{"name": "árboles"}, {"name": "parques/jardines"}],
        "resources": [
            {"id": f"11111111-0000-0000-0000-{number:012}", "name": "Inventario", "format": "csv",
             "mimetype": "text/csv", "url": f"https://datos.example.org/arbolado-{number}.csv", "description": ""}
        ],
        "extras": [{"key": "frequency", "value": "mensual"}, {"key": "area_tecnica", "value": "Parques"}],
        **members,
    }  # fmt: skip


def opendatasoft(number: int = 1, **members: Any) -> dict[str, Any]:
    """A dataset as OpenDataSoft's catalogue API gives it."""
    return {
        "dataset_id": f"arbres-{number}",
        "dataset_uid": f"da_x{number:05}",
        "has_records": True,
        "attachments": [],
        "fields": [{"name": "genre", "type": "text"}, {"name": "point", "type": "geo_point_2d"}],
        "metas": {
            "default": {
                "title": f"Arbres {number}", "description": "<p>Les arbres de la ville</p>", "keyword": ["arbres"],
                "license": "CC BY 4.0", "publisher": "Ville d'Exemple", "language": "fr", "records_count": 12,
                "modified": "2026-05-30T08:00:00+00:00", "territory": ["Exemple"],
            },
            "dcat": {
                "issued": f"2020-01-{number % 28 + 1:02}", "accrualperiodicity": "annual",
                "contact_name": "Service Open Data", "contact_email": "opendata@example.org",
            },
        },
        **members,
    }  # fmt: skip


def udata(number: int = 1, **members: Any) -> dict[str, Any]:
    """A dataset as udata's API gives it."""
    return {
        "id": f"5de8f397634f4164071{number:05}", "slug": f"arbres-{number}", "title": f"Arbres {number}",
        "description": "Les arbres de la ville", "tags": ["arbres"], "license": "lov2", "frequency": "annual",
        "created_at": "2019-12-05T13:12:01+00:00", "last_modified": "2026-05-30T08:00:00+00:00",
        "organization": {"name": "Ville d'Exemple"}, "owner": None, "page": "https://data.example.org/datasets/arbres",
        "contact_points": [{"name": "Service Open Data", "email": "opendata@example.org"}],
        "resources": [{"id": f"r{number}", "title": "Arbres", "url": f"https://data.example.org/{number}.csv",
                       "format": "csv", "mime": "text/csv", "filesize": 321}],
        **members,
    }  # fmt: skip


def junar(number: int = 1, **members: Any) -> dict[str, Any]:
    """A dataset as Junar's API gives it."""
    return {
        "guid": f"ARBOL-URBAN-{number}", "title": f"Arbolado {number}", "description": "Árboles de la ciudad",
        "category_name": "Ambiente", "tags": ["árboles"], "endpoint": f"https://datos.example.org/arbolado-{number}.csv",
        "created_at": "2017-10-02T17:04:02Z", "modified_at": "2026-05-30T08:00:00Z", "frequency": "monthly",
        "license": "http://creativecommons.org/licenses/by/4.0/", "mbox": "datos@example.org", "link": None,
        "sources": [{"source__id": 1, "source__name": "Ciudad de Ejemplo", "source__url": "https://example.org"}],
        **members,
    }  # fmt: skip


def ogd_india(number: int = 1, **members: Any) -> dict[str, Any]:
    """A resource as India's open government data platform lists it."""
    return {
        "index_name": f"9ef84268-d588-465a-a308-{number:012}", "title": f"Ward-wise water points {number}",
        "desc": "Public water points by ward", "org": ["Municipal Corporation of Example"], "org_type": "State",
        "sector": ["Water Resources"], "active": "1", "created": 1522143000 + number, "updated": 1790000000,
        "field": [{"id": "ward", "name": "Ward", "type": "keyword"}], "catalog_uuid": f"c{number}",
        **members,
    }  # fmt: skip


def kobo(number: int = 1, **members: Any) -> dict[str, Any]:
    """A deployed project as KoboToolbox's API gives it."""
    return {
        "uid": f"aBcDeFgHiJkLmNoPqRs{number:03}", "name": f"Lane survey {number}", "asset_type": "survey",
        "has_deployment": True, "owner__username": "somebody", "date_created": "2026-01-05T09:00:00Z",
        "date_modified": "2026-05-30T08:00:00Z", "deployment__submission_count": 240,
        "settings": {"sector": {"value": "WASH", "label": "Water and sanitation"}, "organization": "Lane Committee",
                     "country": [{"value": "IND", "label": "India"}], "description": "A survey of lanes",
                     "collects_pii": "Yes"},
        "summary": {"languages": ["Marathi (mr)", "English (en)"]},
        **members,
    }  # fmt: skip


def listed(number: int = 1, **members: Any) -> dict[str, Any]:
    """A dataset of a list, as its adapter reads it."""
    return {
        "identifier": f"w{number}", "title": f"Water points {number}", "description": "Taps by ward",
        "license": "CC BY 4.0", "publisher": "Water Department", "keywords": "water, taps", "contact": "Data desk",
        "email": "data@example.org", "issued": "2024-02-01", "modified": "2026-05-30",
        "files": [{"url": f"https://city.example.org/files/water-{number}.csv", "format": "CSV"}],
        **members,
    }  # fmt: skip


def dcat_ap(number: int = 1, **members: Any) -> dict[str, Any]:
    """A dataset of a DCAT-AP catalogue, as its adapter reads it."""
    uri = f"https://dati.example.org/dataset/{number}"
    return {
        "uri": uri,
        "dcat:contactPoint": [
            {"vcard:fn": ["Ufficio Open Data"], "vcard:hasEmail": [{"uri": "mailto:data@example.org"}]}
        ],
        "dcat:distribution": [
            {"uri": f"{uri}/csv", "dcat:accessURL": [{"uri": f"https://dati.example.org/{number}.csv"}],
             "dct:format": [{"uri": "http://publications.europa.eu/resource/authority/file-type/CSV"}],
             "dct:license": [{"uri": "https://creativecommons.org/licenses/by/4.0/"}], "dct:title": ["Alberi"]}
        ],
        "dcat:keyword": [{"language": "it", "text": "alberi"}, {"language": "it", "text": "parchi & giardini"}],
        "dct:accrualPeriodicity": [{"uri": "http://publications.europa.eu/resource/authority/frequency/ANNUAL"}],
        "dct:description": [{"language": "it", "text": "Gli alberi della città"}],
        "dct:identifier": [f"c_x:{number}"],
        "dct:issued": ["2020-01-02"],
        "dct:modified": ["2026-05-30"],
        "dct:publisher": [{"foaf:name": ["Comune di Esempio"]}],
        "dct:title": [{"language": "en", "text": f"Trees {number}"}, {"language": "it", "text": f"Alberi {number}"}],
        **members,
    }  # fmt: skip


def dcatd(number: int = 1, *, short: bool = False, **members: Any) -> dict[str, Any]:
    """A dataset of Amsterdam's catalogue service, in full or as its list shows it."""
    whole = {
        "@id": f"ams-dcatd:set{number}", "dct:identifier": f"set{number}", "dct:title": f"Bomen {number}",
        "dct:description": "Alle **bomen** van de stad", "ams:status": "beschikbaar", "ams:owner": "Gemeente Amsterdam",
        "ams:license": "cc-by", "ams:sort_modified": "2026-05-30", "ams:modifiedby": "onbekend",
        "dcat:keyword": ["bomen"], "dcat:theme": ["theme:openbare-ruimte-groen"], "dct:language": "lang1:nl",
        "dct:accrualPeriodicity": "year", "dct:temporal": {"time:hasBeginning": "2019-01-01"},
        "dct:publisher": {"foaf:name": "Technisch beheer"}, "ams:spatialDescription": "Amsterdam",
        "dcat:contactPoint": {"vcard:fn": "Datateam", "vcard:hasEmail": "data@example.org"},
        "foaf:isPrimaryTopicOf": {"dct:issued": "2018-02-03", "dct:modified": "2026-05-30"},
        "dcat:distribution": [
            {"@id": f"_:d{place}", "dc:identifier": str(place), "dct:title": f"Bestand {number}.{place}",
             "dcat:accessURL": f"https://data.example.org/{number}/{place}.csv", "dcat:mediaType": "text/csv",
             "ams:purl": f"https://api.example.org/dcatd/datasets/set{number}/purls/{place}"}
            for place in (1, 2)
        ],
        **members,
    }  # fmt: skip
    if not short:
        return whole
    files = [
        {name: each[name] for name in ("@id", "dcat:mediaType", "dc:identifier")} for each in whole["dcat:distribution"]
    ]
    listed = ("@id", "dct:identifier", "dct:title", "dct:description", "dcat:keyword", "dcat:theme", "ams:owner")
    return {**{name: whole[name] for name in listed}, "dcat:distribution": files}


def dcatd_catalogue(listed: list[dict[str, Any]], base: str, **members: Any) -> dict[str, Any]:
    """What Amsterdam's catalogue service answers: its own context, and a list in RDF's sense."""
    context = {
        "ams": "http://datacatalogus.amsterdam.nl/term/", "dc": "http://purl.org/dc/elements/1.1/",
        "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
        "lang1": "http://id.loc.gov/vocabulary/iso639-1/", "theme": "ams:theme#", "void": "http://rdfs.org/ns/void#",
        "time": "http://www.w3.org/2006/time#", "vcard": "http://www.w3.org/2006/vcard/ns#",
        "ams:purl": {"@type": "@id"}, "dcat:dataset": {"@container": "@list"}, "vcard:hasEmail": {"@type": "@id"},
        "dcat:distribution": {"@container": "@set"}, "dcat:keyword": {"@container": "@set"},
        "dcat:theme": {"@container": "@set", "@type": "@id"}, "dct:language": {"@type": "@id"},
        "dct:modified": {"@type": "xsd:date"}, "ams-dcatd": f"{base}/dcatd/datasets/",
    }  # fmt: skip
    return {"@context": context, "dcat:dataset": listed, **members}


def practice(number: int = 1, **members: Any) -> dict[str, Any]:
    """A city practice as its page tells it."""
    return {
        "url": f"https://practices.example.org/initiative/{number}", "name": f"Toilets planned together {number}",
        "description": "Savings groups drew the plans.", "text": "Savings groups drew them.\n\nAll six still work.",
        "inLanguage": "en", "keywords": ["sanitation"], "datePublished": "2021-04-02", "dateModified": "2026-05-30",
        "author": {"name": "City of Example"}, "license": "https://creativecommons.org/licenses/by/4.0/",
        "contentLocation": {"address": {"addressLocality": "Example", "addressCountry": "IN"}},
        "contactPoint": {"name": "Practice desk", "email": "practices@example.org"},
        "associatedMedia": [
            {"contentUrl": "https://practices.example.org/plan.pdf", "encodingFormat": "application/pdf"}
        ],
        **members,
    }  # fmt: skip


def discovered(number: int = 1, **members: Any) -> dict[str, Any]:
    """A record of Socrata's discovery API."""
    return {
        "resource": {"name": f"Permits {number}", "id": f"abcd-{number:04}", "description": "Building permits",
                     "attribution": "City of Example", "type": "dataset", "createdAt": "2013-04-05T18:11:45.000Z",
                     "updatedAt": "2026-05-30T08:00:00.000Z", "columns_name": ["PERMIT"]},
        "classification": {"categories": [], "tags": [], "domain_category": "Permits", "domain_tags": ["permits"]},
        "metadata": {"domain": "data.example.org", "license": "Creative Commons Attribution 4.0"},
        "permalink": f"https://data.example.org/d/abcd-{number:04}",
        **members,
    }  # fmt: skip


def found_at_hub(number: int = 1, **members: Any) -> dict[str, Any]:
    """A record of an ArcGIS Hub's search."""
    item = f"{HUB_ITEM}_{number}"
    service = f"https://maps.example.org/arcgis/rest/services/City/MapServer/{number}"
    return {
        "id": item, "type": "Feature", "geometry": {"type": "Point", "coordinates": [1.0, 2.0]},
        "properties": {"id": item, "title": f"Street trees, part {number}", "description": "<p>Trees</p>",
                       "tags": ["trees"], "created": 1520676000000 + number, "modified": 1790000000000, "url": service,
                       "organization": "City of Example", "slug": f"city::trees-{number}", "downloadable": True,
                       "structuredLicense": {"type": "CC-BY-4.0", "abbr": "CC-BY-4.0"}, "culture": "en-us"},
        **members,
    }  # fmt: skip
