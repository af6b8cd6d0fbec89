"""How fast a file is scanned, beside Presidio's own BatchAnalyzerEngine over the same cells in the same run.

Prints CPU seconds (machines are shared, wall time is not to be trusted), bytes per CPU second, and ratios: to Presidio,
and to parsing alone. Then a list of people, kinds of columns that scanners dread, XLSX, a cold start, and peak memory
by file size; at last what is asked for beside what was measured.
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
import zipfile
from pathlib import Path
from typing import NamedTuple

import click
import polars as pl
import xlsxwriter
from faker import Faker
from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from python_calamine import CalamineWorkbook

from ckanext.privacy.engine import ScanSettings, scan_file
from ckanext.privacy.engine.confinement import MEMORY

#: Presidio needs about two milliseconds a cell: it gets the first rows only, and is compared by bytes.
PEER_ROWS = 200
#: Rows of the columns that scanners dread.
CROWD_ROWS = 20_000
MB = 1_000_000
#: Columns that a spreadsheet holds as numbers.
NUMBERS = frozenset({"id", "litres", "latitude", "longitude"})
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


PEOPLE = ("name", "telephone", "e-mail", "date of birth", "sex", "address", "town", "amount")


def make_people(count: int) -> list[list[str]]:
    """Made-up rows that each name a person: a register that should never be open."""
    fake, rng = Faker(["en_IN", "es_MX", "it_IT", "en_GB"]), random.Random(1)
    Faker.seed(1)
    names, streets, towns = ([make() for _ in range(1_000)] for make in (fake.name, fake.street_name, fake.city))
    return [
        make_person(rng, rng.choice(names), f"{rng.choice(streets)} {rng.randrange(200)}", rng.choice(towns))
        for _ in range(count)
    ]


def make_person(rng: random.Random, name: str, address: str, town: str) -> list[str]:
    """One row of the register."""
    mail = f"{name.rsplit(maxsplit=1)[-1].lower()}{rng.randrange(10_000)}@example.org"
    birth = f"{rng.randrange(1930, 2015)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    phone = f"+91 9{rng.randrange(10**9):09}"
    return [name, phone, mail, birth, rng.choice("MF"), address, town, str(rng.randrange(5_000))]


def write(rows: list[list[str]], path: Path, columns: tuple[str, ...] = COLUMNS) -> int:
    """Write a CSV and return its size in bytes."""
    with path.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target).writerows([list(columns), *rows])
    return path.stat().st_size


def cpu() -> float:
    """CPU seconds of this process and of its children that ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Rate(NamedTuple):
    """Bytes per CPU second, and per second of the clock."""

    cpu: float
    clock: float


def run(label: str, size: int, work: object) -> Rate:
    """Time a call; print and return how fast it was."""
    before, wall = cpu(), time.perf_counter()
    work()  # type: ignore[operator]
    seconds, wall = cpu() - before, time.perf_counter() - wall
    rate = Rate(size / seconds, size / wall)
    spent = f"{seconds:9.2f} CPU s {wall:9.2f} s"
    click.echo(f"{label:<42}{size / MB:9.2f} MB {spent} {rate.cpu / MB:10.4f} MB/CPU s")
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


#: Runs in a process of its own, whose peak of memory is asked for: ``ru_maxrss`` would count its parent's, too.
PEAK = (
    "import resource, sys; from pathlib import Path; from ckanext.privacy.engine import ScanSettings, scan_file; "
    "scan_file(sys.argv[1], settings=ScanSettings(isolated=False)); "
    "used = resource.getrusage(resource.RUSAGE_SELF); "
    "peak = Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]; "
    "print(int(peak) >> 10, used.ru_utime + used.ru_stime)"
)


def peak(path: Path) -> int:
    """Print and return the megabytes of memory that a scan needs at most; print its rate with the process's start."""
    start = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)  # noqa: S603
    memory, seconds = run.stdout.split()
    size, wall = path.stat().st_size / MB, time.perf_counter() - start
    rates = f"{size / float(seconds):.1f} MB per CPU second, {size / wall:.1f} MB a second of the clock"
    click.echo(f"peak memory at {size:.0f} MB: {memory} MB, {rates}")
    return int(memory)


def cold(path: Path) -> float:
    """Wall-clock seconds of a privacy-scan with patterns kept from a run before."""
    command = [str(Path(sys.executable).with_name("privacy-scan")), str(path), "--quiet"]
    subprocess.run(command, check=False)  # noqa: S603
    start = time.perf_counter()
    subprocess.run(command, check=False)  # noqa: S603
    return time.perf_counter() - start


