"""The scan of one file, from the caller's side: a child process looks at it, the policy judges what it found.

The caller may be a web server: it loads none of the libraries that the work needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from . import sandbox
from .errors import UnreadableFile
from .findings import EngineFacts, FileFacts, FileReport, Held, Outcome, PolicyFacts, from_dict
from .packs import country_codes
from .policy import judge, load_policy
from .sandbox import Worker, raise_error, shared_worker
from .settings import ScanSettings
from .sources import is_url, local_copy, name_of
from .version import VERSION

Progress = Callable[[float], None]


def scan_file(  # noqa: PLR0913 - all by name
    path: str | Path,
    *,
    name: str | None = None,
    settings: ScanSettings | None = None,
    progress: Progress | None = None,
    worker: Worker | None = None,
    executor: Executor | None = None,
) -> FileReport:
    """Look at every cell of a file and report what was found.

    ``path`` may be a URL that fsspec knows. A file, or a part of it, that cannot be looked at is listed in ``held`` and
    blocks the release; it raises nothing. ``progress`` is told the share done, 0..1, a few times a second. ``worker``
    is the child process to use, one shared by the caller's process when None. An ``executor``, such as a cluster's,
    looks at the parts of the file; the rest is then done in this process. Raises ``InvalidPolicy`` for a faulty policy,
    an unknown country, or recognizers that cannot be used.
    """
    settings = settings or ScanSettings()
    policy = load_policy(settings.policy)
    settings = replace(settings, risk=policy.risk)
    countries = country_codes(settings.countries)
    name, told, started = name or name_of(path), progress or (lambda _share: None), time.monotonic()
    size = 0
    try:
        with local_copy(path, settings.limits.bytes) as copy:
            size = copy.stat().st_size if copy.exists() else 0
            if executor or sandbox.inside or not settings.isolated:
                report = _here(copy, name, settings, told, (executor, str(path) if is_url(path) else None))
            else:
                report = _ask(copy, name, settings, told, worker)
    except UnreadableFile as error:
        report = _held_report(name, size, countries, error)
    told(1.0)
    engine = replace(report.engine, seconds=round(time.monotonic() - started, 3))
    report = replace(report, engine=engine, policy=policy.facts)
    return replace(report, outcome=judge(report, policy).outcome)


def scan_files(
    paths: Sequence[str | Path],
    *,
    settings: ScanSettings | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
) -> Iterator[FileReport]:
    """Scan many files at a time, and yield their reports in order.

    ``executor`` may be any with the interface of ``concurrent.futures``, such as Dask's; without one, ``jobs``
    processes of this machine share the work.
    """
    settings = settings or ScanSettings()
    one = partial(_scan_one, settings)
    if executor:
        yield from executor.map(one, paths)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(one, paths)


def _scan_one(settings: ScanSettings, path: str | Path) -> FileReport:
    return scan_file(path, settings=settings)


def _ask(path: Path, name: str, settings: ScanSettings, progress: Progress, worker: Worker | None) -> FileReport:
    limits, folder = settings.limits, settings.checkpoint
    request = {"kind": "scan", "path": str(path), "name": name, "countries": settings.countries}
    request |= {"limits": asdict(limits), "risk": asdict(settings.risk), "recognizers": settings.recognizers}
    request["checkpoint"] = str(folder) if folder else None
    message = (worker or shared_worker(limits.memory)).ask(request, limits.seconds, progress)
    raise_error(message)
    return from_dict(message)


def _here(
    path: Path, name: str, settings: ScanSettings, progress: Progress, others: tuple[Executor | None, str | None]
) -> FileReport:
    from .examine import Help, examine  # the libraries of the work, which a child process loads otherwise

    return examine(path, name, settings, progress, Help(*others))


def _held_report(name: str, size: int, countries: tuple[str, ...], error: UnreadableFile) -> FileReport:
    held = (Held.of(error, name),)
    engine = EngineFacts(VERSION, (), countries)
    return FileReport(FileFacts(name, "", size, "unknown"), engine, PolicyFacts("", ""), Outcome.BLOCKED, held)
