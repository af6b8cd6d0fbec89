"""Made-up tables of 28 countries: what tells of people is found, and something else is seldom taken for it.

Every second table: ``benchmarks/tables.py`` measures them all, and ``docs/quality.md`` says how they came about.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.city_tables import NOTHING, OPEN, MadeColumn, MadeTable, made_tables

from ckanext.privacy.engine import ScanSettings, scan_file
from ckanext.privacy.engine.findings import ColumnReport

Judged = tuple[MadeTable, MadeColumn, ColumnReport]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    return list(_judged(tmp_path_factory.mktemp("cities")))


def _judged(folder: Path) -> Iterator[Judged]:
    for table in made_tables()[::2]:
        reports = scan_file(table.write(folder), settings=ScanSettings(isolated=False)).tables[0].columns
        yield from ((table, *pair) for pair in zip(table.columns, reports, strict=True))


def test_nearly_all_that_tells_of_people_is_found(judged: list[Judged]) -> None:
    holding = [(made, report) for _, made, report in judged if made.holds not in (NOTHING, OPEN)]
    missed = [f"{made.heading} ({made.holds})" for made, report in holding if not report.sensitive]
    assert len(missed) <= 0.06 * len(holding), missed


def test_every_column_of_names_is_found(judged: list[Judged]) -> None:
    missed = [made.heading for _, made, report in judged if made.holds == "PERSON" and not report.sensitive]
    assert missed == []


def test_what_is_found_is_seldom_something_else(judged: list[Judged]) -> None:
    found = [made for _, made, report in judged if report.sensitive and made.holds != OPEN]
    wrong = [made.heading for made in found if made.holds == NOTHING]
    assert len(wrong) <= 0.1 * len(found), wrong


def test_tables_about_nobody_raise_nearly_no_alarm(judged: list[Judged]) -> None:
    about = {table.name for table, made, _ in judged if made.holds not in (NOTHING, OPEN)}
    ordinary = [(made, report) for table, made, report in judged if table.name not in about and made.holds == NOTHING]
    alarms = [made.heading for made, report in ordinary if report.sensitive]
    assert len(alarms) <= 0.03 * len(ordinary), alarms
