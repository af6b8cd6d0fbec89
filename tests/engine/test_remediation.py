"""A plan does what it says to every cell, keeps the rest as it was, and leaves nothing behind when it cannot."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from ckanext.privacy.engine.errors import InvalidPlan, UnreadableFile
from ckanext.privacy.engine.findings import to_dict
from ckanext.privacy.engine.remediation import (
    Plan,
    apply_plan,
    load_key,
    load_plan,
    parse_plan,
    plan_data,
    plan_text,
    preview_plan,
    suggest_plan,
)
from ckanext.privacy.engine.remediation.command import clean_command
from ckanext.privacy.engine.remediation.schema import MEASURES
from ckanext.privacy.engine.remediation.transforms import (
    generalise_code,
    generalise_date,
    generalise_number,
    generalise_place,
    generalise_text,
    mask,
    place_pair,
    pseudonymise,
)
from ckanext.privacy.engine.scan import scan_file

KEY = b"a key only for these tests"
SLOW_FIXTURE = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plan(*steps: dict[str, object], **more: object) -> Plan:
    return parse_plan({"version": 1, "tables": [{"columns": list(steps), **more}]})


def write(folder: Path, text: str | bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


# One value ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "value", "masked"),
    [
        ({}, "Asha Devi", "**** ****"),
        ({"keep_last": 2}, "98765-43210", "*****-***10"),
        ({"keep_first": 1, "sign": "x"}, "आशा देवी", None),
        ({"keep_first": 3, "keep_last": 3}, "short", "*****"),
    ],
)
def test_masking_covers_letters_and_digits_and_at_least_half_of_them(
    options: dict[str, object], value: str, masked: str | None
) -> None:
    found = mask(**options)(value)
    assert masked is None or found == masked
    before, after = (sum(char.isalnum() for char in text) for text in (value, (found or "").replace("x", "*")))
    assert after * 2 <= before


@pytest.mark.parametrize(
    ("to", "value", "coarse"),
    [
        ("year", "1990-04-03", "1990"),
        ("year", "03/04/1990", "1990"),
        ("month", "03/04/1990", "1990-04"),
        ("quarter", "3 June 1990", "1990-Q2"),
        ("decade", "1987", "1980s"),
        ("year", "१९९०-०४-०३", "1990"),
        ("month", "1990", None),
        ("year", "3 June", None),
        ("year", "unknown", None),
    ],
)
def test_dates_are_cut_and_what_is_no_date_is_emptied(to: str, value: str, coarse: str | None) -> None:
    assert generalise_date(to)(value) == coarse


def test_a_dates_own_order_or_pattern_can_be_said() -> None:
    assert generalise_date("month", day_first=False)("03/04/1990") == "1990-03"
    assert generalise_date("month", format="%Y%m%d")("19900403") == "1990-04"


@pytest.mark.parametrize(
    ("options", "value", "band"),
    [
        ({"width": 10}, "37", "30-39"),
        ({"width": 10, "top": 80}, "93", "80+"),
        ({"width": 10, "bottom": 18}, "12", "under 18"),
        ({"width": 10, "bottom": 18}, "19", "18-19"),
        ({"edges": [0, 5, 18, 65]}, "17", "5-17"),
        ({"edges": [0, 5, 18, 65]}, "65", "65+"),
        ({"width": 1000}, "12,345", "12000-12999"),
        ({"width": 0.1}, "0.3", "0.3 to under 0.4"),
        ({"width": 10}, "-5", "-10 to under 0"),
        ({"width": 10}, "३७", "30-39"),
        ({"width": 10}, "37 years", None),
        ({"width": 10}, "NaN", None),
    ],
)
def test_numbers_fall_into_bands(options: dict[str, object], value: str, band: str | None) -> None:
    assert generalise_number(**options)(value) == band


@given(st.lists(st.decimals(-10_000, 10_000, places=2), min_size=2, max_size=20), st.sampled_from([1, 5, 10, 250]))
def test_bands_keep_the_order_of_numbers(numbers: list[Decimal], width: int) -> None:
    band = generalise_number(width=width, bottom=-500, top=2000)
    labels = [band(str(number)) for number in sorted(numbers)]
    assert None not in labels
    seen = list(dict.fromkeys(labels))
    assert labels == [label for label in seen for _ in range(labels.count(label))]


@given(st.dates(dt.date(1600, 1, 1), dt.date(2199, 12, 31)), st.dates(dt.date(1600, 1, 1), dt.date(2199, 12, 31)))
def test_coarser_dates_tell_less_and_keep_the_order(one: dt.date, other: dt.date) -> None:
    order = ("month", "quarter", "year", "decade")
    for date in (one, other):
        assert generalise_date("year")(date.isoformat()) == f"{date.year:04}"
    early, late = sorted((one, other))
    for to in order:
        cut = generalise_date(to)
        assert (cut(early.isoformat()) or "") <= (cut(late.isoformat()) or "")
    for fine, coarse in itertools.pairwise(order):
        if generalise_date(fine)(one.isoformat()) == generalise_date(fine)(other.isoformat()):
            assert generalise_date(coarse)(one.isoformat()) == generalise_date(coarse)(other.isoformat())


@given(st.floats(-89, 89), st.floats(-180, 180), st.sampled_from([100, 1000, 25_000]))
def test_a_place_moves_within_its_grid_cell(latitude: float, longitude: float, metres: int) -> None:
    moved = place_pair(metres=metres)(f"{latitude:.6f}", f"{longitude:.6f}")
    assert None not in moved
    # Half a cell, and the rounding to its last decimal.
    assert abs(float(moved[0] or 0) - latitude) * 111_320 <= metres
    assert place_pair(metres=metres)(f"{latitude:.6f}", f"{longitude:.6f}") == moved


def test_a_place_in_one_cell_is_moved_and_its_height_and_accuracy_go() -> None:
    assert generalise_place(metres=1000)("19.07283 72.88261 14.0 4.9") == "19.076, 72.880"
    assert generalise_place(metres=1000)("Dharavi") is None


def test_groups_and_codes() -> None:
    group = generalise_text({"reserved": ["SC", "ST"]}, other="other")
    assert [group(value) for value in ("sc", " ST ", "General")] == ["reserved", "reserved", "other"]
    assert generalise_text({"a": ["b"]})("c") is None
    assert [generalise_code(3)(value) for value in ("400 017", "SW1A 1AA", "-")] == ["400", "SW1", None]


values = st.text(min_size=1, max_size=20)


@given(values, values)
def test_pseudonyms_are_stable_keyed_and_tell_nothing(one: str, other: str) -> None:
    make = pseudonymise(KEY, "id")
    assert make(one) == make(one)
    assert make(one) != pseudonymise(b"another key for these tests", "id")(one)
    assert make(one) != pseudonymise(KEY, "another column")(one)
    assert len(make(one) or "") == 18
    if make(one) != make(other):
        assert one != other


def test_pseudonyms_do_not_depend_on_case_width_or_spaces() -> None:
    make = pseudonymise(KEY, "name")
    assert len({make(name) for name in ("Asha Devi", "asha  devi ", "ＡＳＨＡ devi")}) == 1


# A whole file ------------------------------------------------------------------------------------------------------

SURVEY = "id,name,phone,age,village\n" + "".join(
    f"{n},Asha Devi {n},98200{n:05},{20 + n % 50},v{n % 3}\n" for n in range(120)
)


def test_a_csv_keeps_its_encoding_delimiter_quotes_line_ends_and_order(tmp_path: Path) -> None:
    text = '"código";"nombre";"década"\r\n' + "".join(f'"00{n}";"José; ""Pepe""";"19{n}0"\r\n' for n in range(5, 9))
    source = write(tmp_path, text.encode("cp1252"))
    apply_plan(source, plan({"column": "década", "action": "generalise_date", "to": "decade"}), tmp_path / "out.csv")
    expected = text
    for n in range(5, 9):
        expected = expected.replace(f'"19{n}0"', f'"19{n}0s"')
    assert (tmp_path / "out.csv").read_bytes().decode("cp1252") == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_stay(tmp_path: Path, encoding: str) -> None:
    source = write(tmp_path, SURVEY.encode(encoding))
    apply_plan(source, plan({"column": "name", "action": "drop"}), tmp_path / "out.csv")
    cleaned = (tmp_path / "out.csv").read_bytes()
    assert cleaned[:2] == source.read_bytes()[:2]
    assert cleaned.decode(encoding).splitlines()[1] == "0,9820000000,20,v0"


