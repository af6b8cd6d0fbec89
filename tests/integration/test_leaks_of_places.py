"""The leak table of what the community fields add: read before a release and after it, by every road they open."""

from __future__ import annotations

import pytest
from support.leaks import places
from support.leaks.places import OUTLINE, PALABRA, WORD
from support.releases import make_dataset
from support.releasing import end, release

from ckanext.privacy.gate import leak_check

pytestmark = pytest.mark.usefixtures("community")

TABLE = "point,litres,lat,lon\n" + "".join(f"{WORD},12,10.1{row},10.1{row}\n" for row in range(10, 40))


@pytest.fixture
def held():
    """A dataset about a place, in two languages, with an outline and a table; nobody released it."""
    return make_dataset(
        TABLE,
        name="about-a-place",
        title_translated={"en": f"Taps {WORD}", "es": f"Grifos {PALABRA}"},
        spatial_coverage=[{"text": "Canary Basti", "geom": OUTLINE}],
        spatial_precision="ward",
    )


def seen(texts: dict[str, str]) -> set[str]:
    """The roads on which something of the dataset was seen; what was asked for, and a page repeats, is none of it."""
    told = (WORD, f"Grifos {PALABRA}", "Canary Basti", "10.1")
    return {road for road, text in texts.items() if any(word in text for word in told)}


def test_nothing_of_a_place_is_read_before_its_release_and_nothing_after_it_ended(held, app):
    """Each road shows the dataset while it is released, which proves that it looks in the right place; else never."""
    assert seen(places.read(app, held)) == set()
    made = release(held["id"])
    assert set(places.READERS) - seen(places.read(app, held)) == set()
    assert leak_check.find_leaks() == []
    end(made)
    assert seen(places.read(app, held)) == set()
