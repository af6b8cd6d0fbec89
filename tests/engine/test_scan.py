"""A scan finds what tells of people, keeps quiet about what does not, and never repeats what it found."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from stdnum import luhn, verhoeff

from ckanext.privacy import engine
from ckanext.privacy.engine import (
    FileReport,
    Limits,
    Outcome,
    ScanSettings,
    cli,
    examine,
    from_dict,
    scan_file,
    to_dict,
)
from ckanext.privacy.engine.cli import scan_command
from ckanext.privacy.engine.findings import ColumnReport
from ckanext.privacy.engine.masking import mask
from ckanext.privacy.engine.sandbox import Worker

FIRST = ["Maria", "Juan", "Aisha", "Wei", "Lucia", "Ravi", "Fatima", "Pedro", "Anna", "Kofi"]
LAST = ["Gonzalez", "Rossi", "Patel", "Kowalski", "Okafor", "de Vries", "Silva", "Haddad", "Moreau", "Nguyen"]
HERE = ScanSettings(isolated=False)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker(Limits().memory)
    yield worker
    worker.stop()


def scan(tmp_path: Path, columns: dict[str, list[str]], name: str = "table.csv") -> dict[str, ColumnReport]:
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    path = tmp_path / name
    path.write_text("\n".join(lines), "utf-8")
    report = scan_file(path, settings=HERE)
    return {column.name: column for column in report.tables[0].columns}


def names(count: int = 60) -> list[str]:
    rng = random.Random(3)
    return [f"{rng.choice(FIRST)} {rng.choice(LAST)}" for _ in range(count)]


def numbers(count: int = 60, digits: int = 10) -> list[str]:
    rng = random.Random(4)
    return [str(rng.randrange(10 ** (digits - 1), 10**digits)) for _ in range(count)]


def entities(column: ColumnReport) -> set[str]:
    return {each.entity for each in column.entities}


@pytest.mark.parametrize("heading", ["name", "nombre", "titular", "नाम", "الاسم", "contact"])
def test_names_of_people_are_found_under_any_heading_for_them(tmp_path: Path, heading: str) -> None:
    assert entities(scan(tmp_path, {"id": numbers(), heading: names()})[heading]) == {"PERSON"}


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("school_name", [f"Escuela Primaria {name}" for name in names()]),
        ("plaza", [f"Plaza {name}" for name in names()]),
        ("company", [f"{name} SL" for name in names()]),
        ("order_number", numbers()),
        ("station", ["North Gate", "River Street", "Town Hall"] * 20),
        ("total", numbers(digits=5)),
        ("share", ["0.1234567891", "0.9876543219", "0.5554443331"] * 20),
    ],
)
def test_ordinary_open_data_raises_no_alarm(tmp_path: Path, heading: str, values: list[str]) -> None:
    assert not scan(tmp_path, {"code": [str(n) for n in range(60)], heading: values})[heading].sensitive


def aadhaar(rng: random.Random) -> str:
    base = str(rng.randrange(2 * 10**10, 10**11))
    return base + verhoeff.calc_check_digit(base)


def test_check_digits_are_judged_against_chance(tmp_path: Path) -> None:
    rng = random.Random(5)
    real = scan(tmp_path, {"aadhaar": [aadhaar(rng) for _ in range(60)]})["aadhaar"]
    orders = scan(tmp_path, {"order": numbers(digits=12)})["order"]
    assert entities(real) == {"IN_AADHAAR"}
    assert real.entities[0].detectors == ("header", "checksum")
    assert not orders.sensitive


def test_one_rare_address_among_many_codes_is_found_with_its_row(tmp_path: Path) -> None:
    codes = numbers(3000)
    codes[1776] = "ana.perez@example.org"
    column = scan(tmp_path, {"code": codes})["code"]
    found = next(each for each in column.entities if each.entity == "EMAIL_ADDRESS")
    assert (found.rows, found.first_rows) == (1, (1777,))


@pytest.mark.parametrize("heading", ["text", "remarks", "observaciones", "latitude"])
def test_an_address_is_found_whatever_the_heading_says(tmp_path: Path, heading: str) -> None:
    """No chance makes an e-mail address: one among texts or figures is one."""
    rows = ["the tap works", "ana.perez@example.org", "queue in the morning", "dry since May"]

    column = scan(tmp_path, {"id": ["1", "2", "3", "4"], heading: rows})[heading]

    assert "EMAIL_ADDRESS" in [each.entity for each in column.entities]


def test_digits_of_other_scripts_are_digits(tmp_path: Path) -> None:
    rng = random.Random(6)
    hindi = [aadhaar(rng).translate(str.maketrans("0123456789", "०१२३४५६७८९")) for _ in range(40)]
    assert entities(scan(tmp_path, {"आधार संख्या": hindi})["आधार संख्या"]) == {"IN_AADHAAR"}


def test_card_numbers_are_found_without_a_heading(tmp_path: Path) -> None:
    cards = [f"4{number}" for number in numbers(digits=14)]
    column = scan(tmp_path, {"value": [card + luhn.calc_check_digit(card) for card in cards]})["value"]
    assert "CREDIT_CARD" in entities(column)


def test_traits_count_only_where_rows_are_people(tmp_path: Path) -> None:
    ages, sexes = [str(20 + n) for n in range(60)], ["f", "m"] * 30
    people = scan(tmp_path, {"name": names(), "age": ages, "sex": sexes, "hiv status": ["neg", "pos"] * 30})
    assert people["age"].sensitive
    assert people["hiv status"].sensitivity.value == "severe"
    streets = scan(tmp_path, {"street": [f"Street {n}" for n in range(60)], "age": ages})
    assert not streets["age"].sensitive


@pytest.mark.parametrize("heading", ["dob", "born", "year_of_birth"])
@pytest.mark.parametrize("form", ["{}", "{}s"])
def test_a_year_or_decade_is_no_date_of_birth(tmp_path: Path, heading: str, form: str) -> None:
    years = [form.format(1950 + n % 5 * 10) for n in range(60)]
    column = scan(tmp_path, {"name": names(), heading: years})[heading]
    assert entities(column) == {"YEAR_OF_BIRTH"}
    assert column.sensitivity.value == "moderate"


def test_one_full_date_among_years_is_a_date_of_birth(tmp_path: Path) -> None:
    born = [str(1950 + n % 50) for n in range(3000)]
    born[1776] = "1964-05-17"
    assert scan(tmp_path, {"born": born})["born"].sensitivity.value == "high"


def test_years_of_birth_are_combined_with_sex_and_place(tmp_path: Path) -> None:
    rows = [f"{1950 + n},{'fm'[n % 2]},{28001 + n % 3}" for n in range(50)]
    risk = scan_report(tmp_path, "dob,sex,postcode\n" + "\n".join(rows) + "\n").tables[0].risk
    assert "dob" in risk.quasi_identifiers
    assert [each.rule for each in risk.combinations] == ["age-sex-place"]


def test_an_office_s_contact_is_not_sensitive(tmp_path: Path) -> None:
    columns = {"school": [f"School {n}" for n in range(40)], "phone": ["+34 912 345 678", "+34 913 456 789"] * 20}
    assert not scan(tmp_path, columns)["phone"].sensitive


@pytest.mark.parametrize(
    "value", ["ana.perez@example.org", "Maria Gonzalez", "4111 1111 1111 1111", "Al", "李明", "AB1234"]
)
def test_masks_hide_the_value(value: str) -> None:
    shown = mask(value)
    assert value not in shown
    assert sum(char.isalnum() for char in shown) <= max(1, len(value) / 3)


def test_a_report_holds_no_value_it_found(tmp_path: Path) -> None:
    people = names()
    report = scan_report(
        tmp_path, "name,phone\n" + "".join(f"{name},+34 612 345 {n:03}\n" for n, name in enumerate(people))
    )
    text = json.dumps(to_dict(report), ensure_ascii=False)
    assert not [name for name in people if name in text]
    assert "612 345" not in text


def scan_report(tmp_path: Path, text: str, **options: object) -> FileReport:
    path = tmp_path / "table.csv"
    path.write_text(text, "utf-8")
    return scan_file(path, settings=ScanSettings(isolated=False, **options))


def test_the_report_has_the_shape_others_rely_on(tmp_path: Path) -> None:
    report = scan_report(tmp_path, "name,name,\n" + "".join(f"{name},x,1\n" for name in names()))
    data = to_dict(report)
    assert list(data) == ["file", "engine", "policy", "outcome", "held", "tables"]
    assert set(data["file"]) == {"name", "sha256", "bytes", "format", "encoding"}
    assert [column["name"] for column in data["tables"][0]["columns"]] == ["name", "#2", "#3"]
    assert set(data["tables"][0]) == {"name", "hidden", "rows", "columns", "risk"}
    assert set(data["tables"][0]["columns"][0]["entities"][0]) == {
        "entity", "confidence", "rows", "share", "detectors", "examples", "first_rows",
    }  # fmt: skip
    assert from_dict(json.loads(json.dumps(data))) == report


def test_progress_goes_to_one(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    told: list[float] = []
    scan_file(path, settings=HERE, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def large_table(tmp_path: Path) -> Path:
    path = tmp_path / "large.csv"
    path.write_text("id,place,total\n" + "".join(f"{n},Ward {n % 40},{n * 7}\n" for n in range(250_000)))
    return path


def test_progress_moves_within_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "PAUSE", 0.0)
    told: list[float] = []
    scan_file(
        large_table(tmp_path),
        settings=ScanSettings(isolated=False, limits=Limits(batch=1 << 20)),
        progress=told.append,
    )
    assert told == sorted(told)
    assert sum(0.05 < share < 0.8 for share in told) >= 4
    assert told[-1] == 1.0


def test_progress_is_told_a_few_times_a_second_at_most() -> None:
    told: list[float] = []
    meter = examine.Meter(told.append, pause=60.0)
    for step in range(1000):
        meter(step / 1000)
    assert told == [0.001]


def test_progress_comes_through_the_child_process(tmp_path: Path, worker: Worker) -> None:
    told: list[float] = []
    scan_file(large_table(tmp_path), worker=worker, progress=told.append)
    assert told == sorted(told)
    assert 0 < told[0] < 0.9
    assert told[-1] == 1.0


def loaded_with(module: str, libraries: set[str]) -> str:
    """Which of some libraries a fresh Python has loaded after an import."""
    code = f"import sys, {module}; print(sorted({libraries!r} & {{name.split('.')[0] for name in sys.modules}}))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_command_loads_neither_the_catalogue_nor_what_its_child_loads() -> None:
    catalogue = {"ckan", "flask", "sqlalchemy"}
    heavy = {"polars", "numpy", "presidio_analyzer", "frictionless", "openpyxl"}
    assert loaded_with("ckanext.privacy.engine.console", catalogue | heavy) == "[]"
    assert loaded_with("ckanext.privacy.engine.cli", catalogue | heavy | {"yaml", "concurrent"}) == "[]"


def test_the_public_names_are_there_and_cost_nothing_until_asked_for() -> None:
    assert loaded_with("ckanext.privacy.engine", {"polars", "numpy", "yaml", "jsonschema", "presidio_analyzer"}) == "[]"
    assert [name for name in engine.__all__ if getattr(engine, name, None) is None] == []
    with pytest.raises(AttributeError, match="nothing_such"):
        engine.nothing_such  # noqa: B018 - asking for it is the test


def test_a_child_loads_presidio_without_its_settings_until_recognizers_of_the_user_need_them() -> None:
    code = (
        "import sys; from ckanext.privacy.engine import light, sandbox; sandbox.inside = True\n"
        "bare = light.import_presidio(); first = bare.EntityRecognizer; print('pydantic' in sys.modules)\n"
        "whole = light.import_presidio(own=True); print('pydantic' in sys.modules, whole.EntityRecognizer is first)\n"
        "print(light.import_presidio() is whole)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False", "True"]


def test_the_stand_ins_for_spacy_leave_nothing_behind() -> None:
    code = (
        "from ckanext.privacy.engine.light import import_presidio; import_presidio(); import regex, sys;"
        "print('spacy' in sys.modules, 'thinc' in sys.modules, regex.compile('a+').match('aa').group())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "aa"]


def test_a_file_without_candidates_does_not_wait_for_presidio(tmp_path: Path) -> None:
    """Its patterns are kept on disk from an earlier scan, and only what fits one is shown to it."""
    path = tmp_path / "wards.csv"
    path.write_text("ward,litres\n" + "".join(f"ward {number},{number * 7}\n" for number in range(50)), "utf-8")
    code = (
        "import sys; from ckanext.privacy.engine import ScanSettings, scan_file;"
        "scan_file(sys.argv[1], settings=ScanSettings(isolated=False)); print('presidio_analyzer' in sys.modules)"
    )
    scans = [subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True) for _ in range(2)]
    assert scans[-1].stdout.split() == [b"False"]


def test_a_scan_makes_no_network_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a scan asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    report = scan_report(tmp_path, "email\n" + "ana.perez@example.co.uk\n" * 20)
    assert entities(report.tables[0].columns[0]) == {"EMAIL_ADDRESS"}


def test_a_child_process_scans_and_reports_the_same(tmp_path: Path, worker: Worker) -> None:
    path = tmp_path / "table.csv"
    path.write_text("name\n" + "\n".join(names()), "utf-8")
    apart, here = scan_file(path, worker=worker), scan_file(path, settings=HERE)
    assert apart.tables == here.tables
    assert apart.outcome is here.outcome


def test_a_file_that_takes_too_long_is_held_and_the_next_is_scanned(tmp_path: Path, worker: Worker) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    late = scan_file(path, worker=worker, settings=ScanSettings(limits=Limits(seconds=0)))
    assert late.outcome is Outcome.BLOCKED
    assert "longer than the limit" in late.held[0].reason
    assert scan_file(path, worker=worker).held == ()


def test_a_file_that_breaks_its_reader_is_held(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    small = Worker(memory=60 << 20)
    report = scan_file(path, worker=small)
    small.stop()
    assert report.outcome is Outcome.BLOCKED
    assert "more memory than the limit" in report.held[0].reason


class Lent:
    """A worker that commands under test may use and must not end: starting one costs seconds."""

    def __init__(self, worker: Worker) -> None:
        self.ask, self.start = worker.ask, worker.start

    def stop(self) -> None:
        """Leave it running for the next test."""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(scan_command, list(arguments))
    return result.exit_code, result.output


def test_the_command_says_by_its_exit_code_what_is_to_do(
    tmp_path: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "Worker", lambda _memory: Lent(worker))
    clear, people, empty = (tmp_path / name for name in ("clear.csv", "people.csv", "empty.csv"))
    clear.write_text("tree,height\n" + "oak,3\nelm,4\n" * 20)
    people.write_text("full name,dob\n" + "".join(f"{name},1980-02-0{n % 9 + 1}\n" for n, name in enumerate(names())))
    empty.touch()
    out = tmp_path / "out.json"
    assert run(str(clear), "--quiet")[0] == 0
    code, text = run(str(people), str(clear), "--json", str(out), "--html", str(tmp_path / "page.html"), "--jobs", "2")
    assert code == 1
    assert "column full name" in text
    assert [report["file"]["name"] for report in json.loads(out.read_text())] == ["people.csv", "clear.csv"]
    assert "<h1>" in (tmp_path / "page.html").read_text()
    assert run(str(empty))[0] == 2
    Image.new("RGB", (2, 2)).save(tmp_path / "hill.png")
    assert run(str(tmp_path / "hill.png"))[0] == 1, "people can look at it"
    assert run(str(clear), "--countries", "xx")[0] == 2


def test_the_command_explains_itself() -> None:
    code, text = run("--explain", "--countries", "mx")
    assert code == 0
    assert "MX_CURP" in text
    assert "es (Latin)" in text