def test_each_action_does_its_work_and_is_counted(tmp_path: Path) -> None:
    report = apply_plan(
        write(tmp_path, SURVEY),
        plan(
            {"column": "id", "action": "pseudonymise"},
            {"column": "name", "action": "drop"},
            {"column": "phone", "action": "mask", "keep_last": 2},
            {"column": "age", "action": "generalise_number", "width": 10},
            {"column": "village", "action": "blank"},
        ),
        tmp_path / "out.csv",
        KEY,
    )
    first = rows_of(tmp_path / "out.csv")[7]
    assert set(first) == {"id", "phone", "age", "village"}
    assert (first["phone"], first["age"], first["village"]) == ("********07", "20-29", "")
    table = report.tables[0]
    assert (table.rows, table.rows_dropped, table.columns_dropped) == (120, 0, ("name",))
    age = next(change for change in table.changes if change.column == "age")
    assert (age.filled, age.changed, age.unreadable, age.distinct_before, age.distinct_after) == (120, 120, 0, 50, 5)
    assert "1 columns" in report.utility_lost


names = st.text(st.characters(categories=("L", "Nd")), min_size=4, max_size=12).map(lambda text: f"Zq{text}")


@SLOW_FIXTURE
@given(st.lists(names, min_size=1, max_size=30, unique=True))
def test_nothing_of_a_dropped_column_is_in_the_file_the_schema_or_the_report(tmp_path: Path, people: list[str]) -> None:
    source = write(tmp_path, "n,person\n" + "".join(f"{n},{person}\n" for n, person in enumerate(people)))
    report = apply_plan(source, plan({"column": "person", "action": "drop"}), tmp_path / "out.csv")
    written = (tmp_path / "out.csv").read_text("utf-8") + (tmp_path / "out.csv.schema.json").read_text("utf-8")
    assert not any(person in written + str(report) for person in people)
    assert [column.name for column in report.rescan.tables[0].columns] == ["n"]


