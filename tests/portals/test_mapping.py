"""From portals' words to ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.cityportals import mapping
from ckanext.cityportals.languages import tag_of
from ckanext.cityportals.mapping import Taker


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "cc-by"),
        ("https://creativecommons.org/licenses/by-sa/3.0/es/", "cc-by-sa"),
        ("http://www.opendefinition.org/licenses/cc-zero", "cc-zero"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "cc-nc"),
        ("Creative Commons Attribution", "cc-by"),
        ("CC-BY-4.0", "cc-by"),
        ("http://opendatacommons.org/licenses/odbl/1.0/", "odc-odbl"),
        ("https://www.usa.gov/government-works", "other-pd"),
        ("uk-ogl", "uk-ogl"),
        ("", "notspecified"),
    ],
)
def test_licences_are_recognised_however_they_are_written(text: str, licence: str):
    taker = Taker({})
    assert mapping.licence(text, taker) == licence
    assert not taker.warnings


def test_a_licence_that_is_not_known_is_not_guessed():
    taker = Taker({})
    assert mapping.licence("Ask the mayor", taker) == "notspecified"
    assert "Ask the mayor" in taker.warnings[0]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-04-02", "2019-04-02"),
        ("2018-03-01T10:00:00.000Z", "2018-03-01"),
        ("22.09.2004", "2004-09-22"),
        ("2026-03", "2026-03"),
        ("2026", "2026"),
        ("", ""),
    ],
)
def test_dates_become_days(text: str, day: str):
    assert mapping.date(text, Taker({})) == day


@pytest.mark.parametrize("text", ["soon", "2019-13-45", "00000000", "1/1/99999"])
def test_what_is_no_date_is_left_out_with_a_warning(text: str):
    taker = Taker({})
    assert mapping.date(text, taker) == ""
    assert len(taker.warnings) == 1


@given(st.text())
def test_every_keyword_becomes_a_tag_ckan_accepts_or_a_warning(word: str):
    taker = Taker({})
    found = mapping.tags([word], taker)
    assert found or taker.warnings
    for tag in found:
        name = tag["name"]
        assert 2 <= len(name) <= 100
        assert name == name.strip()
        assert all(character.isalnum() or character in " -_." for character in name)


@given(st.text())
def test_a_date_never_breaks_a_record(text: str):
    mapping.date(text, Taker({}))


@given(
    st.recursive(st.none() | st.text() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_a_place_never_breaks_a_record(value: object):
    mapping.bounding_box(value)


@pytest.mark.parametrize(
    ("name", "mail", "found"),
    [
        ("Gwendolyn Marsh", "gwendolyn.marsh@example.org", ["name", "e-mail address"]),
        ("José María O'Neill", "", ["name"]),
        ("Open Data Office", "opendata@example.org", []),
        ("Parks & Recreation", "parks.info@example.org", []),
        ("Secretaría de Movilidad", "datos.abiertos@example.org", []),
        ("cincystat", "cincystat@example.org", []),
    ],
)
def test_contacts_that_are_people_are_told_from_offices(name: str, mail: str, found: list[str]):
    assert list(mapping.personal_contact(name, mail)) == found


def test_html_becomes_text_with_its_paragraphs_and_without_its_scripts():
    text = mapping.plain_text("<p>One &lt; two</p><script>alert(1)</script><ul><li>a</li><li>b</li></ul>")
    assert text == "One < two\n\na\n\nb"


@pytest.mark.parametrize("text", ["5 < 6 and 7 > 6", "Line one\nline two"])
def test_plain_text_stays_as_it_is(text: str):
    assert mapping.plain_text(text) == text


@pytest.mark.parametrize(
    ("code", "tag"), [("eng", "en"), ("es-mx", "es-MX"), ("CAT", "ca"), ("pt_BR", "pt-BR"), ("rm", "rm")]
)
def test_language_codes_become_language_tags(code: str, tag: str):
    assert tag_of(code) == tag
