"""Disclosure risk says exactly what counting by hand would say, on any table and in any kind of batch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine.attributes import attribute_of, load_rules
from ckanext.privacy.engine.disclosure import RiskSettings, table_risk
from ckanext.privacy.engine.findings import ColumnReport, EntityFinding, RiskReport, Sensitivity
from ckanext.privacy.engine.tables import Table

KINDS = {
    "age": ("AGE", Sensitivity.MODERATE),
    "sex": ("SEX", Sensitivity.MODERATE),
    "caste": ("CASTE_OR_ETHNICITY", Sensitivity.SEVERE),
    "born": ("DATE_OF_BIRTH", Sensitivity.HIGH),
    "illness": ("HEALTH", Sensitivity.SEVERE),
}


def report(name: str, rows: int = 1) -> ColumnReport:
    if name not in KINDS:
        return ColumnReport(name, rows, False, Sensitivity.NONE, "")
    entity, sensitivity = KINDS[name]
    return ColumnReport(name, rows, True, sensitivity, "", (EntityFinding(entity, 0.9, rows, 1.0),))


def risk(columns: Mapping[str, Sequence[str | None]], **limits: int) -> RiskReport:
    return table_risk(pl.DataFrame(columns), [report(name) for name in columns], RiskSettings(**limits))


def batched(frame: pl.DataFrame, size: int) -> Table:
    def read() -> Iterable[pl.DataFrame]:
        return frame.iter_slices(size)

    return Table("t", tuple(frame.columns), tuple(frame.columns), read)


cells = st.sampled_from(["1", "2", "3", "M", " m", "F", "", None])
tables = st.lists(st.tuples(cells, cells, cells, cells), min_size=1, max_size=40)


def plain(cell: str | None) -> str:
    return (cell or "").strip().lower()


@settings(max_examples=60, deadline=None)
@given(tables, st.integers(1, 7))
def test_k_l_and_uniques_are_what_counting_by_hand_gives(rows: list[tuple[str | None, ...]], size: int) -> None:
    names = ["age", "sex", "ward", "caste"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    found = table_risk(batched(frame, size), [report(name) for name in names])

    varied = [n for n in range(3) if len({plain(row[n]) for row in rows}) > 1]
    assert found.quasi_identifiers == tuple(names[n] for n in varied)
    keys = [tuple(plain(row[n]) for n in varied) for row in rows]
    groups = Counter(key for key in keys if any(key))
    assert found.k == (min(groups.values()) if groups else None)
    assert (found.sample_uniques or 0) == sum(1 for size in groups.values() if size == 1)

    secrets: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row, key in zip(rows, keys, strict=True):
        if any(key) and plain(row[3]):
            secrets[key].add(plain(row[3]))
    told = {each.column: each.l for each in found.l_diversity}
    assert told == ({"caste": min(map(len, secrets.values()))} if secrets else {})


def test_a_table_about_things_has_no_risk() -> None:
    assert risk({"tree": ["oak", "elm"], "ward": ["1", "2"], "lat": ["1.5", "2.5"]}) == RiskReport()


def test_people_named_openly_in_public_office_are_not_counted() -> None:
    columns = [
        ColumnReport("councillor", 2, True, Sensitivity.LOW, "", (EntityFinding("PERSON", 0.9, 2, 1.0),)),
        report("ward"),
        ColumnReport("gender", 2, False, Sensitivity.NONE, ""),
    ]
    frame = pl.DataFrame({"councillor": ["A", "B"], "ward": ["1", "2"], "gender": ["f", "m"]})
    assert table_risk(frame, columns) == RiskReport()


def test_counts_by_group_are_small_cells_not_people() -> None:
    found = risk({"ward": ["1", "2", "3"], "sex": ["f", "m", "f"], "population": ["120", "3", "0"]})
    assert (found.k, found.sample_uniques) == (3, 0)
    assert [(cell.columns, cell.groups, cell.smallest) for cell in found.small_cells] == [
        (("ward", "sex", "population"), 1, 3)
    ]


def test_household_sizes_do_not_make_a_table_of_counts() -> None:
    found = risk({"ward": ["1", "2", "3"], "sex": ["f", "m", "f"], "persons": ["4", "3", "6"]})
    assert (found.k, found.sample_uniques) == (1, 3)


@pytest.mark.parametrize("heading", ["dob", "house code", "address"])
def test_what_belongs_to_one_home_or_person_is_never_a_table_of_counts(heading: str) -> None:
    found = risk({heading: ["a1", "b2"], "sex": ["f", "m"], "population": ["400", "30"]})
    assert found.k == 1


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"born": ["1990-01-02", "1991-03-04"], "sex": ["m", "f"], "postcode": ["1", "2"]}, "birth-sex-place"),
        ({"caste": ["x", "x"], "house code": ["h1", "h2"]}, "origin-and-house"),
        ({"illness": ["tb", "flu"], "village": ["v1", "v2"]}, "health-and-place"),
        ({"जाति": ["x", "x"], "मकान संख्या": ["h1", "h2"]}, "origin-and-house"),
    ],
)
def test_known_combinations_are_named(columns: dict[str, list[str | None]], rule: str) -> None:
    assert rule in {each.rule for each in risk(columns).combinations}


def test_a_combination_that_hides_everyone_in_a_crowd_is_none() -> None:
    many = {"illness": ["tb", "flu"] * 10, "village": ["v1"] * 10 + ["v2"] * 10}
    assert risk(many).combinations == ()


def test_the_limit_says_which_groups_are_small() -> None:
    columns = {"sex": ["f"] * 4 + ["m"] * 9, "ward": ["1"] * 13}
    assert risk(columns, k_limit=5).small_cells[0].groups == 1
    assert risk(columns, k_limit=4).small_cells == ()


def test_only_the_strongest_quasi_identifiers_are_combined() -> None:
    columns = {"ward": ["1", "2"], "sex": ["f", "m"], "age": ["30", "40"]}
    assert risk(columns, most_quasi_identifiers=2).quasi_identifiers == ("sex", "age")


def test_columns_of_longer_rows_may_be_missing_from_a_batch() -> None:
    def read() -> Iterable[pl.DataFrame]:
        yield pl.DataFrame({"sex": ["f", "m"]})
        yield pl.DataFrame({"sex": ["f"], "#2": ["x"]})

    table = Table("t", ("sex",), ("sex",), read)
    found = table_risk(table, [report("sex"), ColumnReport("#2", 1, False, Sensitivity.NONE, "")])
    assert (found.k, found.sample_uniques) == (1, 1)


def test_every_rule_counts_groups_of_something_that_is_no_secret() -> None:
    rules = load_rules()
    secret = {attribute.name: attribute.secret for attribute in rules.attributes}
    for rule in rules.combinations:
        assert any(not any(secret[name] for name in choice) for choice in rule.needs), rule.rule


@pytest.mark.parametrize(
    ("heading", "attribute"),
    [
        ("fechaDeNacimiento", "date_of_birth"),
        ("Age", "age"),
        ("Postal Code", "postcode"),
        ("family_size", "household_size"),
        ("वार्ड", "locality"),
        ("file size", None),
        ("publicationDate", None),
    ],
)
def test_headings_are_read_in_whole_words(heading: str, attribute: str | None) -> None:
    found = attribute_of(ColumnReport(heading, 1, False, Sensitivity.NONE, ""), load_rules())
    assert (found.name if found else None) == attribute
