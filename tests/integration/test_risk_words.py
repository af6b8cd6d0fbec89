"""Every figure of a scan's risk has its sentence on the review page."""

from __future__ import annotations

import pytest
from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.findings import (
    Diversity,
    Dominance,
    Points,
    RiskReport,
    Undone,
    to_dict,
)
from ckanext.privacy.views import risk_words


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tk, "_", str)
    monkeypatch.setattr(tk, "ungettext", lambda one, many, count: one if count == 1 else many)
    monkeypatch.setattr(risk_words, "said", str)


def test_a_table_without_figures_says_nothing_more() -> None:
    assert list(risk_words.sentences(to_dict(RiskReport()))) == []


def test_every_figure_is_said() -> None:
    risk = RiskReport(
        people=40,
        most_rows=3,
        special_uniques=2,
        l_diversity=(Diversity("illness", 1, 0.42, 7), Diversity("income", 3)),
        points=(Points(("lat", "lon"), 50, 5, 9.6, 12),),
        undone=(Undone("cases", 1, (4,)),),
        dominance=(Dominance(("sector", "turnover"), "p%", 2),),
        other_quasi_identifiers=("occupation",),
        not_said=("The table is too long for that.",),
    )
    assert list(risk_words.sentences(to_dict(risk))) == [
        "The rows are about 40 people; one of them has 3 rows.",
        "2 rows stand alone by one or two columns already.",
        "In 7 rows, illness is known without finding the row: everyone in their group has the same.",
        "In some group the shares of illness lie 42% away from those of the whole table.",
        "Every group of people who look the same has at least 3 different values of income.",
        "Places in lat, lon are told to within 10 metres; 12 of 50 have no other within 100 metres.",
        "1 small count in cases was left out, but its totals give it away.",
        "2 amounts in sector, turnover are mostly made up by one or two contributors, who can work out each other's.",
        "Who knows occupation as well can narrow it down further.",
        "The table is too long for that.",
    ]