def test_a_new_scan_of_the_result_proves_the_effect(tmp_path: Path) -> None:
    source = write(tmp_path, SURVEY)
    before = {column.name for column in scan_file(source).tables[0].columns if column.sensitive}
    assert "phone" in before
    report = apply_plan(source, suggest_plan(scan_file(source)), tmp_path / "out.csv", KEY)
    after = {column.name for column in report.rescan.tables[0].columns if column.sensitive}
    assert "phone" not in after
    assert len(after) < len(before)


def test_no_report_holds_a_cell(tmp_path: Path) -> None:
    report = apply_plan(write(tmp_path, SURVEY), plan({"column": "age", "action": "blank"}), tmp_path / "out.csv")
    assert "Asha Devi" not in str(report)
    assert "98200" not in json.dumps(to_dict(report.rescan))


@pytest.mark.parametrize(("then", "rows"), [("drop_rows", 4), ("blank", 6)])
def test_small_groups_are_emptied_or_dropped(tmp_path: Path, then: str, rows: int) -> None:
    source = write(tmp_path, "sex,ward,x\nf,1,a\nF,1,b\nf,1,c\nm,1,d\nf, 1,e\nm,2,f\n")
    groups = {"columns": ["sex", "ward"], "fewer_than": 3, "then": then}
    report = apply_plan(source, plan(small_groups=groups), tmp_path / "out.csv")
    cleaned = rows_of(tmp_path / "out.csv")
    assert len(cleaned) == rows
    assert report.tables[0].rows_dropped == 6 - rows
    assert {(row["sex"], row["ward"]) for row in cleaned if row["x"] in "df"} <= {("", "")}


def test_groups_are_counted_after_the_other_steps(tmp_path: Path) -> None:
    source = write(tmp_path, "age\n" + "".join(f"{age}\n" for age in (21, 22, 23, 29, 45)))
    step = {"column": "age", "action": "generalise_number", "width": 10}
    groups = {"columns": ["age"], "fewer_than": 2, "then": "drop_rows"}
    apply_plan(source, plan(step, small_groups=groups), tmp_path / "out.csv")
    assert [row["age"] for row in rows_of(tmp_path / "out.csv")] == ["20-29"] * 4


