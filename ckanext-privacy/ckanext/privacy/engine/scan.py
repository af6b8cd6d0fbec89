"""The scan of one file, from the caller's side: a child process looks at it, the policy judges what it found.

The caller may be a web server: it loads none of the libraries that the work needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from .errors import UnreadableFile
from .findings import EngineFacts, FileFacts, FileReport, Held, Outcome, PolicyFacts, from_dict
from .packs import country_codes
from .policy import judge, load_policy
from .sandbox import Worker, raise_error, shared_worker
from .settings import ScanSettings
from .version import VERSION

Progress = Callable[[float], None]


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
    ``progress`` is told the share done, 0..1, a few times a second. ``worker`` is the child process to use, one shared
    by the caller's process when None. Raises ``InvalidPolicy`` for a faulty policy file or an unknown country.
    """
    settings, path = settings or ScanSettings(), Path(path)
    policy = load_policy(settings.policy)
    settings = replace(settings, risk=policy.risk)
    countries = country_codes(settings.countries)
    name, told, started = name or path.name, progress or (lambda _share: None), time.monotonic()
    try:
        report = _ask(path, name, settings, told, worker) if settings.isolated else _here(path, name, settings, told)
    except UnreadableFile as error:
        report = _held_report(path, name, countries, error)
    told(1.0)
    engine = replace(report.engine, seconds=round(time.monotonic() - started, 3))
    report = replace(report, engine=engine, policy=policy.facts)
    return replace(report, outcome=judge(report, policy).outcome)


def _ask(path: Path, name: str, settings: ScanSettings, progress: Progress, worker: Worker | None) -> FileReport:
    limits = settings.limits
    request = {"path": str(path), "name": name, "countries": settings.countries, "limits": asdict(limits)}
    request |= {"risk": asdict(settings.risk), "recognizers": settings.recognizers}
    message = (worker or shared_worker(limits.memory)).ask(request, limits.seconds, progress)
    raise_error(message)
    return from_dict(message)


def _here(path: Path, name: str, settings: ScanSettings, progress: Progress) -> FileReport:
    from .examine import examine  # the libraries of the work, which a child process loads otherwise

    return examine(path, name, settings, progress)


def _held_report(path: Path, name: str, countries: tuple[str, ...], error: UnreadableFile) -> FileReport:
    size = path.stat().st_size if path.exists() else 0
    held = (Held(error.reason, error.where or name),)
    engine = EngineFacts(VERSION, (), countries)
    return FileReport(FileFacts(name, "", size, "unknown"), engine, PolicyFacts("", ""), Outcome.BLOCKED, held)
