"""The scan of one file: read, prefilter, confirm, verdict, disclosure risk, policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from .confirm import Confirmer, confirmer_of
from .disclosure import table_risk
from .errors import UnreadableFile
from .evidence import column_of
from .findings import EngineFacts, FileFacts, FileReport, Held, Outcome, TableReport
from .policy import Policy, judge, load_policy
from .profile import profile_table
from .tables import Limits, OpenFile, Table, open_tables
from .verdict import judge_columns

VERSION = "0.1.0"

Progress = Callable[[float], None]


@dataclass(frozen=True)
class ScanSettings:
    """How to scan. ``countries`` are ISO 3166 alpha-2 codes in lower case; empty means every country pack."""

    countries: tuple[str, ...] = ()
    policy: Path | None = None
    limits: Limits = field(default_factory=Limits)


def scan_file(
    path: str | Path,
    *,
    name: str | None = None,
    settings: ScanSettings | None = None,
    progress: Progress | None = None,
) -> FileReport:
    """Look at every cell of a file and report what was found.

    A file, or a part of it, that cannot be looked at is listed in ``held`` and blocks the release; it raises nothing.
    ``progress`` is told the share done, 0..1. Raises ``InvalidPolicy`` for a faulty policy file.
    """
    settings = settings or ScanSettings()
    policy = load_policy(settings.policy)
    started = time.monotonic()
    path = Path(path)
    return _scan(path, name or path.name, settings, policy, progress or (lambda _share: None), started)


def _scan(
    path: Path, name: str, settings: ScanSettings, policy: Policy, progress: Progress, started: float
) -> FileReport:
    confirmer = confirmer_of(settings.countries)
    try:
        file = open_tables(path, name, settings.limits)
        tables = tuple(_scan_tables(file, confirmer, progress))
        facts, held = file.facts, tuple(file.held)
    except UnreadableFile as error:
        facts = FileFacts(name, "", path.stat().st_size if path.exists() else 0, "unknown")
        held, tables = (Held(error.reason, error.where or name),), ()
    countries = tuple(pack.code for pack in confirmer.packs if pack.phone)
    seconds = round(time.monotonic() - started, 3)
    engine = EngineFacts(VERSION, confirmer.names if tables else (), countries, seconds)
    report = FileReport(facts, engine, policy.facts, Outcome.CLEAR, held, tables)
    progress(1.0)
    return replace(report, outcome=judge(report, policy).outcome)


def _scan_tables(file: OpenFile, confirmer: Confirmer, progress: Progress) -> Iterator[TableReport]:
    weight = sum(table.weight for table in file.tables) or 1
    done = 0
    for table in file.tables:
        yield _scan_table(table, confirmer)
        done += table.weight
        progress(0.99 * done / weight)


def _scan_table(table: Table, confirmer: Confirmer) -> TableReport:
    profile = profile_table(table, confirmer.prefilter, lambda _rows: None)
    columns = [column_of(column) for column in profile.columns]
    for column in columns:
        confirmer.confirm(column)
    reports = judge_columns(columns)
    return TableReport(table.name, table.hidden, profile.rows, reports, table_risk(table, reports))
