"""The texts of a description: none that a reader could read is missed, and what machines write is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.privacy.engine import scan_metadata
from ckanext.privacy.engine.description import Together, changed_words, texts_of

SECRET = "+91 98765 43210"
NAME = " (its name)"
HOLDERS = st.recursive(
    st.just(SECRET),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["title", "es", "contact", "hash", "made_up"]), inner, min_size=1, max_size=2),
        st.lists(inner, min_size=1, max_size=2),
        inner.map(lambda value: [{"key": "keeper", "value": value}]),
    ),
    max_leaves=6,
)


@given(HOLDERS)
def test_a_text_is_found_wherever_it_stands(value: Any) -> None:
    texts = texts_of({"field": value, "id": "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"})
    assert {text for place, text in texts.items() if not place.endswith(NAME)} == {SECRET}
    assert {finding.entity for finding in scan_metadata(texts)} == {"PHONE_NUMBER"}


@pytest.mark.parametrize(
    ("description", "texts"),
    [
        ({"modified": "2026-11-27T10:00:00.123456", "size": 5512345678, "rows": 12, "hash": "a" * 40, "url": ""}, {}),
        ({"hash": "Maria"}, {"hash": "Maria"}),
        (
            {"share": 0.25, "lat": "19.432", "home": "19.4326077", "y": 19.4326077},
            {"home": "19.4326077", "y": "19.4326077"},
        ),
        ({"called": 5512345678}, {"called": "5512345678"}),
        ({"extras": [{"key": "Ask 98765 43210", "value": ""}]}, {"extras name of a field": "Ask 98765 43210"}),
        ({"contact": [{"email": "a@b.c"}]}, {"contact 1 email": "a@b.c"}),
        (
            {
                "notes": "Ask.",
                "notes_translated": {"en": "Ask.", "es": "Pregunte."},
                "title_translated": {"en": "Ask."},
            },
            {"notes": "Ask.", "notes_translated es": "Pregunte.", "title_translated en": "Ask."},
        ),
        ({"info": json.dumps({"notes": "ठ"})}, {"info": '{"notes": "ठ"}'}),
    ],
)
def test_what_counts_as_a_text(description: dict[str, Any], texts: dict[str, str]) -> None:
    found = texts_of(description)
    assert {place: text for place, text in found.items() if not place.endswith(NAME)} == texts


@pytest.mark.parametrize(
    "said",
    [
        {"extras": [{"key": "asha_patil_hiv_positive", "value": "1"}]},
        {"extras": [{"key": "size", "value": SECRET}]},
        {"extras": [{"key": "display_name", "value": SECRET}]},
        {"resource 1": {"url": "https://example.org", "size": 919876543210}},
        {"resource 1": {"display_name": SECRET, "name": "Wells"}},
        {"column": {"size": {"notes": SECRET}}},
        {"extras": [{"key": f"Ask {SECRET}", "value": ""}, {"key": "Ask us.", "value": ""}]},
        Together(({"column": SECRET}, {"column": {}})),
        Together(({"file": SECRET}, {"file": "wells.csv"})),
    ],
)
def test_no_name_hides_what_is_said_under_it(said: Any) -> None:
    """An editor may call an extra as the gate or CKAN calls something that counts, or say it in the name itself."""
    assert changed_words(texts_of(said), {"notes": "Wells."}), "Nobody would be asked about these words."


def test_what_another_member_says_and_the_size_of_a_file_are_told_once() -> None:
    tag, file = {"name": "water", "display_name": "water"}, {"url": "https://example.org", "size": 5512345678}
    assert set(texts_of({"tags": [tag]}).values()) == {"tags", "name", "water"}
    assert set(texts_of({"resource 1": file}).values()) == {"resource 1", "url", "https://example.org"}


def test_changed_words_are_named_by_their_place() -> None:
    approved = {"notes": "Wells.", "tags 1 name": "water", "url": "https://example.org/1", "file": "w_20261126.csv"}
    moved = {"notes": "Wells.", "tags 2 name": "water", "url": "https://example.org/2", "file": "w_20261127.csv"}
    assert changed_words(moved, approved, {"url"}) == ()
    assert changed_words(moved, approved) == ("url",), "An address can say as much as any text."
    assert changed_words({**moved, "notes": "Ask Maria."}, approved, {"url"}) == ("notes",)
