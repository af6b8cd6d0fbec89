"""Documents that ship with the engine are parsed once, and read the same from the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from ckanext.privacy.engine import documents
from ckanext.privacy.engine.documents import parse_yaml, read_own
from ckanext.privacy.engine.store import VARIABLE

SHIPPED = Path(documents.__file__).parent


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))


@pytest.mark.parametrize("folder", ["lexicon", "countries", "policies"])
def test_kept_documents_say_what_the_file_says(folder: str) -> None:
    for path in (SHIPPED / folder).glob("*.yaml"):
        fresh = parse_yaml(path.read_text("utf-8"))
        assert read_own(path) == fresh
        assert read_own(path) == fresh


def test_a_document_is_parsed_once_and_anew_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, parsed = tmp_path / "own.yaml", list[str]()
    monkeypatch.setattr(documents, "parse_yaml", lambda text: parsed.append(text) or parse_yaml(text))
    path.write_text("a: [x, y]", "utf-8")
    assert [read_own(path) for _ in range(3)] == [{"a": ["x", "y"]}] * 3
    path.write_text("a: [x]", "utf-8")
    assert read_own(path) == {"a": ["x"]}
    assert len(parsed) == 2


@pytest.mark.parametrize("text", ["1: one", "day: 2026-01-01"])
def test_what_json_would_change_is_not_kept(text: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, "utf-8")
    assert [read_own(path) for _ in range(2)] == [parse_yaml(text)] * 2