def workbook(rows: list[list[str]], path: Path) -> int:
    """Write rows as spreadsheets keep them, texts in a list of their own; return the bytes of its parts, unpacked."""
    numbers = [name in NUMBERS for name in COLUMNS]
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        for place, row in enumerate(rows, 1):
            sheet.write_row(
                place, 0, [float(cell) if number else cell for cell, number in zip(row, numbers, strict=True)]
            )
    with zipfile.ZipFile(path) as parts:
        return sum(part.file_size for part in parts.infolist())


def cells_of(book: Path) -> int:
    """The peer: every cell of a workbook handed to Python by calamine, the quickest library for it, and no more."""
    sheets = CalamineWorkbook.from_path(book)
    return sum(len(row) for name in sheets.sheet_names for row in sheets.get_sheet_by_name(name).iter_rows())


def xlsx(rows: list[list[str]], book: Path, text: int) -> dict[str, tuple[float, str]]:
    """Scan a workbook whose cells are ``text`` bytes as CSV, which is how readers of workbooks are compared."""
    settings = ScanSettings(isolated=False)
    workbook(rows[:PEER_ROWS], book)
    # The reader is loaded before its time is taken, like that of CSV.
    scan_file(book, settings=settings)
    unpacked, packed = workbook(rows, book), book.stat().st_size
    rate = run("XLSX, by the bytes of its file", packed, lambda: scan_file(book, settings=settings))
    peer = run("only handed to Python by calamine", packed, lambda: cells_of(book))
    of_cells = text / packed
    click.echo(
        f"its cells as CSV are {text / MB:.1f} MB: {rate.clock * of_cells / MB:.1f} MB a second of the clock; "
        f"its parts are {unpacked / MB:.1f} MB: {rate.cpu * unpacked / packed / MB:.1f} MB/CPU s"
    )
    return {
        "XLSX, MB of cells a second of the clock": (rate.clock * of_cells / MB, ">= 8"),
        "XLSX, MB of file a second of the clock": (rate.clock / MB, "(the same goal, by a packed file's bytes)"),
        "XLSX, times calamine alone by the clock": (rate.clock / peer.clock, "(no goal)"),
    }


def compare(rows: list[list[str]], folder: Path, megabytes: int) -> dict[str, tuple[float, str]]:
    """Scan one table with Presidio and without, and return what is asked for beside what was measured."""
    some, whole, settings = folder / "some.csv", folder / "whole.csv", ScanSettings(isolated=False)
    peer_size = write(rows[:PEER_ROWS], some)
    scan_file(some, settings=settings)
    write(rows, some)
    size = grow(some, whole, megabytes * MB)
    ours = run("scan of a CSV, every cell", size, lambda: scan_file(whole, settings=settings))
    least = run("only parsed, every cell as text (polars)", size, lambda: floor(whole))
    theirs = run("Presidio BatchAnalyzerEngine, first rows", peer_size, presidio(rows[:PEER_ROWS]))
    return {
        "CSV, MB a second of the clock": (ours.clock / MB, ">= 100"),
        "CSV, MB a CPU second": (ours.cpu / MB, ">= 50 on two cores"),
        "CSV, share of parsing alone by CPU time": (ours.cpu / least.cpu, ">= 0.25"),
        "CSV, times Presidio by CPU time": (ours.cpu / theirs.cpu, ">= 5000"),
    }


def dread(path: Path) -> None:
    """Scan a list of people, and kinds of columns that take scanners long."""
    settings = ScanSettings(isolated=False)
    size = write(make_people(CROWD_ROWS), path, PEOPLE)
    run("a list of people", size, lambda: scan_file(path, settings=settings))
    for kind in KINDS:
        size = write(crowd(kind, CROWD_ROWS), path)
        run(f"a column of {kind}", size, lambda: scan_file(path, settings=settings))


def main() -> None:
    """Compare; files are scanned in this process, so that its CPU time is counted."""
    if not MEMORY.keys() <= os.environ.keys():
        # The memory is managed as in the child process that files are scanned in.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MEMORY})  # noqa: S606
    sizes, rows = [int(size) for size in sys.argv[1:]] or [100], make_rows(100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = compare(rows, folder, sizes[0])
        dread(folder / "crowd.csv")
        figures |= xlsx(rows, folder / "book.xlsx", (folder / "some.csv").stat().st_size)
        write(rows[:9_000], folder / "small.csv")
        figures["privacy-scan of 1 MB, new process, seconds"] = (cold(folder / "small.csv"), "< 2")
        for megabytes in sizes:
            grow(folder / "some.csv", folder / "whole.csv", megabytes * MB)
            figures[f"peak memory at {megabytes} MB, in MB"] = (peak(folder / "whole.csv"), "< 1000")
    click.echo()
    for label, (measured, asked) in figures.items():
        click.echo(f"{label:<46}{measured:10.2f}   asked: {asked}")


if __name__ == "__main__":
    main()
