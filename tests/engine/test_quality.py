"""Validity in plain sentences: where, what kind, and never what stands in the cell."""

from __future__ import annotations

import time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine.findings import to_dict
from ckanext.privacy.engine.quality import QualitySettings, check_quality

GOOD = "id,name,age\n" + "".join(f"{n},Person {n},{20 + n}\n" for n in range(50))


def write(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_good_table_is_valid_and_its_schema_is_inferred(tmp_path: Path) -> None:
    report = check_quality(write(tmp_path, GOOD))
    assert report.valid is True
    assert [(field["name"], field["type"]) for field in report.tables[0].table_schema["fields"]] == [
        ("id", "integer"),
        ("name", "string"),
        ("age", "integer"),
    ]


@pytest.mark.parametrize(
    ("line", "kind", "sentence"),
    [
        ("51,Secret Name,old", "type-error", "Row 52, column 3 (age): the value is not a whole number"),
        ("51,Secret Name", "missing-cell", "Row 52, column 3 (age): the row ends before"),
        ("51,Secret Name,33,extra", "extra-cell", "Row 52 has more cells"),
        ("", "blank-row", "Row 52 is empty."),
    ],
)
def test_each_fault_is_told_with_its_place_and_without_the_cell(
    tmp_path: Path, line: str, kind: str, sentence: str
) -> None:
    report = check_quality(write(tmp_path, f"{GOOD}{line}\n51,Other,40\n"))
    error = report.tables[0].errors[0]
    assert report.valid is False
    assert (error.kind, error.row) == (kind, 52)
    assert error.sentence.startswith(sentence)
    assert "Secret" not in str(to_dict(report))


secrets = st.text(st.characters(categories=("L",)), min_size=6, max_size=12).map(lambda word: f"Q{word}Z")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(secrets, secrets), min_size=1, max_size=5))
def test_no_cell_is_ever_repeated(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    faulty = "".join(f"{first},{second},{second},x\n" for first, second in rows)
    told = str(to_dict(check_quality(write(tmp_path, GOOD + faulty))))
    assert not any(cell in told for row in rows for cell in row)


def test_headings_that_are_missing_or_repeated_are_told(tmp_path: Path) -> None:
    report = check_quality(write(tmp_path, "a,,a\n1,2,3\n"))
    assert report.tables[0].error_kinds == {"blank-label": 1, "duplicate-label": 1}


def test_every_fault_is_counted_though_few_are_listed(tmp_path: Path) -> None:
    report = check_quality(write(tmp_path, GOOD + "1,x\n" * 300), settings=QualitySettings(max_errors=5))
    assert report.error_count == 300
    assert len(report.tables[0].errors) == 5


def test_a_large_file_is_checked_in_part_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n" + "1,2,3\n" * 400_000)
    started = time.monotonic()
    table = check_quality(path, settings=QualitySettings(max_cells=30_000)).tables[0]
    assert (table.rows_checked, table.complete) == (10_000, False)
    assert time.monotonic() - started < 5


def test_every_filled_sheet_is_checked_hidden_ones_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Good"
    book.active.append(["id", "age"])
    book.active.append([1, 30])
    hidden = book.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    hidden.append(["a", "a"])
    book.create_sheet("Empty")
    book.save(tmp_path / "b.xlsx")
    stored = (tmp_path / "b.xlsx").rename(tmp_path / "0f3c-stored")
    report = check_quality(stored, "b.xlsx")
    assert [(table.name, table.valid) for table in report.tables] == [("Good", True), ("Hidden", False)]


def test_the_name_people_know_says_the_format(tmp_path: Path) -> None:
    path = write(tmp_path, "नाम;उम्र\nआशा;33\n", "0f3c-stored")
    report = check_quality(path, "survey.csv")
    assert report.name == "survey.csv"
    assert [field["name"] for field in report.tables[0].table_schema["fields"]] == ["नाम", "उम्र"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", b"", "t.csv: the file is empty."),
        ("t.pdf", b"%PDF", "t.pdf: validity is checked for CSV, TSV, TXT, XLSX only."),
        ("t.xlsx", b"not a workbook", "t.xlsx: not an XLSX workbook, or protected by a password"),
    ],
)
def test_a_file_that_cannot_be_checked_gets_one_sentence(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    report = check_quality(write(tmp_path, content, name))
    assert report.valid is None
    assert (report.not_checked or "").startswith(told)
    assert report.tables == ()


def test_a_workbook_that_unpacks_to_too_much_is_not_opened(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for _ in range(200):
        book.active.append(["x" * 100] * 20)
    book.save(tmp_path / "b.xlsx")
    report = check_quality(tmp_path / "b.xlsx", settings=QualitySettings(max_unpacked_bytes=10_000))
    assert "too much to check" in (report.not_checked or "")


def test_binary_called_csv_gets_one_sentence(tmp_path: Path) -> None:
    report = check_quality(write(tmp_path, bytes(range(256)) * 100))
    assert report.valid is False
    assert [error.sentence for error in report.tables[0].errors] == [
        "The text's encoding cannot be read; save the file as UTF-8."
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert check_quality(tmp_path / "none.csv").not_checked == "none.csv: the file is not there."
