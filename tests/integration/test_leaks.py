"""The leak table: content is written by every road, then read by every road, on plain CKAN and behind the gate.

Each road is tried twice. Without the gate the word it leaves must be seen by a visitor: that proves the test can fail.
With the gate nobody without the right may see it, while what was released stays readable.
"""

from __future__ import annotations

import pytest
from ckan.tests import helpers
from support.leaks import reading, writing
from support.leaks.site import running

#: Roads that the gate itself adds: plain CKAN has nothing there.
OF_THE_GATE = frozenset({
    "agreement_list", "agreement_pages", "agreement_show", "concern_list", "concern_pages", "concern_receipt",
    "evidence", "tombstones",
})  # fmt: skip
WORDS = {road.__name__: writing.word(road) for road in writing.ROADS}


#: A visitor, a user of no organisation, and a member of the organisation who may not edit.
READERS = (None, "reader", "insider")


#: What somebody of no organisation reads. The insider may read all that they may, and by every road there is.
AS_A_READER = reading.STAYS_OPEN


Texts = dict[str | None, dict[str, str]]


def attack(*, gated: bool) -> Texts:
    """Write by every road, then read by every road: as a visitor, and behind the gate as an insider too.

    What was read is in lower case, as the words are.
    """
    with running(gated=gated) as site:
        world = writing.World(site)
        writing.make_released(world)
        for road in writing.ROADS:
            road(world, writing.word(road))
        everything = (None, "insider") if gated else (None,)
        found: Texts = {user: reading.sweep(world, user) for user in everything}
        found["reader"] = reading.sweep(world, "reader", AS_A_READER)
        return {user: {road: text.lower() for road, text in texts.items()} for user, texts in found.items()}


@pytest.fixture(scope="module")
def migrated(migrate_once):
    """The gate's tables and trigger are in the database, also for the site that runs without the gate."""
    helpers._get_test_app()
    migrate_once()


@pytest.fixture(scope="module")
def plain(forget_shared_app, migrated):
    yield attack(gated=False)
    forget_shared_app()


@pytest.fixture(scope="module")
def gated(forget_shared_app, migrated):
    yield attack(gated=True)
    forget_shared_app()


@pytest.mark.parametrize("road", WORDS)
def test_what_is_written_leaks_without_the_gate(plain, road):
    """Plain CKAN shows the word to a visitor on some road, or to one who may not edit: the attack is real."""
    seen = [where for texts in plain.values() for where in seen_on(texts, WORDS[road])]
    assert seen, f"{road} leaks nothing on plain CKAN, so it proves nothing"


@pytest.mark.parametrize("user", READERS)
@pytest.mark.parametrize("road", WORDS)
def test_what_is_written_stays_behind_the_gate(gated, road, user):
    """The same word is seen by nobody who may not edit."""
    assert seen_on(gated[user], WORDS[road]) == []


@pytest.mark.parametrize("road", sorted(set(reading.READERS) - OF_THE_GATE))
def test_what_is_read_leaks_without_the_gate(plain, road):
    """Each way of reading shows something unreleased on plain CKAN: the reader looks in the right place."""
    assert words_in(plain[None][road]), f"{road} shows nothing on plain CKAN, so it proves nothing"


@pytest.mark.parametrize("road", reading.READERS)
def test_what_is_read_shows_only_releases(gated, road):
    """Behind the gate no way of reading shows anything unreleased."""
    assert words_in(gated[None][road]) == []


@pytest.mark.parametrize("road", reading.STAYS_OPEN)
def test_what_is_released_stays_readable(gated, road):
    """The gate holds what is new and keeps open what was released."""
    text = gated[None][road]
    assert writing.OPEN_WORD in text or "water-points" in text


def seen_on(texts: dict[str, str], word: str) -> list[str]:
    """The roads on which a word was seen."""
    return [road for road, text in texts.items() if word in text]


def words_in(text: str) -> list[str]:
    """The roads of writing whose word is in a text."""
    return [road for road, word in WORDS.items() if word in text]
