"""The commands ``privacy-scan`` and ``privacy-clean``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
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


def __getattr__(name: str) -> Any:
    """Give the other command, whose libraries a scan must not wait for (PEP 562)."""
    if name != "clean_command":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .remediation.command import clean_command

    return clean_command


#: Exit codes: nothing to decide, a person must decide, could not scan.
CLEAR, DECIDE, FAILED = 0, 1, 2

OUTCOMES = {
    Outcome.CLEAR: "nothing for a person to decide",
    Outcome.ONE_STEWARD: "one steward must decide",
    Outcome.TWO_STEWARDS: "two stewards must decide",
    Outcome.BLOCKED: "blocked until it is cleaned",
}


@click.command()
@click.argument("files", nargs=-1)
@click.option("--json", "json_out", metavar="OUT", help="Write the reports as JSON; - for standard output.")
@click.option("--html", "html_out", metavar="OUT", type=click.Path(path_type=Path), help="Write a page to read.")
@click.option("--countries", default="", help="Country packs, such as in,mx; all of them by default.")
@click.option("--policy", type=click.Path(path_type=Path), help="A policy file; the default one otherwise.")
@click.option(
    "--recognizers",
    multiple=True,
    metavar="FILE",
    help="Recognizers of your own: a file of Presidio's registry (YAML), or a class as module:Class. May be repeated.",
)
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Files looked at at a time.")
@click.option("--dask", metavar="ADDRESS", help="A Dask scheduler, such as tcp://10.0.0.1:8786, whose workers scan.")
@click.option(
    "--checkpoint",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Keep finished parts here, so that a scan that is killed goes on where it stopped. Holds values of the files.",
)
@click.option("--quiet", is_flag=True, help="Print no summary and no progress bar.")
@click.option("--explain", is_flag=True, help="List recognizers, languages and measured recall, then stop.")
def scan_command(  # noqa: PLR0913, PLR0917 - one parameter an option, as click has it
    files: tuple[str, ...],
    json_out: str | None,
    html_out: Path | None,
    countries: str,
    policy: Path | None,
    recognizers: tuple[str, ...],
    jobs: int,
    dask: str | None,
    checkpoint: Path | None,
    quiet: bool,
    explain: bool,
) -> None:
    """Look at every cell of FILES and say what they tell about people.

    FILES are paths, or URLs such as s3://bucket/file.csv where fsspec is installed.

    Exit code 0: looked at everything, nothing for a person to decide. 1: a person must decide. 2: could not scan.
    """
    codes = tuple(code.strip().lower() for code in countries.split(",") if code.strip())
    settings = ScanSettings(codes, policy, recognizers=recognizers, checkpoint=checkpoint)
    try:
        if explain:
            from .explain import explanation

            click.echo(explanation(settings.countries))
            return
        load_policy(policy)
        country_codes(settings.countries)
        reports = _scan_on(dask, files, settings) if dask else _scan_all(files, settings, jobs, quiet)
        _write(reports, json_out, html_out)
    except (EngineError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(FAILED)
    if not quiet and json_out != "-":
        click.echo("\n".join(_summary(report) for report in reports))
    sys.exit(_exit_code(reports))


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


def _scan_all(files: Sequence[str], settings: ScanSettings, jobs: int, quiet: bool) -> list[FileReport]:
    """Scan files in order of the arguments, each thread with a child process of its own."""
    if not files:
        raise EngineError("Name at least one file to scan; privacy-scan --help says more.")
    from tqdm import tqdm

    own, workers = local(), []

    def scan_one(path: str) -> FileReport:
        if not hasattr(own, "worker"):
            own.worker = Worker(settings.limits.memory)
            workers.append(own.worker)
        return scan_file(path, settings=settings, worker=own.worker, progress=_Part(bar))

    with tqdm(total=100 * len(files), unit="%", disable=quiet or not sys.stderr.isatty(), leave=False) as bar:
        try:
            with ThreadPoolExecutor(jobs) as pool:
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
    unread = [report for report in reports if report.held and not report.tables]
    for report in unread:
        click.echo(f"{report.held[0].where}: {report.held[0].reason}", err=True)
    if unread:
        return FAILED
    return CLEAR if all(report.outcome is Outcome.CLEAR for report in reports) else DECIDE
