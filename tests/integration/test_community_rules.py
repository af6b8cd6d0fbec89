"""The rules of community data that need no database."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import pytest
import shapely
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, SKOS, Literal, URIRef

from ckanext.communitydata import fields, multilingual, places, requirements, search_index, skos, vocabularies

TYPES = ("dataset", "city-practice")
I18N = Path(vocabularies.__file__).with_name("i18n")
LONGITUDES = st.floats(-179, 179, allow_nan=False)
LATITUDES = st.floats(-80, 80, allow_nan=False)
ABOUT_PEOPLE = {"type": "dataset", "data_about": ["households"]}
HARVESTED = {
    "type": "dataset",
    "title": "Parking meters",
    "notes": "Where they stand.",
    "license_id": "cc-by",
    "data_about": ["facilities"],
    "maintainer": "Streets desk",
}


@pytest.mark.parametrize("module", [fields, multilingual, places], ids=lambda module: module.__name__)
def test_examples_in_the_documentation_hold(module):
    """Every example in a docstring gives what it says."""
    outcome = doctest.testmod(module)
    assert (outcome.failed, outcome.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("check", "given_value", "kept"),
    [
        (fields.language_tag, "pt_BR", "pt-BR"),
        (fields.language_tag, " mr ", "mr"),
        (fields.date, "2026", "2026"),
        (fields.date, "2024-02-29", "2024-02-29"),
        (fields.date, "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
        (fields.count, 412, "412"),
        (fields.count, "Unknown", "unknown"),
        (fields.share, "48,5 %", "48.5"),
        (fields.share, "Not measured", "not-measured"),
        (fields.share, 100, "100"),
        (fields.text_list, "one\n\n two ", ["one", "two"]),
        (fields.text_list, '["one", "two"]', ["one", "two"]),
    ],
)
def test_what_people_write_is_kept_in_one_spelling(check, given_value, kept):
    """Percent signs, commas and CKAN's spelling of languages are understood."""
    assert check(given_value) == kept


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (fields.language_tag, "english"),
        (fields.date, "2023-02-29"),
        (fields.date, "spring"),
        (fields.count, "-3"),
        (fields.count, "many"),
        (fields.share, "101"),
        (fields.share, "most"),
        (fields.text_list, [1]),
        (fields.text_list, {"a": 1}),
        (fields.uuid, "12"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_one_sentence(check, value):
    """The sentence ends like one and says what to write instead."""
    with pytest.raises(fields.FieldError) as refusal:
        check(value)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("plain", "texts", "plain_before", "texts_before", "expected"),
    [
        ("New", {}, None, {}, {"en": "New"}),
        ("New", {"en": "Old", "mr": "जुने"}, "Old", {"en": "Old", "mr": "जुने"}, {"en": "New", "mr": "जुने"}),
        ("Nuevo", {"es": "Viejo"}, "Viejo", {"es": "Viejo"}, {"es": "Nuevo"}),
        ("Old", {"en": "New"}, "Old", {"en": "Old"}, {"en": "New"}),
        (None, {"en": "New"}, "Old", {"en": "Old"}, {"en": "New"}),
        ("A", {"en": "B"}, None, {}, {"en": "B"}),
    ],
    ids=["plain only", "plain edited", "plain edited in Spanish", "texts edited", "no plain", "both at first"],
)
def test_a_client_that_knows_only_titles_is_understood(plain, texts, plain_before, texts_before, expected):
    """Whichever of title and title_translated was changed is the one that counts."""
    assert multilingual.follow_plain(plain, texts, plain_before, texts_before, "en") == expected


@given(LONGITUDES, LATITUDES, st.sampled_from([25, 100, 500, 5000]))
def test_rounding_twice_changes_nothing_more(longitude, latitude, metres):
    """Saving a form again must not move the outline again."""
    once = places.coarsen(shapely.Point(longitude, latitude), metres)
    again = places.coarsen(once, metres)
    assert shapely.equals_exact(once, again, 1e-6)


