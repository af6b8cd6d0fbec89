"""Community data in RDF: what is written can be read again, is valid DCAT-AP, and calls a practice a practice."""

from __future__ import annotations

from typing import Any

import pytest
from ckan.tests import factories, helpers
from ckanext.dcat.processors import RDFParser, RDFSerializer
from hypothesis import HealthCheck, Phase, given, settings
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal, URIRef
from support import descriptions

from ckanext.communitydata import requirements, vocabularies

PROFILES = ["euro_dcat_ap_3", "communitydata"]
#: Without shrinking: an example is as long as the schema either way.
QUICK = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
CDG = vocabularies.DEFAULT_NAMESPACE

#: The least that DCAT-AP 3.0.1 asks of a dataset and a distribution, in our own words.
DCAT_AP_MINIMUM = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:nodeKind sh:Literal ; sh:uniqueLang true ] ;
  sh:property [ sh:path dct:description ; sh:minCount 1 ; sh:nodeKind sh:Literal ; sh:uniqueLang true ] ;
  sh:property [ sh:path dct:publisher ; sh:maxCount 1 ; sh:class foaf:Agent ] ;
  sh:property [ sh:path dct:spatial ; sh:class dct:Location ] ;
  sh:property [ sh:path dct:temporal ; sh:class dct:PeriodOfTime ] ;
  sh:property [ sh:path dcat:distribution ; sh:class dcat:Distribution ] .
[] a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dct:format ; sh:maxCount 1 ; sh:nodeKind sh:IRI ; sh:class dct:MediaTypeOrExtent ] ;
  sh:property [ sh:path dcat:mediaType ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dct:license ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dcat:byteSize ; sh:maxCount 1 ; sh:nodeKind sh:Literal ] .
"""


def package(**values: Any) -> dict[str, Any]:
    return {
        "id": "0c1d", "name": "survey", "type": "dataset", "title": "Survey", "notes": "All lanes", "state": "active",
        "title_translated": {"en": "Survey", "pt-BR": "Pesquisa"}, "notes_translated": {"en": "All lanes"},
        "resources": [], "tags": [], "extras": [], **values,
    }  # fmt: skip


def resource(**values: Any) -> dict[str, Any]:
    return {"id": "r1", "package_id": "0c1d", "url": "https://example.org/a", **values}


def graph_of(description: dict[str, Any]) -> Graph:
    serializer = RDFSerializer(profiles=PROFILES)
    serializer.graph_from_dataset(description)
    turtle = serializer.g.serialize(format="turtle")
    return Graph().parse(data=turtle, format="turtle")


def read_back(graph: Graph, dataset_type: str = "dataset") -> dict[str, Any]:
    parser = RDFParser(profiles=PROFILES, dataset_type=dataset_type)
    parser.parse(graph.serialize(format="turtle"), _format="ttl")
    return next(iter(parser.datasets()))


def mapped(fields: list[dict[str, Any]]) -> list[str]:
    return [field["field_name"] for field in fields if "rdf" in field]


def unordered(value: Any) -> Any:
    """Rows have no order in RDF."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sorted(value, key=repr)
    return value


@QUICK
@given(descriptions.descriptions("dataset"))
def test_every_field_that_goes_out_comes_back(description):
    """Over Turtle and back, field by field, whatever was said."""
    given_rows = description["communities"]
    description["communities"] = [dict(row) for row in given_rows]
    back = read_back(graph_of(package(**description)))
    for name in mapped(descriptions.fields_of("dataset")):
        expected = description[name]
        if name == "communities":
            keyed = [{k: row[k] for k in sorted(row)} for row in expected]
            assert unordered([{k: row[k] for k in sorted(row)} for row in back[name]]) == unordered(keyed)
            continue
        assert back[name] == expected, name


@QUICK
@given(descriptions.descriptions("dataset", "resource_fields"))
def test_every_field_of_a_file_comes_back(description):
    """Also those of a distribution, with its short format name."""
    back = read_back(graph_of(package(resources=[resource(format="GeoJSON", **description)])))
    for name in mapped(descriptions.fields_of("dataset", "resource_fields")):
        assert back["resources"][0][name] == description[name], name
    assert back["resources"][0]["format"] == "GeoJSON"


def test_what_ckanext_dcat_writes_itself_comes_back_too():
    """Title and description in every language, the area, the time, the contact."""
    said = package(
        spatial_coverage=[{"text": "Pune", "geom": '{"type": "Point", "coordinates": [73.85, 18.52]}'}],
        temporal_coverage=[{"start": "2026-01", "end": "2026-03"}],
        contact=[{"name": "Desk", "email": "desk@example.org"}],
    )
    back = read_back(graph_of(said))
    assert {k: v for k, v in back["title_translated"].items() if v} == said["title_translated"]
    assert back["temporal_coverage"] == said["temporal_coverage"]
    assert back["contact"][0]["email"] == "desk@example.org"
    assert back["spatial_coverage"][0]["text"] == "Pune"


