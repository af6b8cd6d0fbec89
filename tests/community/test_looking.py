"""Looking at a table: its types, its columns in figures, its places, its downloads. No CKAN."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.communitydata.looking import asking, formats, points, summaries, tables

TAPS = pl.DataFrame(
    {
        "ward": ["1", "2", "1", None],
        "litres": ["10", "2.5", "", "7"],
        "day": ["2025-01-03", "2025-02-01", "2025-02-09", "2025-03-01"],
        "code": ["007", "008", "009", "010"],
        "latitude": ["18.52", "18.53", "0", None],
        "lon": ["73.85", "73.86", "0", None],
    }
).with_columns(pl.when(pl.all().str.len_bytes() > 0).then(pl.all()))


@pytest.fixture
def taps() -> pl.DataFrame:
    return tables.with_types(TAPS)


def test_numbers_and_days_get_their_type_and_codes_stay_text(taps: pl.DataFrame):
    """A code that loses its noughts is another code."""
    assert [str(each) for each in taps.dtypes] == ["Int64", "Float64", "Date", "String", "Float64", "Float64"]
    assert taps["code"].to_list() == ["007", "008", "009", "010"]


def test_a_column_in_figures(taps: pl.DataFrame):
    ward, litres, day, *_rest = summaries.summarize(taps)
    assert (ward.kind, ward.filled, ward.distinct) == ("category", 3, 2)
    assert [(bar.label, bar.rows, bar.length) for bar in ward.bars] == [("1", 2, 1.0), ("2", 1, 0.5)]
    assert (litres.kind, litres.low, litres.middle, litres.high, litres.bars) == ("number", "2.5", "7", "10", ())
    assert (day.kind, day.low, day.high) == ("day", "2025-01-03", "2025-03-01")
    assert [bar.rows for bar in day.bars] == [1, 2, 1]


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=summaries.CATEGORIES + 1, unique=True))
def test_bars_of_numbers_count_every_row_once(values: list[float]):
    (found,) = summaries.summarize(pl.DataFrame({"count": values}))
    assert found.kind == "number"
    assert not found.bars or sum(bar.rows for bar in found.bars) == len(values)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (list(range(200, 2351, 50)), ["0 – 499", "500 – 999", "1000 – 1499", "1500 – 1999", "2000 – 2499"]),
        ([-3 + n / 10 for n in range(40)], ["-3 – -2.5", "-2.5 – -2", "-2 – -1.5", "-1.5 – -1", "-1 – -0.5"]),
        ([1e9 + n / 1e6 for n in range(40)], []),
        ([float("-inf"), *range(40)], []),
    ],
)
def test_ranges_of_numbers_are_round(values: list[float], labels: list[str]):
    """Nobody thinks in litres from 468.75 to 737.5."""
    (found,) = summaries.summarize(pl.DataFrame({"litres": values}))
    assert [bar.label for bar in found.bars][:5] == labels


@given(st.lists(st.text(max_size=3), max_size=200))
def test_bars_and_others_count_every_filled_row_once(values: list[str]):
    (found,) = summaries.summarize(pl.DataFrame({"value": values}, schema={"value": pl.String}))
    assert found.kind in {"text", "empty"} or sum(bar.rows for bar in found.bars) + found.others == found.filled


def test_places_leave_out_blanks_and_the_gulf_of_guinea(taps: pl.DataFrame):
    found = points.find(taps)
    assert found is not None
    assert (found.rows, found.west, found.north) == (2, 73.85, 18.53)
    assert all(0 <= dot.x <= points.WIDTH and 0 <= dot.y <= points.HEIGHT for dot in found.dots)
    assert sum(dot.rows for dot in found.dots) == 2


def test_a_map_has_a_spot_for_each_place_and_says_what_one_row_is():
    """Rows in one place are one spot that counts them; a large table has no more spots than a map can draw."""
    taps = pl.DataFrame({"tap": ["A", "B", "C"], "lat": [18.5, 18.5, 18.6], "lon": [73.8, 73.8, 73.9]})
    found = points.find(taps, spots=True)
    assert found is not None
    assert found.spots == (points.Spot(73.8, 18.5, 2, ""), points.Spot(73.9, 18.6, 1, "C"))
    many = points.find(pl.DataFrame({"lat": [n / 1000 for n in range(1, 9001)], "lon": [1.0] * 9000}), spots=True)
    assert many is not None
    assert len(many.spots) <= points.MOST_DOTS


def test_a_table_without_coordinates_has_no_places():
    assert points.find(pl.DataFrame({"platform": [1], "along": [2]})) is None


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_every_download_holds_every_row(taps: pl.DataFrame, kind: str, tmp_path: Path):
    """What can be had is the whole table, in its order."""
    target = tmp_path / f"taps.{kind}"
    with target.open("w+b") as file:
        formats.FORMATS[kind].write(taps, file)
    if kind == "geojson":
        features = json.loads(target.read_text())["features"]
        assert [each["properties"]["code"] for each in features] == taps["code"].to_list()
        assert features[0]["geometry"] == {"type": "Point", "coordinates": [73.85, 18.52]}
        return
    again = pl.read_parquet(target) if kind == "parquet" else tables.look_at(target, target.name).rows
    assert again.height == taps.height
    assert again["ward"].to_list() == taps["ward"].to_list()


def test_what_looks_like_a_formula_stays_text(tmp_path: Path):
    target = tmp_path / "x.xlsx"
    with target.open("w+b") as file:
        formats.FORMATS["xlsx"].write(pl.DataFrame({"a": ["=1+1"]}), file)
    assert tables.look_at(target, "x.xlsx").rows["a"].to_list() == ["=1+1"]


def test_a_file_is_looked_at_in_a_process_of_its_own(tmp_path: Path):
    """Its answer is plain data; a file that is no table is answered in a sentence."""
    (tmp_path / "a.csv").write_text("ward,litres\n1,2\n2,3\n")
    (tmp_path / "b.csv").write_bytes(b"")
    found = asking.look(asking.Question(tmp_path / "a.csv", "a", "a.csv", 0, 1, 50))
    assert (found["rows"], found["head"]) == (2, [["2", "3"]])
    assert "unreadable" in asking.look(asking.Question(tmp_path / "b.csv", "b", "b.csv", 0, 0, 50))


def test_a_reader_that_dies_is_no_error_of_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.csv").write_text("a\n1\n")
    monkeypatch.setattr(asking.sys, "executable", "/bin/false")
    assert asking.look(asking.Question(tmp_path / "a.csv", "dies", "a.csv", 0, 0, 50)) == asking.BROKEN
