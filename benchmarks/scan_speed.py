"""How fast a file is scanned, beside Presidio's own BatchAnalyzerEngine over the same cells in the same run.

Prints CPU seconds (machines are shared, wall time is not to be trusted), bytes per CPU second, and the ratio.
``python benchmarks/scan_speed.py [ROWS]``
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from pathlib import Path

import click
from faker import Faker
from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from ckanext.privacy.engine import ScanSettings, scan_file

#: Presidio needs about two milliseconds a cell: it gets the first rows only, and is compared by bytes.
PEER_ROWS = 300
COLUMNS = ("id", "name", "phone", "email", "ward", "litres", "date", "note", "latitude", "longitude", "code", "toilet")


def make_rows(count: int) -> list[list[str]]:
    """Made-up rows; every hundredth names a person."""
    fake = Faker("en_IN")
    Faker.seed(1)
    people = [(fake.name(), fake.phone_number(), fake.email()) for _ in range(200)]
    return [make_row(number, people[number % 200] if number % 100 == 0 else ("", "", "")) for number in range(count)]


def make_row(number: int, person: tuple[str, str, str]) -> list[str]:
    """One row of a water survey."""
    place = [f"{18.5 + number % 97 / 1000:.4f}", f"{73.8 + number % 89 / 1000:.4f}"]
    date = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
    known = [f"ward {number % 40}", str(number % 900), date, "tap works, queue in the morning"]
    return [str(number), *person, *known, *place, f"WP-{number:07}", "yes" if number % 3 else "no"]


def write(rows: list[list[str]], path: Path) -> int:
    """Write a CSV and return its size in bytes."""
    with path.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target).writerows([list(COLUMNS), *rows])
    return path.stat().st_size


def cpu() -> float:
    """CPU seconds of this process and of its children that ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run(label: str, size: int, work: object) -> float:
    """Time a call; print and return bytes per CPU second."""
    before, wall = cpu(), time.perf_counter()
    work()  # type: ignore[operator]
    seconds = cpu() - before
    rate = size / seconds
    spent = f"{seconds:9.2f} CPU s {time.perf_counter() - wall:9.2f} s"
    click.echo(f"{label:<42}{size / 1e6:9.2f} MB {spent} {rate / 1e6:10.4f} MB/s")
    return rate


def presidio(rows: list[list[str]]) -> object:
    """The peer: all cells by column, English registry, no language model."""
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=None)
    registry.remove_recognizer("SpacyRecognizer")
    nlp = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "no_op"}])
    nlp.load()
    batch = BatchAnalyzerEngine(AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"]))
    columns = {name: [row[index] for row in rows] for index, name in enumerate(COLUMNS)}
    return lambda: list(batch.analyze_dict(columns, language="en"))


def main() -> None:
    """Compare; the file is scanned in this process, so that its CPU time is counted."""
    rows = make_rows(int(sys.argv[1]) if len(sys.argv) > 1 else 150_000)
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder, "whole.csv"), Path(folder, "part.csv")
        sizes = write(rows, whole), write(rows[:PEER_ROWS], part)
        settings = ScanSettings(isolated=False)
        scan_file(part, settings=settings)
        ours = run("scan, every cell", sizes[0], lambda: scan_file(whole, settings=settings))
        theirs = run("Presidio BatchAnalyzerEngine, first rows", sizes[1], presidio(rows[:PEER_ROWS]))
    click.echo(f"bytes per CPU second, ratio: {ours / theirs:.0f}")


if __name__ == "__main__":
    main()
