"""Places of one name are told apart by where they are, whatever the order in which they are read."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ckanext.communitydata import namesakes
from ckanext.communitydata.namesakes import Mention, told_apart

HERE, BESIDE, FAR = shapely.box(73.8, 18.5, 73.9, 18.6), shapely.Point(73.905, 18.55), shapely.Point(-77.05, -12.05)
MENTIONS = st.lists(
    st.builds(
        Mention,
        st.lists(st.tuples(st.sampled_from([HERE, BESIDE, FAR]), st.sampled_from([0, 250])), max_size=2).map(tuple),
        st.sampled_from(["", "cl", "es"]),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("mentions", "places"),
    [
        ([Mention(((HERE, 0),)), Mention(((BESIDE, 0),)), Mention()], [[0, 1, 2]]),
        ([Mention(((HERE, 0),)), Mention(((FAR, 0),)), Mention()], [[0], [1], [2]]),
        ([Mention(((HERE, 0),)), Mention(country="in"), Mention()], [[0, 1, 2]]),
        ([Mention(country="cl"), Mention(country="es"), Mention(((HERE, 0),))], [[0], [1], [2]]),
        ([Mention(((shapely.Point(0, 0), 0),)), Mention(((shapely.Point(0.05, 0), 0),))], [[0], [1]]),
        ([Mention(((shapely.Point(0, 0), 5000),)), Mention(((shapely.Point(0.05, 0), 5000),))], [[0, 1]]),
        ([], []),
    ],
)
def test_what_lies_near_or_could_be_the_same_is_one_place(mentions, places):
    """An outline is as wide as it is exact; one spot and one country may be the same place's."""
    assert sorted(told_apart(mentions).values()) == places


@given(MENTIONS, st.randoms(use_true_random=False))
def test_no_record_is_lost_and_order_changes_nothing(mentions, random):
    """Every mention lies in some place; shuffled, the same mentions lie together."""
    shuffled = random.sample(range(len(mentions)), len(mentions))
    found, again = told_apart(mentions), told_apart([mentions[n] for n in shuffled])
    assert {n for places in found.values() for n in places} == set(range(len(mentions)))
    assert {frozenset(places) for places in found.values()} == {
        frozenset(shuffled[n] for n in places) for places in again.values()
    }


def test_an_address_finds_its_place_after_the_outline_was_drawn_anew():
    """The nearest spot is meant, and none that is far away."""
    marks = ["18.55,73.85", "-12.05,-77.05", "cl"]
    assert namesakes.meant("18.60,73.80", marks) == "18.55,73.85"
    assert namesakes.meant("cl", marks) == "cl"
    assert namesakes.meant("1.00,1.00", marks) is None
    assert namesakes.meant("nonsense", marks) is None