def test_small_counts_are_hidden_and_zero_is_not(tmp_path: Path) -> None:
    source = write(tmp_path, "ward,cases\n1,0\n2,3\n3,10\n4,n/a\n")
    apply_plan(source, plan(small_counts={"columns": ["cases"], "fewer_than": 10}), tmp_path / "out.csv")
    assert [row["cases"] for row in rows_of(tmp_path / "out.csv")] == ["0", "<10", "10", "n/a"]


def test_latitude_and_longitude_in_two_columns_move_together(tmp_path: Path) -> None:
    source = write(tmp_path, "lat,lon\n19.07283,72.88261\n19.07283,\nhere,there\n")
    step = {"column": "lat", "action": "generalise_place", "metres": 1000, "longitude": "lon"}
    report = apply_plan(source, plan(step), tmp_path / "out.csv")
    assert [tuple(row.values()) for row in rows_of(tmp_path / "out.csv")] == [("19.076", "72.880"), ("", ""), ("", "")]
    assert [change.unreadable for change in report.tables[0].changes] == [2, 1]


def test_cells_beyond_the_heading_can_be_named_and_cleaned(tmp_path: Path) -> None:
    source = write(tmp_path, "a,b\n1,2\n3,4,secret\n")
    apply_plan(source, plan({"column": "#3", "action": "drop"}), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8") == "a,b\n1,2\n3,4\n"


def test_a_table_without_a_heading_stays_without_one(tmp_path: Path) -> None:
    source = write(tmp_path, "1,2020-01-02\n2,2021-03-04\n3,2022-05-06\n")
    step = {"column": "#2", "action": "generalise_date", "to": "year"}
    apply_plan(source, plan(step), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8") == "1,2020\n2,2021\n3,2022\n"


def test_an_empty_cell_of_the_only_column_keeps_its_row(tmp_path: Path) -> None:
    source = write(tmp_path, 'age\n30\n""\nold\n41\n')
    step = {"column": "age", "action": "generalise_number", "width": 10}
    apply_plan(source, plan(step), tmp_path / "out.csv")
    assert len(rows_of(tmp_path / "out.csv")) == 4


def test_the_schema_beside_the_file_says_what_was_done(tmp_path: Path) -> None:
    steps = ({"column": "name", "action": "drop"}, {"column": "id", "action": "pseudonymise"})
    report = apply_plan(write(tmp_path, SURVEY), plan(*steps), tmp_path / "out.csv", KEY)
    assert report.schemas == ("out.csv.schema.json",)
    schema = json.loads((tmp_path / "out.csv.schema.json").read_text("utf-8"))
    fields = {field["name"]: field for field in schema["fields"]}
    assert fields["id"]["dpv:hasTechnicalMeasure"] == ["dpv:DeterministicPseudonymisation"]
    assert fields["age"] == {"name": "age", "type": "integer"}
    assert [field["name"] for field in schema["removedFields"]] == ["name"]


# Workbooks ---------------------------------------------------------------------------------------------------------


def workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "People"
    sheet.append(["name", "born", "share", "member", "code", "sum"])
    for n in range(5):
        sheet.append([f"Asha {n}", dt.date(1980 + n, 1, 2), n * 1.5, n % 2 == 0, f"=0{n}", "=1+1"])
        sheet.cell(n + 2, 5).data_type = "s"
    sheet["A2"].comment = Comment("call Ravi Kumar", "Ravi Kumar")
    hidden = book.create_sheet("Lists")
    hidden.sheet_state = "hidden"
    hidden.append(["secret"])
    hidden.append(["Meena Secret"])
    book.properties.creator = "Ravi Kumar"
    book.save(folder / "in.xlsx")
    return folder / "in.xlsx"


def sheets(*steps: dict[str, object], hidden: str = "keep") -> Plan:
    return parse_plan({"version": 1, "hidden_sheets": hidden, "tables": [{"table": "People", "columns": list(steps)}]})


def test_a_workbook_keeps_sheets_order_and_types(tmp_path: Path) -> None:
    step = {"column": "born", "action": "generalise_date", "to": "year"}
    apply_plan(workbook(tmp_path), sheets(step), tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [("People", "visible"), ("Lists", "hidden")]
    rows = [[cell.value for cell in row] for row in book["People"]]
    assert rows[0] == ["name", "born", "share", "member", "code", "sum"]
    assert rows[2][:5] == ["Asha 1", 1981, 1.5, False, "=01"]
    assert book["People"]["E3"].data_type == "s"


def test_only_changed_cells_lose_their_type(tmp_path: Path) -> None:
    groups = {"columns": ["share"], "fewer_than": 2, "then": "blank"}
    plan_ = parse_plan({"version": 1, "tables": [{"table": "People", "small_groups": groups}]})
    book = openpyxl.load_workbook(workbook(tmp_path))
    book["People"].append(["Asha 5", None, 1.5])
    book.save(tmp_path / "in.xlsx")
    apply_plan(tmp_path / "in.xlsx", plan_, tmp_path / "out.xlsx")
    cleaned = openpyxl.load_workbook(tmp_path / "out.xlsx")["People"]
    assert [cell.value for cell in cleaned["C"]] == ["share", None, 1.5, None, None, None, 1.5]
    assert isinstance(cleaned["B2"].value, dt.datetime)


def test_hidden_sheets_comments_and_properties_go(tmp_path: Path) -> None:
    report = apply_plan(workbook(tmp_path), sheets(hidden="drop"), tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["People"]
    assert [table.name for table in report.tables if table.dropped] == ["Lists"]
    assert {"comments", "document properties"} <= set(report.left_out)
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        parts = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Ravi Kumar" not in parts
    assert b"Meena Secret" not in parts


def test_a_sheet_can_be_dropped_by_name(tmp_path: Path) -> None:
    drop = parse_plan({"version": 1, "tables": [{"table": "Lists", "drop": True}]})
    apply_plan(workbook(tmp_path), drop, tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames == ["People"]


def test_each_sheet_gets_its_schema(tmp_path: Path) -> None:
    report = apply_plan(workbook(tmp_path), sheets({"column": "name", "action": "mask"}), tmp_path / "out.xlsx")
    assert report.schemas == ("out.xlsx.1.schema.json", "out.xlsx.2.schema.json")
    assert json.loads((tmp_path / report.schemas[0]).read_text("utf-8"))["title"] == "People"


# What is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (3, "is not of type 'object'"),
        ({"version": 2, "tables": []}, "version"),
        ({"version": 1, "tables": [{"columns": [{"column": "a", "action": "burn"}]}]}, "'burn' is not one of"),
        ({"version": 1, "tables": [{"columns": [{"column": "a", "action": "mask", "shade": 1}]}]}, "shade"),
        ({"version": 1, "tables": [{"columns": [{"column": "a", "action": "generalise_number"}]}]}, "width"),
        (
            {
                "version": 1,
                "tables": [{"columns": [{"column": "a", "action": "drop"}, {"column": "a", "action": "mask"}]}],
            },
            '"a" has more than one action',
        ),
        (
            {
                "version": 1,
                "tables": [
                    {
                        "columns": [{"column": "a", "action": "drop"}],
                        "small_counts": {"columns": ["a"], "fewer_than": 5},
                    }
                ],
            },
            '"a" is dropped',
        ),
    ],
)
def test_a_faulty_plan_gets_one_sentence(data: object, told: str) -> None:
    with pytest.raises(InvalidPlan) as error:
        parse_plan(data)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([{"column": "nmae", "action": "drop"}], 'no column "nmae"'),
        ([{"column": "id", "action": "pseudonymise"}], "need a key"),
        ([{"column": name, "action": "drop"} for name in ("id", "name", "phone", "age", "village")], "nothing would"),
    ],
)
def test_a_plan_that_does_not_fit_writes_nothing(tmp_path: Path, steps: list[dict[str, object]], told: str) -> None:
    source = write(tmp_path, SURVEY)
    with pytest.raises(InvalidPlan, match=told):
        apply_plan(source, plan(*steps), tmp_path / "out.csv")
    assert left(tmp_path) == ["in.csv"]


def test_a_workbook_needs_the_sheets_names_and_an_xlsx_to_write(tmp_path: Path) -> None:
    source = workbook(tmp_path)
    with pytest.raises(InvalidPlan, match="2 tables"):
        apply_plan(source, plan({"column": "name", "action": "drop"}), tmp_path / "out.xlsx")
    with pytest.raises(InvalidPlan, match='no table "Peple"'):
        apply_plan(source, parse_plan({"version": 1, "tables": [{"table": "Peple"}]}), tmp_path / "out.xlsx")
    with pytest.raises(InvalidPlan, match=r"\.xlsx"):
        apply_plan(source, sheets(), tmp_path / "out.csv")
    assert left(tmp_path) == ["in.xlsx"]


def test_the_original_is_never_overwritten(tmp_path: Path) -> None:
    source = write(tmp_path, SURVEY)
    with pytest.raises(InvalidPlan, match="another name"):
        apply_plan(source, plan({"column": "name", "action": "drop"}), source)
    assert source.read_text("utf-8") == SURVEY


def test_a_missing_folder_and_another_format_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan, match="no such folder"):
        apply_plan(write(tmp_path, SURVEY), plan(), tmp_path / "none" / "out.csv")
    with pytest.raises(UnreadableFile, match="empty"):
        apply_plan(write(tmp_path, b"", "in.json"), plan(), tmp_path / "out.json")


