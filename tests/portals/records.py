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
