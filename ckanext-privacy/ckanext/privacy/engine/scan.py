"""The scan of one file: read, prefilter, confirm, verdict, disclosure risk, policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .confirm import Confirmer, confirmer_of
from .disclosure import RiskSettings, table_risk
from .errors import UnreadableFile
from .evidence import column_of
from .findings import (
    EngineFacts,
    FileFacts,
    FileReport,
    Held,
    Outcome,
    PolicyFacts,
    TableReport,
    from_dict,
    to_dict,
)
from .packs import GENERAL, Pack, load_packs
from .policy import judge, load_policy
from .profile import profile_table
from .sandbox import Worker, raise_error, shared_worker
from .tables import Limits, OpenFile, Table, open_raw, read_raw
from .verdict import judge_columns

VERSION = "0.1.0"

Progress = Callable[[float], None]


@dataclass(frozen=True)
class ScanSettings:
    """How to scan.

    ``countries`` are ISO 3166 alpha-2 codes in lower case; empty means every country pack. ``policy`` is a policy file,
    the default one when None; its limits take the place of ``risk``. ``isolated`` parses in a child process, as files
    of others must be.
    """

    countries: tuple[str, ...] = ()
    policy: Path | None = None
    limits: Limits = field(default_factory=Limits)
    isolated: bool = True
    risk: RiskSettings = field(default_factory=RiskSettings)


def scan_file(
    path: str | Path,
    *,
    name: str | None = None,
    settings: ScanSettings | None = None,
    progress: Progress | None = None,
    worker: Worker | None = None,
) -> FileReport:
    """Look at every cell of a file and report what was found.

    A file, or a part of it, that cannot be looked at is listed in ``held`` and blocks the release; it raises nothing.
    ``progress`` is told the share done, 0..1. ``worker`` is the child process to use, one shared by the caller's
    process when None. Raises ``InvalidPolicy`` for a faulty policy file or an unknown country.
    """
    settings, path = settings or ScanSettings(), Path(path)
    policy = load_policy(settings.policy)
    settings = replace(settings, risk=policy.risk)
    load_packs(settings.countries)
    name, told, started = name or path.name, progress or (lambda _share: None), time.monotonic()
    try:
        report = _ask(path, name, settings, told, worker) if settings.isolated else _scan(path, name, settings, told)
    except UnreadableFile as error:
        report = _held_report(path, name, settings, error)
    told(1.0)
    engine = replace(report.engine, seconds=round(time.monotonic() - started, 3))
    report = replace(report, engine=engine, policy=policy.facts)
    return replace(report, outcome=judge(report, policy).outcome)


def _ask(path: Path, name: str, settings: ScanSettings, progress: Progress, worker: Worker | None) -> FileReport:
    limits = settings.limits
    request = {"path": str(path), "name": name, "countries": settings.countries, "limits": asdict(limits)}
    request["risk"] = asdict(settings.risk)
    message = (worker or shared_worker(limits.memory)).ask(request, limits.seconds, progress)
    raise_error(message)
    return from_dict(message)


def answer(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Scan for another process: the child's side of :func:`scan_file`."""
    limits, risk = Limits(**request["limits"]), RiskSettings(**request["risk"])
    settings = ScanSettings(tuple(request["countries"]), limits=limits, risk=risk)
    return to_dict(_scan(Path(request["path"]), request["name"], settings, progress))


def _scan(path: Path, name: str, settings: ScanSettings, progress: Progress) -> FileReport:
    confirmer = confirmer_of(settings.countries)
    raw = read_raw(path, name, settings.limits)
    try:
        file = open_raw(raw)
        tables = tuple(_scan_tables(file, confirmer, settings.risk, progress))
    except UnreadableFile as error:
        file, tables = OpenFile(raw.facts("unknown"), held=[Held(error.reason, error.where or name)]), ()
    engine = EngineFacts(VERSION, confirmer.names if tables else (), _countries(confirmer.packs))
    return FileReport(file.facts, engine, PolicyFacts("", ""), Outcome.BLOCKED, tuple(file.held), tables)


def _held_report(path: Path, name: str, settings: ScanSettings, error: UnreadableFile) -> FileReport:
    size = path.stat().st_size if path.exists() else 0
    engine = EngineFacts(VERSION, (), _countries(load_packs(settings.countries)))
    held = (Held(error.reason, error.where or name),)
    return FileReport(FileFacts(name, "", size, "unknown"), engine, PolicyFacts("", ""), Outcome.BLOCKED, held)


def _countries(packs: tuple[Pack, ...]) -> tuple[str, ...]:
    return tuple(pack.code for pack in packs if pack.code != GENERAL)


def _scan_tables(file: OpenFile, confirmer: Confirmer, risk: RiskSettings, progress: Progress) -> Iterator[TableReport]:
    weight = sum(table.weight for table in file.tables) or 1
    done = 0
    for table in file.tables:
        yield _scan_table(table, confirmer, risk)
        done += table.weight
        progress(0.99 * done / weight)


def _scan_table(table: Table, confirmer: Confirmer, risk: RiskSettings) -> TableReport:
    profile = profile_table(table, confirmer.prefilter, lambda _rows: None)
    columns = [column_of(column) for column in profile.columns]
    for column in columns:
        confirmer.confirm(column)
    reports = judge_columns(columns)
    return TableReport(table.name, table.hidden, profile.rows, reports, table_risk(table, reports, risk))
