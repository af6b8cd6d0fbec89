"""The pass over a table leaves what its verdict needs: the same report, and the file is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from ckanext.privacy.engine import Limits, RiskSettings, ScanSettings, passing, scan_file, to_dict
from ckanext.privacy.engine.passing import Passing
from ckanext.privacy.engine.roles import may_matter
from ckanext.privacy.engine.tables import Table

#: Small batches, so that a small file has many parts.
SMALL = ScanSettings(isolated=False, limits=Limits(batch=64 << 10))
BATCHES = [pl.DataFrame({"sex": ["m", "F ", None], "zip": [f"{part}", "2", "3"]}) for part in range(4)]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A table about people, whose column without a telling heading turns out to be one to find them by."""
    lines = ["date of birth,sex,zip,contact,remarks"]
    for n in range(12_000):
        mail = f"ana{n}@example.org"
        lines.append(f"19{n % 90 + 10}-0{n % 9 + 1}-1{n % 10},{'MF'[n % 2]},{10_000 + n % 70},{mail},tap {n % 7}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _table(read: list[int]) -> Table:
    def cut() -> Iterator[Callable[[], pl.DataFrame]]:
        read.append(1)
        return (lambda batch=batch: batch for batch in BATCHES)

    def whole() -> Iterator[pl.DataFrame]:
        return (each() for each in cut())

    return Table("t", ("sex", "zip"), ("sex", "zip"), whole, weight=1, cut=cut)


def _report(path: Path) -> dict[str, object]:
    report = to_dict(scan_file(path, settings=SMALL))
    report["engine"].pop("seconds")
    return report


def test_a_long_table_has_the_report_of_a_short_one(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = _report(people)
    assert short["tables"][0]["risk"]["k"]
    monkeypatch.setattr(passing, "SHORT", 0)
    assert _report(people) == short
    # Nothing is kept, nothing is foreseen: everything is read anew.
    monkeypatch.setattr(passing, "IN_MEMORY", -1)
    monkeypatch.setattr(passing, "may_matter", lambda *_: False)
    assert _report(people) == short


@pytest.mark.parametrize("short", [0, 1 << 20])
def test_the_file_is_read_once(short: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "SHORT", short)
    read: list[int] = []
    one = Passing.of(_table(read), RiskSettings(), tmp_path)
    assert one.columns == (() if short else ("sex", "zip"))
    assert [each().height for each in one.watched().cuts()] == [3] * 4
    passed = one.passed()
    if short:
        assert pl.concat(passed.batches()).equals(pl.concat(BATCHES))
    else:
        hashes = passed.hashes(["zip"])
        assert hashes is not None
        assert pl.scan_ipc(list(hashes)).select("zip").collect().n_unique() == 4
    assert read == [1]


def test_parts_that_were_not_looked_at_here_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "SHORT", 0)
    one = Passing.of(_table([]), RiskSettings(), tmp_path)
    for number, each in enumerate(one.watched().cuts()):
        if number != 2:
            each()
    assert one.passed().hashes(["sex"]) is None
    other = Passing.of(_table([]), RiskSettings(), tmp_path / "none")
    assert other.passed().hashes(["sex"]) is None


def test_a_table_that_grows_beyond_memory_is_let_go(tmp_path: Path) -> None:
    one = Passing.of(replace(_table([]), weight=0), RiskSettings(), tmp_path)
    one._room = 1
    for each in one.watched().cuts():
        each()
    assert not one._kept
    assert pl.concat(one.passed().batches()).height == 12


def test_headings_foresee_attributes_and_what_the_settings_choose() -> None:
    from ckanext.privacy.engine.attributes import load_rules

    chosen = RiskSettings(quasi_identifiers=("Colour",))
    assert [may_matter(name, chosen, load_rules()) for name in ("sex", "Código Postal", "colour", "litres")] == [
        True, True, True, False,
    ]  # fmt: skip
