"""How fast a file is scanned, beside Presidio's own BatchAnalyzerEngine over the same cells in the same run.

Prints CPU seconds (machines are shared, wall time is not to be trusted), bytes per CPU second, and ratios: to Presidio,
and to parsing alone. Then kinds of columns that scanners dread, XLSX, a cold start, and peak memory by file size.
``python benchmarks/scan_speed.py [MEGABYTES ...]``: 100 by default, which takes under four minutes of two quiet cores;
the first size is compared, all are timed and weighed in processes of their own. 500 5000 needs 6 GB of disk.
"""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import polars as pl
import xlsxwriter
from faker import Faker
from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from ckanext.privacy.engine import ScanSettings, scan_file

#: Presidio needs about two milliseconds a cell: it gets the first rows only, and is compared by bytes.
PEER_ROWS = 200
#: Rows of the columns that scanners dread.
CROWD_ROWS = 20_000
MB = 1_000_000
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


def crowd(kind: str, count: int) -> list[list[str]]:
    """One column of the kinds that scanners dread."""
    rng = random.Random(kind)
    words = ["tap", "works", "queue", "morning", "ward", "water", "supply", "school"]
    makers = {
        "telephones": lambda: f"6{rng.randrange(10**8):08}",
        "e-mails, all different": lambda: f"{rng.choice(words)}{rng.randrange(10**7)}@example{rng.randrange(99)}.org",
        "long text": lambda: " ".join(rng.choices(words, k=30)),
        "long text with numbers": lambda: f"{' '.join(rng.choices(words, k=20))} {rng.randrange(10**9)}",
        "hashes": lambda: f"{rng.getrandbits(128):032x}",
        "card-like codes": lambda: str(rng.randrange(4 * 10**15, 5 * 10**15)),
        "Devanagari": lambda: "".join(rng.choices("पानीस्कूलगांवनदी ०१२३", k=25)),
        "signs and digits": lambda: "".join(rng.choices("7x-./ #_", k=rng.randint(3, 14))),
    }
    return [[str(number), makers[kind]()] for number in range(count)]


KINDS = (
    "telephones", "e-mails, all different", "long text", "long text with numbers", "hashes", "card-like codes",
    "Devanagari", "signs and digits",
)  # fmt: skip


def floor(path: Path) -> None:
    """The least that can be done with a CSV: every cell read as text, in batches."""
    batches = pl.scan_csv(path, infer_schema=False).select(pl.all().str.len_bytes().max())
    batches.collect(engine="streaming")


def grow(part: Path, path: Path, size: int) -> int:
    """Repeat a file's rows until it has some bytes."""
    heading, _, body = part.read_bytes().partition(b"\n")
    with path.open("wb") as target:
        target.write(heading + b"\n")
        while target.tell() < size:
            target.write(body)
    return path.stat().st_size


#: Runs in a process of its own, whose peak of memory is asked for.
PEAK = (
    "import resource, sys; from ckanext.privacy.engine import ScanSettings, scan_file; "
    "scan_file(sys.argv[1], settings=ScanSettings(isolated=False)); "
    "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_maxrss >> 10, used.ru_utime + used.ru_stime)"
)


def peak(path: Path) -> str:
    """Megabytes of memory that a scan needs at most, and its rate, the start of the process included."""
    start = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)  # noqa: S603
    memory, seconds = run.stdout.split()
    size, wall = path.stat().st_size / MB, time.perf_counter() - start
    return f"{memory} MB, {size / float(seconds):.1f} MB per CPU second, {size / wall:.1f} MB a second of the clock"


def cold(path: Path) -> float:
    """Wall-clock seconds of a privacy-scan with patterns kept from a run before."""
    command = [str(Path(sys.executable).with_name("privacy-scan")), str(path), "--quiet"]
    subprocess.run(command, check=False)  # noqa: S603
    start = time.perf_counter()
    subprocess.run(command, check=False)  # noqa: S603
    return time.perf_counter() - start


def workbook(rows: list[list[str]], path: Path) -> int:
    """Write rows as XLSX."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([list(COLUMNS), *rows]):
            sheet.write_row(number, 0, row)
    return path.stat().st_size


def main() -> None:
    """Compare; files are scanned in this process, so that its CPU time is counted."""
    sizes = [int(size) for size in sys.argv[1:]] or [100]
    rows, settings = make_rows(100_000), ScanSettings(isolated=False)
    with tempfile.TemporaryDirectory() as folder:
        few, some, whole = (Path(folder, name) for name in ("few.csv", "some.csv", "whole.csv"))
        peer_size, _ = write(rows[:PEER_ROWS], few), write(rows, some)
        scan_file(few, settings=settings)
        size = grow(some, whole, sizes[0] * MB)
        ours = run("scan of a CSV, every cell", size, lambda: scan_file(whole, settings=settings))
        least = run("only parsed, every cell as text (polars)", size, lambda: floor(whole))
        theirs = run("Presidio BatchAnalyzerEngine, first rows", peer_size, presidio(rows[:PEER_ROWS]))
        click.echo(f"CPU time: {ours / theirs:.0f} times Presidio, {ours / least:.2f} of parsing alone\n")
        for kind in KINDS:
            size = write(crowd(kind, CROWD_ROWS), whole)
            run(f"a column of {kind}", size, lambda: scan_file(whole, settings=settings))
        book = Path(folder, "book.xlsx")
        workbook(rows[:PEER_ROWS], book)
        # The reader is loaded before its time is taken, like that of CSV.
        scan_file(book, settings=settings)
        packed, cells = workbook(rows, book), write(rows, whole)
        rate = run("XLSX, by the bytes of its cells", cells, lambda: scan_file(book, settings=settings))
        click.echo(f"the same, by the bytes of its file: {rate * packed / cells / MB:.1f} MB per CPU second")
        write(rows[:9_000], whole)
        click.echo(f"\nprivacy-scan of {whole.stat().st_size / MB:.1f} MB, new process: {cold(whole):.1f} s")
        for megabytes in sizes:
            grow(some, whole, megabytes * MB)
            click.echo(f"peak memory at {megabytes} MB: {peak(whole)}")


if __name__ == "__main__":
    main()
