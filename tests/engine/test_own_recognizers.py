"""Recognizers of the user's own join the scan: their patterns, their code, their entities in report and policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from presidio_analyzer import EntityRecognizer, RecognizerResult

from ckanext.privacy.engine import InvalidPolicy, ScanSettings, scan_file, store
from ckanext.privacy.engine.cli import scan_command
from ckanext.privacy.engine.confirm import confirmer_of
from ckanext.privacy.engine.findings import FileReport

FILE = """
recognizers:
  - name: member number
    supported_entity: MEMBER_NUMBER
    supported_language: nl
    patterns:
      - {name: member, regex: '\\bLID[-‐]?\\d{4}\\b', score: 0.8}
    context: [lid]
"""


class Palindromes(EntityRecognizer):
    """Words that read the same from both sides: nothing that a pattern could say."""

    def __init__(self) -> None:
        super().__init__(supported_entities=["PALINDROME"], name="Palindromes")

    def load(self) -> None: ...

    def analyze(self, text: str, entities: list[str], nlp_artifacts: object = None) -> list[RecognizerResult]:
        found = len(text) > 4 and text.lower() == text.lower()[::-1]
        return [RecognizerResult("PALINDROME", 0, len(text), 0.9)] if found else []


class Choosy(Palindromes):
    """Wants to see only cells with an x."""

    prefilter = (r"x",)


def write(tmp_path: Path, cells: list[str]) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["n,thing", *(f"{n},{cell}" for n, cell in enumerate(cells))]) + "\n", "utf-8")
    return path


def scan(tmp_path: Path, cells: list[str], *sources: str, isolated: bool = False) -> FileReport:
    return scan_file(write(tmp_path, cells), settings=ScanSettings(isolated=isolated, recognizers=sources))


def found(report: FileReport) -> dict[str, tuple[int, ...]]:
    return {each.entity: each.first_rows for column in report.tables[0].columns for each in column.entities}


@pytest.fixture
def registry(tmp_path: Path) -> str:
    path = tmp_path / "recognizers.yaml"
    path.write_text(FILE, "utf-8")
    return str(path)


@pytest.mark.parametrize("isolated", [False, True])
def test_a_file_of_presidios_registry_is_asked_about_every_cell(tmp_path: Path, registry: str, isolated: bool) -> None:
    cells = ["tap works"] * 3000
    cells[1776] = "see é LID-٤٧١١ today"
    report = scan(tmp_path, cells, registry, isolated=isolated)
    assert found(report) == {"MEMBER_NUMBER": (1777,)}
    assert "member number" in report.engine.recognizers
    assert report.tables[0].columns[1].sensitivity.value == "high"


def test_a_changed_file_counts_at_once(tmp_path: Path, registry: str) -> None:
    scan(tmp_path, ["LID-4711"], registry)
    Path(registry).write_text(FILE.replace("LID", "CARD"), "utf-8")
    assert found(scan(tmp_path, ["CARD-4711"], registry)) == {"MEMBER_NUMBER": (1,)}


def test_a_class_without_patterns_sees_every_distinct_cell(tmp_path: Path) -> None:
    cells = [f"word {n}" for n in range(3000)]
    cells[2500] = "Reliefpfeiler"
    assert found(scan(tmp_path, cells, f"{__name__}:Palindromes")) == {"PALINDROME": (2501,)}


def test_a_class_may_say_which_cells_it_wants_to_see(tmp_path: Path) -> None:
    assert found(scan(tmp_path, ["xaxax", "level", "other"], f"{__name__}:Choosy")) == {"PALINDROME": (1,)}


def test_a_policy_judges_the_users_entity(tmp_path: Path, registry: str) -> None:
    path = write(tmp_path, ["LID-4711", "tap"])
    out = CliRunner().invoke(scan_command, [str(path), "--json", "-", "--quiet", "--recognizers", registry])
    assert out.exit_code == 1
    assert json.loads(out.stdout)[0]["outcome"] != "clear"
    assert CliRunner().invoke(scan_command, [str(path), "--quiet"]).exit_code == 0


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("absent.yaml", "cannot be opened"),
        ("os:getcwd", "no class of Presidio's"),
        ("nowhere.at_all:Class", "cannot be made"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(InvalidPolicy, match=said) as caught:
        scan(tmp_path, ["x"], source)
    assert source in str(caught.value)


@pytest.mark.parametrize("text", ["recognizers: [", "- a", "recognizers: [{name: x}]"])
def test_a_faulty_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidPolicy, match=r"faulty\.yaml"):
        scan(tmp_path, ["x"], str(path))


def test_patterns_are_kept_on_disk_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "cache"))
    first = confirmer_of(("in",))
    fresh = type(first)(first.packs)
    made = fresh.watch.finder
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    again = type(first)(first.packs)
    assert again.watch.finder == made
    assert "analyzer" not in vars(again)


@pytest.mark.parametrize("spoil", ["not json", "[1]", "open to others"])
def test_what_was_kept_is_not_believed_when_it_is_spoilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    assert store.kept(("a",), lambda: {"n": 1}) == {"n": 1}
    (file,) = tmp_path.iterdir()
    if spoil == "open to others":
        file.chmod(0o666)
    else:
        file.write_text(spoil, "utf-8")
    assert store.kept(("a",), lambda: {"n": 2}) == {"n": 2}


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "file" / "cache"))
    assert store.kept(("a",), lambda: {"n": 3}) == {"n": 3}
    monkeypatch.setenv(store.VARIABLE, "")
    assert store.kept(("a",), lambda: {"n": 4}) == {"n": 4}
