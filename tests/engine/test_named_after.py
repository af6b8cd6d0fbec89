"""`Plaza Simón Bolívar`, `Juan Pérez SL`, `Escuela Benito Juárez` and a councillor told apart, in many languages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.city_tables import maker_of, named_after_people

from ckanext.privacy.engine.evidence import Column, column_of
from ckanext.privacy.engine.profile import ColumnProfile, Draw
from ckanext.privacy.engine.verdict import judge_columns

CELLS = 40


def _column(heading: str, cells: Sequence[str]) -> Column:
    order = np.arange(len(cells))
    return column_of(ColumnProfile(heading, heading, len(cells), Draw(order / len(cells), order + 1, tuple(cells))))


@pytest.mark.parametrize("country", named_after_people())
def test_people_are_told_from_what_is_named_after_them(country: str) -> None:
    maker = maker_of(country)
    others = {
        "after": [maker.filled(maker.one("after")) for _ in range(CELLS)],
        "companies": [maker.filled(maker.one("companies")) for _ in range(CELLS)],
        "streets": [maker.street() for _ in range(CELLS)],
    }
    taken = [kind for kind, cells in others.items() if "PERSON" in _column("", cells).evidence]
    assert taken == []
    assert "PERSON" in _column("", [maker.name() for _ in range(CELLS)]).evidence


@pytest.mark.parametrize(
    ("country", "office", "party"),
    [
        ("mx", "concejal", "partido"), ("br", "vereador", "partido"), ("fr", "maire", "parti"),
        ("it", "consigliere", "partito"), ("nl", "raadslid", "fractie"), ("de", "Ratsmitglied", "Fraktion"),
        ("pl", "radny", "partia"), ("tr", "meclis üyesi", "parti"), ("id", "anggota dprd", "fraksi"),
        ("hi", "पार्षद", "पार्टी"), ("ar", "عضو المجلس", "الحزب"), ("zh", "议员", "政党"), ("ja", "議員", "会派"),
        ("ru", "депутат", "фракция"), ("ke", "diwani", "chama"), ("gb", "councillor", "party"),
    ],
)  # fmt: skip
def test_councillors_are_named_for_their_office(country: str, office: str, party: str) -> None:
    maker = maker_of(country)
    names = _column(office, [maker.name() for _ in range(CELLS)])
    report = judge_columns([names, _column(party, ["A", "B"] * (CELLS // 2))])[0]
    assert (report.sensitive, report.sensitivity.value) == (True, "low")
    assert "in public office" in report.reason