@given(LONGITUDES, LATITUDES)
def test_a_point_moves_less_than_a_cell_and_keeps_no_finer_digits(longitude, latitude):
    """All points within a cell become the same point: that is what hides a home."""
    step = 500 / places.METRES_IN_A_DEGREE
    rounded = places.coarsen(shapely.Point(longitude, latitude), 500)
    assert abs(rounded.y - latitude) <= step / 2 + 1e-6
    assert abs(round(rounded.y / step) - rounded.y / step) < 1e-3


def test_neighbours_become_one_point():
    """Two houses 40 metres apart cannot be told apart at ward precision."""
    here = places.stored_form({"type": "Point", "coordinates": [73.85611, 18.52041]}, 1000)
    there = places.stored_form({"type": "Point", "coordinates": [73.85640, 18.52060]}, 1000)
    assert here == there


def test_an_area_smaller_than_the_grid_stays_an_area():
    """A settlement told at city precision becomes the cell around it, not a line or nothing."""
    corners = [[73.8471, 18.4951], [73.8492, 18.4953], [73.8490, 18.4972], [73.8471, 18.4951]]
    outline = shapely.geometry.shape(
        json.loads(places.stored_form({"type": "Polygon", "coordinates": [corners]}, 5000))
    )
    assert outline.is_valid
    assert outline.area > 0
    assert shapely.equals_exact(places.coarsen(outline, 5000), outline, 1e-6)


@pytest.mark.parametrize(
    "outline",
    [
        "not json",
        "[]",
        '{"type": "Point"}',
        '{"type": "Point", "coordinates": []}',
        '{"type": "Point", "coordinates": [18.5, 173.8]}',
        '{"type": "Point", "coordinates": ["a", "b"]}',
        '{"type": "Feature", "geometry": null}',
        json.dumps({"type": "LineString", "coordinates": [[i / 1e4, i / 1e4] for i in range(3000)]}),
    ],
    ids=["text", "list", "no place", "empty", "swapped", "letters", "feature", "too detailed"],
)
def test_an_outline_that_cannot_be_kept_is_refused(outline):
    """The reason is a sentence, not a traceback."""
    with pytest.raises(fields.FieldError, match=r"\.$"):
        places.stored_form(outline, 0)


def test_a_harvested_dataset_about_things_needs_little():
    """A city's parking meters must not be asked who agreed."""
    assert requirements.missing_for_release(HARVESTED) == []


@pytest.mark.parametrize("lacking", ["title", "notes", "license_id", "data_about", "maintainer"])
def test_every_dataset_is_advised_to_say_its_core(lacking):
    """What every dataset should say is asked of harvested ones too; no release waits for it."""
    missing = requirements.missing_for_release({**HARVESTED, lacking: None})
    expected = {"title": "title_translated", "notes": "notes_translated", "maintainer": "contact"}.get(lacking, lacking)
    assert [(lack.field, lack.blocking) for lack in missing] == [(expected, False)]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({}, "consent_level"),
        ({}, "communities"),
        ({"community_data_kind": "enumeration"}, "deprivation_tenure"),
        ({"instrument": ["xlsform"]}, "device_metadata_removed"),
        ({"spatial_precision": "house"}, "spatial_generalisation"),
        ({"personal_data": ["caste"]}, "dpia"),
        ({"personal_data": ["name", "anonymised"]}, "legal_basis"),
        ({"consent_level": "not-needed"}, "consent_note"),
        ({"sensitivity": "severe"}, "sensitivity_reason"),
        ({"exposure_risk": ["eviction"]}, "exposure_risk_note"),
        ({"communities": [{"kind": "tenants"}]}, "communities-0-name_translated"),
    ],
)
def test_what_is_asked_follows_from_what_was_said(said, asked):
    """Each condition of the schema brings in its questions."""
    assert asked in {lack.field for lack in requirements.missing_for_release({**ABOUT_PEOPLE, **said})}


@pytest.mark.parametrize(
    ("said", "not_asked"),
    [
        ({"personal_data": ["anonymised"]}, "legal_basis"),
        ({"exposure_risk": ["none"]}, "exposure_risk_note"),
        ({"spatial_precision": "ward"}, "spatial_generalisation"),
        ({"communities": [{"name_translated": {"en": "T"}, "kind": "tenants", "role": ["subject"]}]}, "communities"),
    ],
)
def test_what_does_not_matter_is_not_asked(said, not_asked):
    """A question that makes no sense here would teach people to click through."""
    assert not_asked not in {lack.field for lack in requirements.missing_for_release({**ABOUT_PEOPLE, **said})}


