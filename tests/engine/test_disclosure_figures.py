"""Every figure of the table verdict against its definition, counted by hand, on random tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine import groups
from ckanext.privacy.engine.crosstab import fails_dominance, find_sums, grid_of, protect, undone_cells
from ckanext.privacy.engine.disclosure import RiskSettings, table_risk
from ckanext.privacy.engine.findings import (
    ColumnReport,
    EntityFinding,
    RiskReport,
    Sensitivity,
    from_dict,
    to_dict,
)
from ckanext.privacy.engine.groups import Rows, hashed
from ckanext.privacy.engine.points import nearest_metres, precision_of

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

KINDS = {
    "age": "AGE",
    "sex": "SEX",
    "illness": "HEALTH",
    "person": "PERSON_ID",
    "lat": "HOUSEHOLD_COORDINATES",
    "lon": "HOUSEHOLD_COORDINATES",
}


def report(name: str) -> ColumnReport:
    if name not in KINDS:
        return ColumnReport(name, 1, False, Sensitivity.NONE, "")
    return ColumnReport(name, 1, True, Sensitivity.MODERATE, "", (EntityFinding(KINDS[name], 0.9, 1, 1.0),))


def risk(frame: pl.DataFrame, limits: RiskSettings | None = None) -> RiskReport:
    return table_risk(frame, [report(name) for name in frame.columns], limits)


def plain(cell: str | None) -> str:
    return (cell or "").strip().lower()


texts = st.sampled_from(["a", "A ", "b", " B", "é", "É", "", " ", None, "0", "\t"])


# Groups --------------------------------------------------------------------------------------------------------------


@QUICK
@given(st.lists(texts, max_size=60))
def test_cells_are_equal_without_case_and_outer_space_however_often_they_repeat(cells: list[str | None]) -> None:
    for column in (pl.Series("c", cells, pl.String), pl.Series("c", cells * 5, pl.String)):
        found = hashed(column.to_frame(), ["c"])["c"].to_list()
        told = [plain(cell) for cell in column]
        assert [value is None for value in found] == [cell == "" for cell in told]
        assert len(set(found)) == len(set(told))


@pytest.mark.parametrize("person", [None, "b"])
def test_rows_of_nobody_in_particular_are_each_of_a_person_of_their_own(tmp_path: Path, person: str | None) -> None:
    batch = pl.DataFrame({"a": ["x", "x", "x", "x"], "b": ["ana", "ana", None, ""]})
    rows = Rows.of([hashed(batch, ["a", "b"])] * 2, tmp_path, person)
    found = rows.sizes(["a"], 9)
    assert (rows.count, found.groups, found.largest) == (8, 1, 5 if person else 8)


@pytest.mark.parametrize("at_a_time", [4_000_000, 7])
@QUICK
@given(rows=st.lists(st.tuples(*[st.sampled_from(["1", "2", "3", "", None])] * 3), min_size=1, max_size=60))
def test_groups_are_the_same_in_one_part_and_in_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_a_time: int, rows: list[tuple[str | None, ...]]
) -> None:
    monkeypatch.setattr(groups, "ROWS_AT_A_TIME", at_a_time)
    frame = hashed(pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.String), orient="row"), ["a", "b", "c"])
    found = Rows.of([frame], tmp_path, None).sizes(["a", "b", "c"], 3)
    sizes = Counter(tuple(plain(cell) for cell in row) for row in rows if any(plain(cell) for cell in row))
    expected = sizes.values()
    assert (found.rows, found.groups, found.smallest) == (sum(expected), len(sizes), min(expected, default=None))
    assert (found.unique, found.small) == (sum(n == 1 for n in expected), sum(n < 3 for n in expected))
    assert found.largest == max(expected, default=0)


@QUICK
@given(
    st.lists(
        st.tuples(st.sampled_from("pqrs"), st.sampled_from("123"), st.sampled_from("mf"), st.sampled_from("xyz")),
        min_size=2,
        max_size=50,
    )
)
def test_people_are_counted_where_they_have_several_rows(rows: list[tuple[str, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=["person", "age", "sex", "note"], orient="row")
    found = risk(frame)
    names = [name for name in ("age", "sex") if frame[name].n_unique() > 1]
    if not names:
        return
    people: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in frame.iter_rows(named=True):
        people[tuple(row[name] for name in names)].add(row["person"])
    repeated = Counter(row[0] for row in rows)
    assert found.k == min(map(len, people.values()))
    assert found.sample_uniques == sum(len(each) == 1 for each in people.values())
    assert found.counted == ("people" if len(repeated) < len(rows) else "rows")
    if found.counted == "people":
        assert (found.people, found.most_rows) == (len(repeated), max(repeated.values()))


@QUICK
@given(
    st.lists(st.tuples(st.sampled_from("12"), st.sampled_from("mf"), st.sampled_from("xyz")), min_size=1, max_size=40)
)
def test_t_and_told_rows_follow_their_definitions(rows: list[tuple[str, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=["age", "sex", "illness"], orient="row")
    found = risk(frame)
    names = [name for name in ("age", "sex") if frame[name].n_unique() > 1]
    if not names:
        return
    whole = Counter(row[2] for row in rows)
    within: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for row in frame.iter_rows(named=True):
        within[tuple(row[name] for name in names)][row["illness"]] += 1
    distances = [
        sum(abs(group[value] / group.total() - whole[value] / len(rows)) for value in whole) / 2
        for group in within.values()
    ]
    told = sum(group.total() for group in within.values() if len(group) == 1 and group.total() > 1)
    assert found.l_diversity[0].t == pytest.approx(max(distances), abs=1e-3)
    assert found.l_diversity[0].told == told


@QUICK
@given(st.lists(st.tuples(*[st.sampled_from("123")] * 4), min_size=1, max_size=40))
def test_special_uniques_are_unique_by_one_or_two_columns(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    names = list("abcd")
    frame = pl.DataFrame(rows, schema=names, orient="row")
    found = Rows.of([hashed(frame, names)], tmp_path, None).special(names)
    subsets = [(n,) for n in range(4)] + list(combinations(range(4), 2))
    counts = {subset: Counter(tuple(row[n] for n in subset) for row in rows) for subset in subsets}
    expected = sum(any(counts[s][tuple(row[n] for n in s)] == 1 for s in subsets) for row in rows)
    assert found == expected


def test_the_example_of_the_paper_on_l_diversity() -> None:
    """Machanavajjhala et al. 2007, figures 1 and 2: 4-anonymous, but one group of four has one disease only."""
    zips, ages = ["130**"] * 4 + ["1485*"] * 4 + ["130**"] * 4, ["<30"] * 4 + [">=40"] * 4 + ["3*"] * 4
    illness = ["heart"] * 2 + ["viral"] * 2 + ["cancer", "heart", "viral", "viral"] + ["cancer"] * 4
    found = risk(pl.DataFrame({"zip": zips, "age": ages, "illness": illness}))
    assert (found.k, found.l_diversity[0].l, found.l_diversity[0].told) == (4, 1, 4)


def test_a_person_can_say_which_columns_point_at_people_and_which_do_not() -> None:
    frame = pl.DataFrame(
        {"sex": ["m", "f"] * 6, "roof": ["tin", "clay", "tin", "tin"] * 3, "tenure": ["a", "b", "a"] * 4}
    )
    assert risk(frame).quasi_identifiers == ("sex",)
    chosen = risk(frame, RiskSettings(quasi_identifiers=("Roof",), secrets=("tenure",), neither=("SEX",)))
    assert chosen.quasi_identifiers == ("roof",)
    assert [each.column for each in chosen.l_diversity] == ["tenure"]


def test_a_report_survives_being_stored() -> None:
    frame = pl.DataFrame(
        {
            "age": ["1", "1", "2"],
            "illness": ["x", "x", "y"],
            "lat": ["1.01", "1.02", "1.03"],
            "lon": ["2.1", "2.2", "2.3"],
        }
    )
    found = risk(frame)
    assert found.points
    assert found.l_diversity
    stored = {"name": "t", "hidden": False, "rows": 3, "columns": [], "risk": to_dict(found)}
    file = {"name": "f", "sha256": "", "bytes": 1, "format": "csv", "encoding": None}
    whole = {"file": file, "engine": {"version": ""}, "policy": {"name": "", "version": ""}, "outcome": "clear"}
    assert from_dict({**whole, "held": [], "tables": [stored]}).tables[0].risk == found


# Tables of counts ----------------------------------------------------------------------------------------------------


def test_ordinary_tables_of_counts_and_rates_are_not_about_single_people() -> None:
    years = [str(2000 + n // 4) for n in range(40)]
    wards, sexes = ["north", "north", "south", "south"] * 10, ["men", "women"] * 20
    counts = pl.DataFrame({"year": years, "ward": wards, "sex": sexes, "population": [str(100 + n) for n in range(40)]})
    assert risk(counts).k == 100
    assert risk(counts).counted == "counts"
    assert risk(counts).small_cells == ()
    rates = counts.rename({"population": "literacy rate"})
    assert (risk(rates).k, risk(rates).sample_uniques, risk(rates).combinations) == (None, 0, ())


def test_single_people_with_a_large_amount_beside_them_are_no_table_of_counts() -> None:
    ages, wards = [str(20 + n) for n in range(30)], [str(n % 7) for n in range(30)]
    sexes, totals = ["m", "f", "f"] * 10, [str(1000 + n) for n in range(30)]
    found = risk(pl.DataFrame({"age": ages, "sex": sexes, "ward": wards, "total": totals}))
    assert (found.counted, found.k, found.sample_uniques) == ("rows", 1, 30)


def test_a_small_count_that_totals_give_away_is_found_across_and_down() -> None:
    frame = pl.DataFrame(
        {
            "ward": ["north", "south", "total"],
            "sex": ["all"] * 3,
            "men": ["40", "<5", "43"],
            "women": ["50", "21", "71"],
            "total": ["90", "*", "114"],
        }
    )
    found = undone_cells(frame, ["men", "women", "total"], ["ward", "sex"], 5)
    assert [(each.column, each.cells, each.first_rows) for each in found] == [("men", 1, (2,))]
    assert risk(frame).undone == tuple(found)


def test_a_suppressed_large_count_is_nobodys_secret() -> None:
    frame = pl.DataFrame({"ward": ["a", "b", "total"], "men": ["40", "*", "100"]})
    assert undone_cells(frame, ["men"], ["ward"], 5) == []


@QUICK
@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=5))
def test_protected_counts_do_not_come_out_again(parts: list[list[int]]) -> None:
    rows = [[*row, sum(row)] for row in parts]
    rows.append([sum(column) for column in zip(*rows, strict=True)])
    labels = [f"w{n}" for n in range(len(parts))] + ["total"]
    names = ["a", "b", "c", "total"]
    frame = pl.DataFrame([[label, *map(str, row)] for label, row in zip(labels, rows, strict=True)],
                         schema=["ward", *names], orient="row")  # fmt: skip
    grid = grid_of(frame, names)
    sums = find_sums(frame, grid, ["ward"])
    small = frozenset(
        (r, c) for r, row in enumerate(rows) for c, value in enumerate(row) if 0 < value < 5
    )  # fmt: skip
    hidden = protect(grid, sums, small)
    assert small <= hidden
    assert all(len({total, *cells} & hidden) != 1 for total, cells in sums)
    veiled = frame.with_columns(
        pl.Series(name, ["*" if (r, c) in hidden else str(row[c]) for r, row in enumerate(rows)])
        for c, name in enumerate(names)
    )
    assert undone_cells(veiled, names, ["ward"], 5) == []


@QUICK
@given(st.lists(st.floats(0, 1000), max_size=8), st.floats(0.5, 0.99), st.floats(1, 50))
def test_dominance_follows_the_handbook(amounts: list[float], share: float, percent: float) -> None:
    ranked = sorted((amount for amount in amounts if amount), reverse=True)
    found = fails_dominance(amounts, share, percent)
    if not ranked:
        assert found is None
    elif len(ranked) < 3:
        assert found == "few"
    else:
        nk = sum(ranked[:2]) > share * sum(ranked)
        p = sum(ranked) - ranked[0] - ranked[1] < percent / 100 * ranked[0]
        assert found == ("(2,k)" if nk else "p%" if p else None)


def test_the_handbooks_example_of_dominance() -> None:
    """Two of three firms make up 97 % of a cell; the second learns the first to within 3 %."""
    assert fails_dominance([600, 370, 30], share=0.85, percent=10) == "(2,k)"
    assert fails_dominance([600, 370, 30], share=0.99, percent=10) == "p%"
    assert fails_dominance([300, 280, 270, 260], share=0.85, percent=10) is None


# Points --------------------------------------------------------------------------------------------------------------


@QUICK
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=40, unique=True))
def test_the_nearest_other_point_is_the_nearest(cells: list[tuple[int, int]]) -> None:
    points = np.array(cells, dtype=float) / 10_000 + [19, 72]
    flat = points * 111_320 * [1, np.cos(np.radians(points[:, 0].mean()))]
    apart = np.hypot(*(flat[:, None, :] - flat[None, :, :]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert np.allclose(sorted(nearest_metres(points)), sorted(apart.min(axis=1)))


def test_precise_points_are_told_from_coarse_ones() -> None:
    draw = np.random.default_rng(5).uniform([19, 72], [19.2, 72.2], (300, 2))
    exact = precision_of(
        pl.DataFrame({"lat": [f"{x:.6f}" for x in draw[:, 0]], "lon": [f"{x:.6f}" for x in draw[:, 1]]})
    )
    coarse = precision_of(pl.DataFrame({"place": [f"{x:.2f} {y:.2f}" for x, y in draw]}))
    assert exact
    assert coarse
    assert exact.decimals == 6
    assert exact.alone > 200
    assert coarse.decimals == 2
    assert coarse.metres >= 1000
    assert coarse.columns == ("place",)


def test_the_pages_example_has_the_figures_that_the_page_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "risk.md").read_text("utf-8").split("## A worked example")[1]
    lines = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    names, rows = [cell.strip() for cell in lines[0]], [[cell.strip() for cell in line] for line in lines[2:]]
    found = risk(pl.DataFrame(rows, schema=names, orient="row"))
    assert (found.quasi_identifiers, found.k, found.sample_uniques) == (("age", "sex", "ward"), 1, 1)
    assert found.special_uniques == 1
    assert (found.l_diversity[0].l, found.l_diversity[0].told, found.l_diversity[0].t) == (1, 2, 0.8)
