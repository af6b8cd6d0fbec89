"""The leak check reads the search index itself: whatever puts a word there that no release says is told by field."""

from __future__ import annotations

import pytest
from ckan.lib.search.common import make_connection
from support.leaks.places import OUTLINE
from support.releases import make_dataset
from support.releasing import release

from ckanext.privacy.gate import index, index_terms, leak_check

pytestmark = pytest.mark.usefixtures("community")

WORD = "canaryheld"


@pytest.fixture
def document():
    """The document of a released dataset about a place, in two languages, as it went into the index."""
    made = make_dataset(
        "point,litres\na,12\n",
        name="about-a-place",
        title_translated={"en": "Cities with taps", "es": "Ciudades con grifos"},
        notes_translated={"en": "The wells of L'Étang, by ward", "es": "Pozos de Ñandú"},
        spatial_coverage=[{"text": "Canary Basti", "geom": OUTLINE}],
        spatial_precision="ward",
    )
    release(made["id"])
    found = index.expected_document(made["id"])
    assert found is not None
    return found


def told(document: dict) -> str:
    """Put a document into the index, past CKAN and the gate, and return what the leak check says about it."""
    make_connection().add(docs=[document], commit=True)
    return "\n".join(leak["what"] for leak in leak_check.find_leaks())


def test_what_the_gate_indexed_itself_is_no_leak(document):
    """The document as the gate made it passes, with its stems, pairs of letters, places and frames."""
    assert leak_check.find_leaks() == []


#: By field, what is put there beside what the release says: stored or not, cut into words or kept whole.
HELD = {
    "words_es": [WORD],
    "words_zh": ["保密的村"],
    "vocab_place": ["Canary Basti", WORD],
    "vocab_anything": [WORD],
    "text": [f"wells {WORD}"],
    "title_string": WORD,
    "some_field_of_a_plugin": WORD,
    "extras_note": f"wells {WORD}",
    "tags": [WORD],
    "organization": WORD,
    "res_description": [WORD],
    "area_frames": ["ENVELOPE(30.0,30.1,40.1,40.0)"],
    "permission_labels": ["public", "works-somebody-else"],
}


def test_a_word_that_only_the_index_says_is_told(document):
    """Each field that says more than the release is named, and nothing is told once it is gone."""
    unseen = [
        field for field, value in HELD.items() if f"The field '{field}' of" not in told({**document, field: value})
    ]
    assert unseen == []
    assert told(document) == ""


def test_an_index_that_cannot_be_compared_is_no_clean_bill(document, monkeypatch):
    """A Solr that does not tell its terms leaves the leak check with something to say."""
    monkeypatch.setattr(index_terms.Terms, "_ask", lambda self, handler, **asked: {})
    assert told(document) == "The search index could not be compared: KeyError."
