"""What ``privacy-scan`` does with its files and options, and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import click

from .errors import EngineError
from .findings import FileReport, Outcome, to_dict
from .packs import country_codes
from .policy import load_policy
from .sandbox import Worker
from .scan import scan_file, scan_files
from .settings import ScanSettings

if TYPE_CHECKING:
    from tqdm import tqdm

#: Exit codes: nothing to decide, a person must decide, could not scan.
CLEAR, DECIDE, FAILED = 0, 1, 2

OUTCOMES = {
    Outcome.CLEAR: "nothing for a person to decide",
    Outcome.ONE_STEWARD: "one steward must decide",
    Outcome.TWO_STEWARDS: "two stewards must decide",
    Outcome.BLOCKED: "blocked until it is cleaned",
}


@dataclass(frozen=True)
class Wanted:
    """Where reports go, how many files are looked at at a time, on which cluster, and what is printed."""

    json_out: str | None
    html_out: Path | None
    jobs: int
    dask: str | None
    quiet: bool
    explain: bool


def run(files: Sequence[str], settings: ScanSettings, wanted: Wanted, worker: Worker) -> int:
    """Scan, write and print what is wanted; ``worker`` is a child that has been started. Returns the exit code."""
    try:
        if wanted.explain:
            from .explain import explanation

            click.echo(explanation(settings.countries))
            return CLEAR
        load_policy(settings.policy)
        country_codes(settings.countries)
        reports = _scan_on(wanted.dask, files, settings) if wanted.dask else _scan_all(files, settings, wanted, worker)
        _write(reports, wanted.json_out, wanted.html_out)
    except (EngineError, OSError) as error:
        click.echo(str(error), err=True)
        return FAILED
    if not wanted.quiet and wanted.json_out != "-":
        click.echo("\n".join(_summary(report) for report in reports))
    return _exit_code(reports)


def _scan_on(address: str, files: Sequence[str], settings: ScanSettings) -> list[FileReport]:
    """Scan on a cluster: the parts of one file, or many files at a time."""
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise EngineError("A Dask scheduler needs Dask; install the scanner with its extra dask.") from error
    with Client(address) as client:
        executor = client.get_executor(pure=False)
        if len(files) == 1:
            return [scan_file(files[0], settings=settings, executor=executor)]
        return list(scan_files(files, settings=settings, executor=executor))


def _scan_all(files: Sequence[str], settings: ScanSettings, wanted: Wanted, first: Worker) -> list[FileReport]:
    """Scan files in order of the arguments, each of some threads with a child process of its own."""
    if not files:
        raise EngineError("Name at least one file to scan; privacy-scan --help says more.")
    from tqdm import tqdm

    workers = [first, *(Worker(settings.limits.memory) for _ in range(min(wanted.jobs, len(files)) - 1))]
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def scan_one(path: str) -> FileReport:
        worker = idle.get()
        try:
            return scan_file(path, settings=settings, worker=worker, progress=_Part(bar))
        finally:
            idle.put(worker)

    silent = wanted.quiet or not sys.stderr.isatty()
    with tqdm(total=100 * len(files), unit="%", disable=silent, leave=False) as bar:
        try:
            with ThreadPoolExecutor(len(workers)) as pool:
                return list(pool.map(scan_one, files))
        finally:
            for worker in workers:
                worker.stop()


class _Part:
    """One file's part of the progress bar."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self.bar, self.done = bar, 0

    def __call__(self, share: float) -> None:
        step = int(share * 100) - self.done
        self.done += step
        self.bar.update(step)


def _write(reports: list[FileReport], json_out: str | None, html_out: Path | None) -> None:
    if html_out:
        from .webpage import write_page

        html_out.write_text(write_page(reports), "utf-8")
    if not json_out:
        return
    text = json.dumps([to_dict(report) for report in reports], ensure_ascii=False, indent=1)
    if json_out == "-":
        sys.stdout.buffer.write(text.encode() + b"\n")
    else:
        Path(json_out).write_text(text + "\n", "utf-8")


def _summary(report: FileReport) -> str:
    lines = [f"{report.file.name}: {OUTCOMES[report.outcome]}"]
    lines += [f"  held: {held.reason} ({held.where})" for held in report.held]
    for table in report.tables:
        lines += [
            f"  {table.name}, column {column.name}: {column.sensitivity.value}. {column.reason}"
            for column in table.columns
            if column.sensitive
        ]
    return "\n".join(lines)


def _exit_code(reports: list[FileReport]) -> int:
    unread = [report for report in reports if report.held and not (report.tables or report.held[0].by_eye)]
    for report in unread:
        click.echo(f"{report.held[0].where}: {report.held[0].reason}", err=True)
    if unread:
        return FAILED
    return CLEAR if all(report.outcome is Outcome.CLEAR for report in reports) else DECIDE
