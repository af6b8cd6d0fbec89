"""When an answer that leaves records out may be believed."""

from __future__ import annotations

import pytest

from ckanext.cityportals.completeness import Answer, gaps, mass_loss
from ckanext.cityportals.last_time import LastTime


@pytest.mark.parametrize(
    ("answer", "missing", "said"),
    [
        (Answer(0), 40, "no records at all"),
        (Answer(0), 0, "no records at all"),
        (Answer(90, announced=102), 12, "announced 102 records but delivered 90"),
        (Answer(300, stopped="it broke off."), 100, "stopped before the end"),
        (Answer(1000), 93, "looks like a limit"),
        (Answer(10_000, announced=10_000), 93, "looks like a limit"),
    ],
)
def test_an_answer_with_gaps_says_nothing_about_what_is_not_in_it(answer: Answer, missing: int, said: str):
    assert any(said in reason for reason in gaps(answer, missing=missing))


@pytest.mark.parametrize(
    ("answer", "missing"),
    [(Answer(102, announced=102), 0), (Answer(98), 3), (Answer(1000), 0), (Answer(582), 61), (Answer(100, 100), 5)],
    ids=["as announced", "a few gone", "round but nothing missing", "many gone", "round but counted by the portal"],
)
def test_a_whole_answer_has_no_gaps(answer: Answer, missing: int):
    assert gaps(answer, missing=missing) == []


def test_a_large_loss_needs_a_persons_word_and_a_small_one_does_not():
    assert "61 of 400" in str(mass_loss(400, 61, 0.1))
    assert mass_loss(643, 61, 0.1) is None
    assert mass_loss(100, 100, 1.0) is None, "a person accepted it"


def test_a_handful_may_go_at_once_unless_it_is_a_third_of_a_small_catalogue():
    assert mass_loss(20, 5, 0.1) is None
    assert mass_loss(3, 1, 0.1) is mass_loss(2, 1, 0.1) is None, "one record is just removed"
    for known, missing in ((12, 4), (8, 4), (5, 3), (2, 2)):
        assert f"{missing} of {known}" in str(mass_loss(known, missing, 0.1))


def test_what_was_said_last_time_is_known_again_and_each_dataset_once():
    last = LastTime([("a", "1"), ("b", "2"), ("c", "3")])
    assert (last.settle("a", "1"), last.settle("b", "changed"), last.settle("new", "1")) == (True, False, False)
    assert (last.is_settled("a"), last.is_settled("b"), last.is_settled("new")) == (True, False, False)
    assert not last.settle("a", "1"), "a second record under one identifier is no second dataset"
    assert not last.all_settled
    assert (last.settle_all(), last.all_settled) == (3, True)
