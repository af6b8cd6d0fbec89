"""What a table tells beside other public ones: joins are found, strangers are not, and nothing personal is kept."""

from __future__ import annotations

import json
from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine.findings import ColumnReport, EntityFinding, Sensitivity
from ckanext.privacy.engine.mosaic import compare_editions, from_plain, mosaic, shared_values, sketch_table, to_plain
from ckanext.privacy.engine.tables import Table

KEY = b"a key only for these tests"
KINDS = {"age": "AGE", "sex": "SEX", "illness": "HEALTH", "born": "DATE_OF_BIRTH"}


def report(name: str) -> ColumnReport:
    found = (EntityFinding(KINDS[name], 0.9, 1, 1.0),) if name in KINDS else ()
    return ColumnReport(name, 1, bool(found), Sensitivity.MODERATE if found else Sensitivity.NONE, "", found)


def table(frame: pl.DataFrame) -> Table:
    return Table("t", tuple(frame.columns), tuple(frame.columns), lambda: frame.iter_slices(97))


def sketch(name: str, frame: pl.DataFrame):
    return sketch_table(name, table(frame), [report(column) for column in frame.columns], KEY)


def codes(start: int, count: int) -> list[str]:
    return [f"R-{n:05}" for n in range(start, start + count)]


def test_two_tables_of_the_same_people_can_be_joined_and_make_a_combination() -> None:
    clinic = pl.DataFrame({"respondent": codes(0, 400), "illness": ["tb", "none"] * 200})
    register = pl.DataFrame({"person": codes(200, 400), "village": [f"v{n % 9}" for n in range(400)]})
    trees = pl.DataFrame({"tree": [f"T-{n}" for n in range(400)], "ward": ["1", "2"] * 200})
    links = mosaic(sketch("clinic", clinic), [sketch("trees", trees), sketch("register", register)])
    assert [(link.table, link.columns) for link in links] == [("register", ("respondent", "person"))]
    assert abs(links[0].shared - 0.5) < 0.1
    assert [each.rule for each in links[0].combinations] == ["health-and-place"]


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 3_000), st.integers(20, 3_000), st.floats(0, 1))
def test_the_share_of_common_values_is_estimated(size: int, other: int, part: float) -> None:
    common = int(part * min(size, other))
    one = sketch("a", pl.DataFrame({"code": codes(0, size)})).columns[0]
    two = sketch("b", pl.DataFrame({"code": codes(size - common, other)})).columns[0]
    found, true = shared_values(one, two), common / min(size, other)
    # The sketch has 256 hashes of the union: three standard deviations, scaled to the smaller column.
    scale = (size + other) / min(size, other)
    assert abs(found - true) <= 3 * scale * 0.5 / 16
    if max(size, other) <= 256:
        assert found == true


def test_a_sketch_holds_no_value_and_needs_the_key() -> None:
    frame = pl.DataFrame({"phone": [f"98200{n:05}" for n in range(300)]})
    kept = sketch("a", frame)
    text = json.dumps(to_plain(kept))
    assert "98200" not in text
    assert from_plain(json.loads(text)) == kept
    other = sketch_table("b", table(frame), [report("phone")], b"another key for these tests")
    assert shared_values(kept.columns[0], other.columns[0]) == 0
    assert all(len(column.hashes) <= 256 for column in kept.columns)


def test_columns_of_few_values_join_nothing() -> None:
    frame = pl.DataFrame({"ward": [f"w{n % 15}" for n in range(400)], "n": [str(n % 30) for n in range(400)]})
    assert sketch("a", frame).columns == ()


people = st.lists(st.tuples(st.sampled_from("123"), st.sampled_from("mf"), st.sampled_from("xy")), max_size=40)


@settings(max_examples=40, deadline=None)
@given(people, people)
def test_editions_tell_of_those_few_who_came_or_went(old: list[tuple[str, ...]], new: list[tuple[str, ...]]) -> None:
    names = ["age", "sex", "illness"]
    before, after = (
        table(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")) for rows in (old, new)
    )
    found = compare_editions(before, after, [report(name) for name in names])
    sizes, others = Counter(old), Counter(new)
    changes = [abs(sizes[group] - others[group]) for group in {*sizes, *others}]
    few = [change for change in changes if 0 < change < 5]
    assert found
    assert (found.groups, found.rows) == (len(few), sum(few))


def test_editions_of_a_table_about_things_tell_nothing() -> None:
    frame = pl.DataFrame({"tree": ["oak", "elm"]})
    assert compare_editions(table(frame), table(frame), [report("tree")]) is None
