"""Community data in RDF: what is written can be read again, is valid DCAT-AP, and calls a practice a practice."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ckan.tests import factories, helpers
from ckanext.dcat.processors import RDFSerializer
from hypothesis import HealthCheck, Phase, given, settings
from pyshacl import validate
from rdflib import DCAT, DCTERMS, ODRL2, RDF, Graph, URIRef
from support import descriptions

from ckanext.communitydata import requirements, vocabularies
from ckanext.communitydata.parser import CommunityParser

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
SITE = "http://catalogue.example.org"

SHAPES = Path(__file__).resolve().parents[1] / "data/shacl"
#: Profiles and the official shapes that their output must fit; where the shapes come from stands beside them.
STANDARDS = {
    "dcat-ap": (["euro_dcat_ap_3", "communitydata"], ["dcat-ap-3.0.1-shapes", "dcat-ap-3.0.1-range"]),
    "dcat-us": (["dcat_us_3", "communitydata_us"], ["dcat-us-3.0-shapes"]),
}
#: What a catalogue keeps about its own work is no part of a description.
OWN_BOOKS = {"harvest_source_id"}


@cache
def shapes_of(standard: str) -> Graph:
    graph = Graph()
    for name in STANDARDS[standard][1]:
        graph.parse(SHAPES / f"{name}.ttl")
    return graph


def package(**values: Any) -> dict[str, Any]:
    return {
        "id": "0c1d", "name": "survey", "type": "dataset", "title": "Survey", "notes": "All lanes", "state": "active",
        "title_translated": {"en": "Survey", "pt-BR": "Pesquisa"}, "notes_translated": {"en": "All lanes"},
        "resources": [], "tags": [], "extras": [], **values,
    }  # fmt: skip


def resource(**values: Any) -> dict[str, Any]:
    return {"id": "r1", "package_id": "0c1d", "url": "https://example.org/a", **values}


def graph_of(description: dict[str, Any], profiles: list[str] = PROFILES) -> Graph:
    serializer = RDFSerializer(profiles=profiles)
    serializer.graph_from_dataset(deepcopy(description))
    turtle = serializer.g.serialize(format="turtle")
    return Graph().parse(data=turtle, format="turtle")


def read_back(graph: Graph, dataset_type: str = "dataset") -> dict[str, Any]:
    parser = CommunityParser(profiles=PROFILES, dataset_type=dataset_type)
    parser.parse(graph.serialize(format="turtle"), _format="ttl")
    return next(iter(parser.datasets()))


@pytest.mark.parametrize("dataset_type", [*requirements.SCHEMA_FILES])
def test_every_field_comes_back(dataset_type):
    """Over Turtle and back, field by field, rows in their order, whatever was said; a new field is tried by itself."""

    @QUICK
    @given(descriptions.descriptions(dataset_type), descriptions.descriptions(dataset_type, "resource_fields"))
    def round_trip(description, file):
        given_ = package(type=dataset_type, **description)
        back = read_back(graph_of({**given_, "resources": [resource(**file)]}))
        assert back["type"] == dataset_type
        for name in set(description) - OWN_BOOKS:
            assert back.get(name) == description[name], name
        for name in file:
            assert back["resources"][0].get(name) == file[name], name

    round_trip()


def test_an_area_of_another_catalogue_is_read_from_wkt():
    """Every area, not the first alone; an outline that is none is left out."""
    turtle = """
    @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
    @prefix locn: <http://www.w3.org/ns/locn#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    @prefix gsp: <http://www.opengis.net/ont/geosparql#> .
    <https://example.org/d> a dcat:Dataset ; dct:title "D" ;
      dct:spatial <https://example.org/a>, <https://example.org/b> .
    <https://example.org/a> skos:prefLabel "A" ; locn:geometry "POINT (73.85 18.52)"^^gsp:wktLiteral .
    <https://example.org/b> skos:prefLabel "B" ; locn:geometry "nowhere" .
    """
    areas = read_back(Graph().parse(data=turtle, format="turtle"))["spatial_coverage"]
    assert [area["text"] for area in areas] == ["A", "B"]
    assert json.loads(areas[0]["geom"])["coordinates"] == [73.85, 18.52]
    assert "geom" not in areas[1]


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


@pytest.mark.parametrize("standard", [*STANDARDS])
def test_a_full_description_fits_the_official_shapes(standard):
    """Every field filled, in words where a list would be better: no violation."""

    @settings(QUICK, max_examples=3)
    @given(descriptions.descriptions("dataset"), descriptions.descriptions("dataset", "resource_fields"))
    def is_valid(description, file):
        core = {"license_url": "https://example.org/by", "tags": [{"name": "water"}], "url": "https://example.org/p"}
        files = [resource(**file, format="CSV", mimetype="text/csv", size=12, hash="ab", name="Households")]
        graph = graph_of(package(**{**description, **core, "resources": files}), STANDARDS[standard][0])
        conforms, _, report = validate(graph, shacl_graph=shapes_of(standard))
        assert conforms, report

    is_valid()


@pytest.mark.parametrize("fmt", ["CSV", "GeoJSON", "Something odd", ""])
def test_a_bare_description_fits_them_too(fmt):
    """Whatever format a file says it has."""
    graph = graph_of(package(resources=[resource(format=fmt)], frequency="R/P1Y", access_rights="Ask the desk"))
    conforms, _, report = validate(graph, shacl_graph=shapes_of("dcat-ap"))
    assert conforms, report


@pytest.mark.parametrize("standard", [*STANDARDS])
def test_the_shapes_would_notice(standard):
    """A graph without a description fails them."""
    graph = graph_of(package(notes_translated={}, notes=""), STANDARDS[standard][0])
    assert not validate(graph, shacl_graph=shapes_of(standard))[0]


def test_what_may_be_done_is_an_odrl_offer():
    """The boxes that people tick become permissions, prohibitions and duties; a dataset without any has no offer."""
    graph = graph_of(package(release_decision="limited", allowed_use=["no-enforcement", "report-back"]))
    offer = graph.value(URIRef(f"{SITE}/dataset/0c1d"), ODRL2.hasPolicy)
    assert (offer, RDF.type, ODRL2.Offer) in graph
    permission = graph.value(offer, ODRL2.permission)
    duties = {graph.value(duty, ODRL2.action) for duty in graph.objects(permission, ODRL2.duty)}
    assert duties == {ODRL2.obtainConsent, URIRef(f"{CDG}reportBack")}
    limit = graph.value(graph.value(offer, ODRL2.prohibition), ODRL2.constraint)
    assert graph.value(limit, ODRL2.rightOperand) == URIRef(f"{CDG}enforcement")
    assert (None, ODRL2.hasPolicy, None) not in graph_of(package())


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
        ("hasPersonalData", f"{dpv}SpecialCategoryPersonalData"),
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
