"""The work of a scan, done in the child process: read, prefilter, confirm, verdict, disclosure risk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .confirm import Confirmer, confirmer_of
from .disclosure import table_risk
from .errors import UnreadableFile
from .evidence import column_of
from .findings import EngineFacts, FileReport, Held, Outcome, PolicyFacts, TableReport, to_dict
from .packs import country_codes
from .profile import profile_table
from .settings import Limits, RiskSettings, ScanSettings
from .tables import OpenFile, Table, open_raw, read_raw
from .verdict import judge_columns
from .version import VERSION

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
    own = tuple(request["recognizers"])
    settings = ScanSettings(tuple(request["countries"]), limits=limits, risk=risk, recognizers=own)
    return to_dict(examine(Path(request["path"]), request["name"], settings, progress))


def examine(path: Path, name: str, settings: ScanSettings, progress: Progress) -> FileReport:
    """Look at every cell of a file; no policy has judged the report yet. Raises ``UnreadableFile``."""
    confirmer = confirmer_of(settings.countries, settings.recognizers)
    raw = read_raw(path, name, settings.limits)
    try:
        file = open_raw(raw)
        tables = tuple(_tables(file, confirmer, settings.risk, Meter(progress, PAUSE)))
    except UnreadableFile as error:
        file, tables = OpenFile(raw.facts("unknown"), held=[Held(error.reason, error.where or name)]), ()
    engine = EngineFacts(VERSION, confirmer.names if tables else (), country_codes(settings.countries))
    return FileReport(file.facts, engine, PolicyFacts("", ""), Outcome.BLOCKED, tuple(file.held), tables)


def _tables(file: OpenFile, confirmer: Confirmer, risk: RiskSettings, meter: Meter) -> Iterator[TableReport]:
    weight = sum(table.weight for table in file.tables) or 1
    done = 0
    for table in file.tables:
        yield _table(table, confirmer, risk, meter.part(0.99 * done / weight, 0.99 * table.weight / weight))
        done += table.weight


def _table(table: Table, confirmer: Confirmer, risk: RiskSettings, progress: Progress) -> TableReport:
    profile = profile_table(table, confirmer.watch, lambda share: progress(LOOKING * share))
    columns = [column_of(column) for column in profile.columns.values()]
    for column in columns:
        confirmer.confirm(column)
    reports = judge_columns(columns)
    report = TableReport(table.name, table.hidden, profile.rows, reports, table_risk(table, reports, risk))
    progress(1.0)
    return report
