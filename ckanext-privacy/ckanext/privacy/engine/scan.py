"""The scan of one file: read, prefilter, confirm, verdict, disclosure risk, policy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

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
    try:
        file = open_tables(path, name, settings.limits)
        tables = tuple(_scan_tables(file, progress))
        facts, held = file.facts, tuple(file.held)
    except UnreadableFile as error:
        facts = FileFacts(name, "", path.stat().st_size if path.exists() else 0, "unknown")
        held, tables = (Held(error.reason, error.where or name),), ()
    seconds = round(time.monotonic() - started, 3)
    engine = EngineFacts(VERSION, (), settings.countries, seconds)
    report = FileReport(facts, engine, policy.facts, Outcome.CLEAR, held, tables)
    progress(1.0)
    return FileReport(facts, engine, policy.facts, judge(report, policy).outcome, held, tables)


def _scan_tables(file: OpenFile, progress: Progress) -> list[TableReport]:
    weight = sum(table.weight for table in file.tables) or 1
    done, reports = 0, []
    for table in file.tables:
        reports.append(_scan_table(table))
        done += table.weight
        progress(0.99 * done / weight)
    return reports


def _scan_table(table: Table) -> TableReport:
    profile = profile_table(table, lambda cells: pl.repeat(False, cells.len(), eager=True), lambda _rows: None)
    columns = judge_columns([column_of(column) for column in profile.columns])
    return TableReport(table.name, table.hidden, profile.rows, columns, table_risk(table, columns))
