"""Made-up descriptions of datasets and practices that fill every field of a schema: nothing may get lost."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ckanext.communitydata import requirements, vocabularies

OUTLINE = '{"type": "Point", "coordinates": [73.8512, 18.4965]}'
#: Words that have broken forms, JSON, Turtle or templates somewhere before.
WORDS = st.sampled_from(
    [
        "0",
        "None",
        "[]",
        "{}",
        "पार्वती पायथा",
        "حيّ الأمل",
        'a < b & "c"',
        "it's",
        "50 %",
        "{name}",
        "back\\slash",
        "C:/d",
        "x-0-y",
    ]
)
ADDRESSES = st.integers(1, 999).map("https://example.org/{}".format)
LANGUAGES = st.lists(st.sampled_from(["en", "es", "mr", "pt-BR", "ar"]), min_size=1, max_size=3, unique=True)
#: Columns as a form brings them, with what other standards say about them.
COLUMNS = st.fixed_dictionaries(
    {"name": st.sampled_from(["age", "q1", "hh/water", "वय"]), "type": st.sampled_from(["string", "integer"])},
    optional={
        "titles": st.just({"en": "Age", "mr": "वय"}),
        "hxl:tag": st.just("#affected+age"),
        "dpv:hasPersonalData": st.just("https://w3id.org/dpv/pd#Age"),
    },
)

BY_PRESET = {
    "community_text": WORDS,
    "community_long_text": WORDS,
    "community_multilingual": st.dictionaries(
        st.sampled_from(["en", "es", "mr", "pt-BR"]), WORDS, min_size=1, max_size=3
    ),
    "community_lines": st.lists(ADDRESSES, min_size=1, max_size=3, unique=True).map(sorted),
    "community_languages": LANGUAGES.map(sorted),
    "community_url": ADDRESSES,
    "community_email": st.just("desk@example.org"),
    "community_date": st.sampled_from(["2026", "2026-03", "2026-03-01"]),
    "community_count": st.one_of(st.just("unknown"), st.integers(0, 10**6).map(str)),
    "community_share": st.one_of(st.just("not-measured"), st.integers(0, 100).map(str)),
    "community_geometry": st.just(OUTLINE),
    "community_table_schema": st.fixed_dictionaries(
        {"fields": st.lists(COLUMNS, min_size=1, max_size=3, unique_by=lambda column: column["name"])}
    ),
}
#: Fields that CKAN itself has opinions about; the tests that need them set them.
CORE = {
    "title",
    "notes",
    "name",
    "owner_org",
    "license_id",
    "tag_string",
    "url",
    "format",
    "author_email",
    "maintainer_email",
}
OWN_RULES = {
    "local_contexts_project": st.uuids().map(str),
    "spatial_resolution_in_meters": st.just(["30"]),
    "version": st.just("2.1"),
    "uri": ADDRESSES,
    "applicable_legislation": st.lists(ADDRESSES, min_size=1, max_size=2, unique=True).map(sorted),
}


def values(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the field keeps as they are."""
    if field["field_name"] in OWN_RULES:
        return OWN_RULES[field["field_name"]]
    if "vocabulary" in field:
        return _chosen(field) if field["preset"].startswith("community_choice") else _addressed(field)
    if "repeating_subfields" in field:
        row = st.fixed_dictionaries({f["field_name"]: values(f) for f in field["repeating_subfields"]})
        return st.lists(row, min_size=1, max_size=2)
    return BY_PRESET.get(field.get("preset", ""), WORDS)


def _chosen(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    tokens = [concept.token for concept in vocabularies.concepts(field["vocabulary"])]
    if field["preset"] == "community_choice":
        return st.sampled_from(tokens)
    return st.sets(st.sampled_from(tokens), min_size=1, max_size=4).map(
        lambda chosen: [t for t in tokens if t in chosen]
    )


def _addressed(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Entries of another catalogue's list by their addresses, or an address that is in no list of ours."""
    known = [concept.iri() for concept in vocabularies.concepts(field["vocabulary"])]
    one = st.sampled_from([*known, "https://example.org/own-list/1"])
    if field["preset"] == "community_open_choice":
        return one
    return st.lists(one, min_size=1, max_size=3, unique=True).map(sorted)


def fields_of(dataset_type: str, part: str = "dataset_fields") -> list[dict[str, Any]]:
    """The fields of a schema that are not CKAN's own."""
    schema = requirements.load_schema(dataset_type) or {}
    return [field for field in schema[part] if field["field_name"] not in CORE]


def descriptions(dataset_type: str, part: str = "dataset_fields") -> st.SearchStrategy[dict[str, Any]]:
    """Descriptions with every field filled, each in many ways."""
    return st.fixed_dictionaries({field["field_name"]: values(field) for field in fields_of(dataset_type, part)})