def test_a_fault_while_writing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = write(tmp_path, SURVEY), write(tmp_path, "older", "out.csv")

    def fail(*_args: object, **_options: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(pl.DataFrame, "write_csv", fail)
    with pytest.raises(OSError, match="disk full"):
        apply_plan(source, plan({"column": "name", "action": "drop"}), out)
    assert out.read_text("utf-8") == "older"
    assert left(tmp_path) == ["in.csv", "out.csv"]


# Plans as files, keys, previews, suggestions ---------------------------------------------------------------------


def test_a_plan_survives_being_written_and_read(tmp_path: Path) -> None:
    first = parse_plan(
        {
            "version": 1,
            "hidden_sheets": "drop",
            "tables": [
                {
                    "table": "गाँव",
                    "columns": [{"column": "lat", "action": "generalise_place", "metres": 500, "longitude": "lon"}],
                    "small_groups": {"columns": ["a"], "fewer_than": 5, "then": "blank"},
                    "small_counts": {"columns": ["b"], "fewer_than": 10, "sign": "few"},
                },
                {"table": "x", "drop": True, "columns": []},
            ],
        }
    )
    assert load_plan(write(tmp_path, plan_text(first), "p.yaml")) == first
    assert load_plan(write(tmp_path, json.dumps(plan_data(first)), "p.json")) == first
    with pytest.raises(InvalidPlan, match=r"none\.yaml"):
        load_plan(tmp_path / "none.yaml")
    with pytest.raises(InvalidPlan, match="neither YAML nor JSON"):
        load_plan(write(tmp_path, "{", "bad.yaml"))


def test_the_key_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIVACY_CLEAN_KEY", raising=False)
    assert load_key() is None
    monkeypatch.setenv("PRIVACY_CLEAN_KEY", "from the environment")
    assert load_key() == b"from the environment"
    assert load_key(write(tmp_path, b"from the key file\n", "key")) == b"from the key file"
    with pytest.raises(InvalidPlan, match="shorter than 16"):
        load_key(write(tmp_path, b"short", "key"))
    with pytest.raises(InvalidPlan, match="cannot be read"):
        load_key(tmp_path / "none")


def test_a_preview_shows_both_sides_and_writes_nothing(tmp_path: Path) -> None:
    source = write(tmp_path, SURVEY)
    steps = ({"column": "name", "action": "drop"}, {"column": "age", "action": "generalise_number", "width": 10})
    shown = preview_plan(source, plan(*steps, {"column": "id", "action": "pseudonymise"}), rows=3)[0]
    assert [row[1] for row in shown.before] == ["Asha Devi 0", "Asha Devi 1", "Asha Devi 2"]
    assert shown.columns_after == ("id", "phone", "age", "village")
    assert [row[2] for row in shown.after] == ["20-29"] * 3
    assert left(tmp_path) == ["in.csv"]


def test_a_preview_shows_small_groups_of_the_whole_table(tmp_path: Path) -> None:
    source = write(tmp_path, "sex\nm\nf\nf\nf\n")
    groups = {"columns": ["sex"], "fewer_than": 2, "then": "drop_rows"}
    shown = preview_plan(source, plan(small_groups=groups), rows=2)[0]
    assert shown.before == (("m",), ("f",))
    assert shown.after == (("f",),)


def test_nothing_is_suggested_where_nothing_was_found(tmp_path: Path) -> None:
    report = scan_file(write(tmp_path, "tree,height\n" + "oak,3\nelm,4\n" * 20))
    assert suggest_plan(report).tables == ()


def test_a_suggestion_fits_the_file_it_was_made_for(tmp_path: Path) -> None:
    source = workbook(tmp_path)
    suggested = suggest_plan(scan_file(source))
    assert suggested.hidden_sheets == "drop"
    assert "born" in {step.column for table in suggested.tables for step in table.steps}
    report = apply_plan(source, suggested, tmp_path / "out.xlsx", KEY)
    assert not report.tables[0].dropped


def test_every_action_has_a_schema_a_measure_and_a_page() -> None:
    from ckanext.privacy.engine.remediation.plan import SCHEMA

    schema = yaml.safe_load(SCHEMA.read_text("utf-8"))
    actions = schema["$defs"]["step"]["properties"]["action"]["enum"]
    assert set(actions) == set(schema["actions"])
    assert set(actions) | {"small_groups", "small_counts"} == set(MEASURES) | {"keep"}
    page = (Path(__file__).parents[2] / "docs" / "cleaning.md").read_text("utf-8")
    for action in actions:
        assert f"`{action}`" in page
        for option in schema["actions"][action].get("properties", ()):
            assert f"`{option}`" in page, (action, option)


def test_the_pages_example_does_what_the_page_shows(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cleaning.md").read_text("utf-8")
    shown = parse_plan(yaml.safe_load(page.split("```yaml\n")[1].split("```")[0]))
    row = {
        "head_of_household": "Asha Devi",
        "phone": "98200 12345",
        "household_id": "HH-0231",
        "date_of_birth": "1987-03-14",
        "income": 12400,
        "latitude": 19.07283,
        "longitude": 72.88261,
        "occupation": "midwife",
        "remarks": "call +91 98200 12345",
        "sex": "f",
        "ward": 3,
    }
    book = openpyxl.Workbook()
    book.active.title = "Households"
    for values in (list(row), *[list(row.values())] * 6):
        book.active.append(values)
    book.create_sheet("Enumerators").append(["name"])
    book.save(tmp_path / "in.xlsx")
    apply_plan(tmp_path / "in.xlsx", shown, tmp_path / "out.xlsx", KEY)
    cleaned = [cell.value for cell in openpyxl.load_workbook(tmp_path / "out.xlsx")["Households"][2]]
    assert cleaned[1:] == [1987, "10000-14999", 19.076, 72.88, "care", "call [PHONE_NUMBER]", "f", 3]
    assert re.fullmatch("p-[a-z2-7]{16}", cleaned[0])


# The command -------------------------------------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    return CliRunner().invoke(clean_command, [str(argument) for argument in arguments])


def test_the_command_suggests_and_applies_a_plan(tmp_path: Path) -> None:
    source, out = write(tmp_path, SURVEY), tmp_path / "out.csv"
    suggested = run(source, "--suggest", "--out", tmp_path / "plan.yaml")
    assert (suggested.exit_code, suggested.output) == (0, "")
    assert "phone" in {step.column for step in load_plan(tmp_path / "plan.yaml").tables[0].steps}
    assert run(source, "--suggest").output == (tmp_path / "plan.yaml").read_text("utf-8")
    cleaned = run(source, "--plan", tmp_path / "plan.yaml", "--out", out, "--key", write(tmp_path, KEY, "key"))
    assert cleaned.exit_code in {0, 1}
    assert "A new scan says:" in cleaned.output
    assert "98200" not in cleaned.output + out.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.csv", "--suggest"], "none.csv"),
        (["in.csv", "--plan", "none.yaml", "--out", "out.csv"], "none.yaml: the plan cannot be opened"),
        (["in.csv"], "--suggest"),
    ],
)
def test_the_command_says_in_one_sentence_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    write(tmp_path, SURVEY)
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.output
    assert left(tmp_path) == ["in.csv"]


def test_groups_may_be_made_of_cells_beyond_the_heading(tmp_path: Path) -> None:
    long = "".join(f"{n},2\n" for n in range(60_000))
    source = write(tmp_path, "a,b\n" + long + "1,2,x\n")
    groups = {"columns": ["#3"], "fewer_than": 2, "then": "drop_rows"}
    report = apply_plan(source, plan(small_groups=groups), tmp_path / "out.csv")
    assert (report.tables[0].rows, report.tables[0].rows_dropped) == (60_001, 1)
