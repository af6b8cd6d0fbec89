"""The work of a scan, done in the child process: read, prefilter, confirm, verdict, disclosure risk."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .attributes import load_rules
from .checkpoint import Checkpoint
from .confirm import Confirmer, confirmer_of, scan_key
from .disclosure import table_risk
from .errors import UnreadableFile
from .evidence import column_of
from .findings import ColumnReport, EngineFacts, FileReport, Held, Outcome, PolicyFacts, TableReport, to_dict
from .freetext import names_in_texts
from .headings import meanings
from .kinds import load_kinds
from .ner import models
from .packs import country_codes
from .passing import Passing
from .profile import TableProfile, profile_table
from .settings import Limits, RiskSettings, ScanSettings
from .spoken import find_spoken
from .tables import OpenFile, RawFile, Table, open_raw, read_raw
from .verdict import judge_columns
from .version import VERSION
from .writing import patterns_of_presidio

Progress = Callable[[float], None]

#: Share of the work on a table that looking at its cells is; what follows knows no steps.
LOOKING = 0.8
#: Seconds between two calls of the caller's progress function.
PAUSE = 0.25


@dataclass
class Meter:
    """Tells a caller the share done, 0..1: never less than before, and no oftener than every ``pause`` seconds."""

    tell: Progress
    pause: float
    told: float = 0.0
    due: float = field(default_factory=time.monotonic)

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        if share <= self.told or now < self.due:
            return
        self.told, self.due = share, now + self.pause
        self.tell(share)

    def part(self, start: float, size: float) -> Progress:
        """A progress function for a part of the work."""
        return lambda share: self(start + size * min(share, 1.0))


def answer(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Scan for another process: the child's side of :func:`~.scan.scan_file`."""
    limits, risk = Limits(**request["limits"]), RiskSettings(**request["risk"])
    countries, own, folder = tuple(request["countries"]), tuple(request["recognizers"]), request["checkpoint"]
    checkpoint = Path(folder) if folder else None
    settings = ScanSettings(countries, limits=limits, risk=risk, recognizers=own, checkpoint=checkpoint)
    return to_dict(examine(Path(request["path"]), request["name"], settings, progress))


def prepare(request: dict[str, Any]) -> None:
    """Make ready what such scans have in common, and keep it for later ones. Raises ``InvalidPolicy``."""
    _ = confirmer_of(tuple(request["countries"]), tuple(request["recognizers"])).watch
    _ = meanings(""), load_kinds(), load_rules(), patterns_of_presidio()


@dataclass(frozen=True)
class Help:
    """Who else works on a scan: an executor for its parts, and the URL under which they find the file."""

    executor: Executor | None = None
    url: str | None = None


def examine(
    path: Path, name: str, settings: ScanSettings, progress: Progress, others: Help | None = None
) -> FileReport:
    """Look at every cell of a file; no policy has judged the report yet. Raises ``UnreadableFile``."""
    others = others or Help()
    confirmer = confirmer_of(settings.countries, settings.recognizers)
    raw = replace(read_raw(path, name, settings.limits), url=others.url)
    # Hashing needs a processor of its own for a tenth of the time: at its begin and end a scan leaves one idle.
    with ThreadPoolExecutor(1) as beside:
        sha256 = beside.submit(raw.sha256)
        checkpoint = _checkpoint(raw, sha256, settings)
        try:
            file = open_raw(raw)
            scan = _Scan(confirmer, settings.risk, others.executor, checkpoint)
            tables = tuple(_tables(file, scan, Meter(progress, PAUSE)))
        except UnreadableFile as error:
            file, tables = OpenFile(raw.facts("unknown"), held=[Held.of(error, name)]), ()
    if checkpoint:
        checkpoint.done()
    finders = (*confirmer.names, *models()) if tables else ()
    engine = EngineFacts(VERSION, finders, country_codes(settings.countries))
    facts = replace(file.facts, sha256=sha256.result())
    return FileReport(facts, engine, PolicyFacts("", ""), Outcome.BLOCKED, tuple(file.held), tables)


def _checkpoint(raw: RawFile, sha256: Future[str], settings: ScanSettings) -> Checkpoint | None:
    if settings.checkpoint is None:
        return None
    key = (sha256.result(), raw.name, repr(raw.limits), *scan_key(settings.countries, settings.recognizers))
    return Checkpoint(settings.checkpoint / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()}.jsonl")


@dataclass(frozen=True)
class _Scan:
    """How the tables of a file are looked at."""

    confirmer: Confirmer
    risk: RiskSettings
    executor: Executor | None
    checkpoint: Checkpoint | None


def _tables(file: OpenFile, scan: _Scan, meter: Meter) -> Iterator[TableReport]:
    weight = sum(table.weight for table in file.tables) or 1
    done = 0
    for number, table in enumerate(file.tables):
        part = meter.part(0.99 * done / weight, 0.99 * table.weight / weight)
        try:
            yield _table(table, number, scan, part)
        except UnreadableFile as error:
            # The other tables may still be looked at.
            file.held.append(Held.of(error, table.name))
        done += table.weight


def _table(table: Table, number: int, scan: _Scan, progress: Progress) -> TableReport:
    kept = scan.checkpoint.of_table(number) if scan.checkpoint else None
    looking = _share(progress, LOOKING)
    with TemporaryDirectory(prefix="pass-") as folder:
        passing = Passing.of(table, scan.risk, Path(folder))
        # Others who look at parts leave nothing here.
        watched = table if scan.executor else passing.watched()
        profile = profile_table(watched, scan.confirmer.watch, looking, scan.executor, kept)
        reports = _judged(profile, scan.confirmer)
        risk = table_risk(passing.passed(), reports, scan.risk)
    progress(1.0)
    return TableReport(table.name, table.hidden, profile.rows, reports, risk)


def _judged(profile: TableProfile, confirmer: Confirmer) -> tuple[ColumnReport, ...]:
    columns = [column_of(column) for column in profile.columns.values()]
    for column in columns:
        confirmer.confirm(column)
        for found in (names_in_texts(column), find_spoken(column)):
            if found:
                column.add(found)
    return judge_columns(columns)


def _share(progress: Progress, size: float) -> Progress:
    return lambda share: progress(size * share)