@pytest.mark.parametrize("dataset_type", TYPES)
def test_the_schemas_hang_together(dataset_type):
    """Vocabularies, sections, conditions and RDF terms that are named exist."""
    schema = requirements.load_schema(dataset_type)
    known = {field["field_name"]: field for field in schema["dataset_fields"]}
    terms = {**vocabularies.source()["properties"], **vocabularies.source()["classes"]}
    for field in [*known.values(), *schema["resource_fields"]]:
        for part in (field, *field.get("repeating_subfields", [])):
            assert part.get("vocabulary", "yes-no") in vocabularies.schemes()
            assert not part.get("rdf", "").startswith("cdg:") or part["rdf"].removeprefix("cdg:") in terms
        if field.get("required_for_release"):
            assert field["release_message"].endswith(".")
            assert field["section"] in {section["name"] for section in schema["sections"]}
    for condition in schema["release_conditions"].values():
        tokens = vocabularies.schemes()[known[condition["field"]]["vocabulary"]].concepts
        assert set(condition.get("any_of") or condition.get("any_but")) <= set(tokens)


@pytest.mark.parametrize("name", [*vocabularies.schemes()])
def test_a_concept_is_found_by_token_and_by_address(name):
    """Harvested records name concepts by address."""
    for concept in vocabularies.concepts(name):
        assert vocabularies.find(name, concept.token) == concept
        assert vocabularies.find(name, concept.iri()) == concept


def test_the_vocabulary_is_skos():
    """Every concept has a label and stands in a scheme; own concepts live in our namespace."""
    graph = skos.graph(vocabularies.DEFAULT_NAMESPACE, {"es": {"Caste": "Casta"}.get})
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    assert all((concept, SKOS.inScheme, None) in graph for concept in concepts)
    caste = URIRef(f"{vocabularies.DEFAULT_NAMESPACE}personal-data.caste")
    assert (caste, SKOS.prefLabel, Literal("Caste", lang="en")) in graph
    assert (caste, SKOS.prefLabel, Literal("Casta", lang="es")) in graph


def test_long_texts_do_not_break_the_index():
    """Solr refuses a document with an exact term of over 32 kB; the words are still found."""
    long = json.dumps({"en": "water " * 8000})
    doc = search_index.prepare({"benefit_statement_translated": long}, [{"field_name": "benefit_statement_translated"}])
    assert "benefit_statement_translated" not in doc
    assert re.match("water water", doc["extras_benefit_statement_translated"])


def test_places_and_choices_can_be_filtered_by():
    """Areas and list entries are exact terms; coordinates are no words."""
    doc = search_index.prepare(
        {"spatial_coverage": json.dumps([{"text": "Pune", "geom": "{}"}]), "data_about": '["persons"]'},
        [{"field_name": "spatial_coverage"}, {"field_name": "data_about", "object": "concepts"}],
    )
    assert doc["vocab_place"] == ["Pune"]
    assert doc["vocab_data_about"] == ["persons"]
    assert doc["extras_spatial_coverage"] == "Pune"


@pytest.mark.parametrize("dataset_type", TYPES)
def test_the_page_on_the_schema_names_every_field(dataset_type):
    """Somebody who looks a field up finds it."""
    page = (Path(__file__).resolve().parents[2] / "docs/fields.md").read_text(encoding="utf-8")
    schema = requirements.load_schema(dataset_type)
    assert [f["field_name"] for f in schema["dataset_fields"] if f"| `{f['field_name']}` |" not in page] == []


def test_the_template_for_translators_holds_every_text():
    """Labels of the schemas and lists are found as well as those of the pages."""
    template = read_po((I18N / "ckanext-communitydata.pot").open("rb"))
    texts = {part for message in template for part in ([message.id] if isinstance(message.id, str) else message.id)}
    wanted = {field["label"] for kind in TYPES for field in requirements.load_schema(kind)["dataset_fields"]}
    wanted |= {concept.label for name in vocabularies.schemes() for concept in vocabularies.concepts(name)}
    assert wanted - texts == set()
