"""When an answer that leaves records out may be believed."""

from __future__ import annotations

import pytest

from ckanext.cityportals.completeness import Answer, doubts


@pytest.mark.parametrize(
    ("answer", "known", "missing", "said"),
    [
        (Answer(0), 40, 40, "no records at all"),
        (Answer(0), 0, 0, "no records at all"),
        (Answer(90, announced=102), 102, 12, "announced 102 records but delivered 90"),
        (Answer(300, stopped="it broke off."), 400, 100, "stopped before the end"),
        (Answer(1000), 1093, 93, "looks like a limit"),
        (Answer(582), 643, 100, "more than 10%"),
    ],
)
def test_a_doubtful_answer_is_not_believed(answer: Answer, known: int, missing: int, said: str):
    assert any(said in reason for reason in doubts(answer, known=known, missing=missing, threshold=0.1))


@pytest.mark.parametrize(
    ("answer", "known", "missing"),
    [
        (Answer(102, announced=102), 102, 0),
        (Answer(98), 100, 3),
        (Answer(2), 5, 3),
        (Answer(1000), 900, 0),
        (Answer(960), 1000, 60),
    ],
    ids=["as announced", "a few gone", "half of a few", "round but nothing missing", "below the threshold"],
)
def test_a_plausible_answer_is_believed(answer: Answer, known: int, missing: int):
    assert doubts(answer, known=known, missing=missing, threshold=0.1) == []


def test_a_loss_that_a_person_accepted_is_believed_but_an_empty_feed_never_is():
    assert doubts(Answer(50), known=100, missing=50, threshold=1.0) == []
    assert doubts(Answer(0), known=100, missing=100, threshold=1.0)