@pytest.mark.parametrize("fmt", ["CSV", "XLSX", "GeoJSON", "Something odd", ""])
def test_a_dataset_is_valid_dcat_ap(fmt):
    """Whatever format a file says it has."""
    graph = graph_of(
        package(
            resources=[resource(format=fmt, mimetype="text/csv", size=12)],
            spatial_coverage=[{"text": "Pune"}], temporal_coverage=[{"start": "2026"}], license_url="https://example.org/by",
        )
    )  # fmt: skip
    conforms, _, report = validate(graph, shacl_graph=Graph().parse(data=DCAT_AP_MINIMUM, format="turtle"))
    assert conforms, report


def test_the_shapes_would_notice():
    """A graph without a description and with a format in words fails them."""
    graph = graph_of(package(notes_translated={}, notes="", resources=[resource(format="CSV")]))
    distribution = graph.value(predicate=RDF.type, object=DCAT.Distribution)
    graph.add((distribution, DCTERMS["format"], Literal("CSV")))
    assert not validate(graph, shacl_graph=Graph().parse(data=DCAT_AP_MINIMUM, format="turtle"))[0]


def test_the_legal_side_speaks_dpv():
    """Purposes, bases and kinds of data carry the names that other tools know."""
    graph = graph_of(
        package(purpose=["statistics"], legal_basis=["public-interest"], personal_data=["caste", "health"])
    )
    dpv = vocabularies.expand("dpv:")
    said = {(str(p).removeprefix(dpv), str(o)) for _, p, o in graph if str(p).startswith(dpv)}
    assert said == {
        ("hasPurpose", f"{dpv}ProvideOfficialStatistics"),
        ("hasLegalBasis", f"{dpv}PublicInterest"),
        ("hasPersonalData", f"{CDG}personal-data.caste"),
        ("hasPersonalData", "https://w3id.org/dpv/pd#MedicalHealth"),
    }


def test_the_precision_is_said_in_metres_too():
    """For those who know only DCAT."""
    graph = graph_of(package(spatial_precision="block"))
    assert float(next(graph.objects(None, DCAT.spatialResolutionInMeters))) == 250


def test_a_practice_is_not_a_dataset_and_not_in_the_catalogue(clean_site, with_request_context):
    """It is a CityPractice of its own, and the data it used are references."""
    user = factories.Sysadmin()
    common = {"owner_org": factories.Organization(user=user)["id"], "notes": "N"}
    context = {"user": user["name"]}
    helpers.call_action("package_create", context, name="data-set", title="Data", **common)
    practice = helpers.call_action(
        "package_create",
        context,
        type="city-practice",
        name="practice",
        title="Practice",
        data_used=["https://example.org/d"],
        **common,
    )
    graph = Graph().parse(
        data=helpers.call_action("dcat_dataset_show", context, id="practice", format="ttl"), format="turtle"
    )
    node = next(graph.subjects(RDF.type, URIRef(f"{CDG}CityPractice")))
    assert (node, RDF.type, DCAT.Dataset) not in graph
    assert (node, DCTERMS.references, URIRef("https://example.org/d")) in graph
    catalogue = helpers.call_action("dcat_catalog_show", context, format="ttl")
    assert practice["id"] not in catalogue


def test_the_vocabulary_is_served_to_people_and_machines(app):
    """By what the client accepts and by suffix; an unknown suffix is said to be one."""
    page = app.get("/ns/community-data", headers={"Accept": "text/html"}, status=200)
    assert page.content_type.startswith("text/html")
    for address, accept, fmt in (
        ("/ns/community-data", "text/turtle", "turtle"),
        ("/ns/community-data", "application/ld+json", "json-ld"),
        ("/ns/community-data.rdf", "*/*", "xml"),
    ):
        answer = app.get(address, headers={"Accept": accept}, status=200)
        graph = Graph().parse(data=answer.data, format=fmt)
        assert (URIRef(f"{CDG}consent-level.collective"), None, None) in graph
    app.get("/ns/community-data.docx", status=404)


def test_every_term_used_in_rdf_is_written_down():
    """What the schema maps to in our namespace is defined where the vocabulary is served."""
    defined = {*vocabularies.source()["properties"], *vocabularies.source()["classes"]}
    for dataset_type in requirements.SCHEMA_FILES:
        schema = requirements.load_schema(dataset_type) or {}
        used = {f.get("rdf", "") for part in ("dataset_fields", "resource_fields") for f in schema[part]}
        assert {name.removeprefix("cdg:") for name in used if name.startswith("cdg:")} <= defined
