"""The commands ``privacy-scan`` and ``privacy-clean``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from tqdm import tqdm

from .errors import EngineError
from .findings import FileReport, Outcome, to_dict
from .scan import ScanSettings, scan_file

#: Exit codes: nothing to decide, a person must decide, could not scan.
CLEAR, DECIDE, FAILED = 0, 1, 2


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "json_out", metavar="OUT", help="Write the report as JSON; - for standard output.")
@click.option("--countries", default="", help="Country packs, such as in,mx; all of them by default.")
@click.option("--policy", type=click.Path(path_type=Path), help="A policy file; the default one otherwise.")
@click.option("--quiet", is_flag=True, help="Print no summary and no progress bar.")
def scan_command(
    files: tuple[Path, ...], json_out: str | None, countries: str, policy: Path | None, quiet: bool
) -> None:
    """Look at every cell of FILES and say what they tell about people.

    Exit code 0: looked at everything, nothing for a person to decide. 1: a person must decide. 2: could not scan.
    """
    packs = tuple(code.strip().lower() for code in countries.split(",") if code.strip())
    settings = ScanSettings(countries=packs, policy=policy)
    try:
        reports = [_scan_one(path, settings, quiet) for path in files]
    except EngineError as error:
        click.echo(str(error), err=True)
        sys.exit(FAILED)
    _write_json(reports, json_out)
    sys.exit(_exit_code(reports))


def _scan_one(path: Path, settings: ScanSettings, quiet: bool) -> FileReport:
    with tqdm(total=100, desc=path.name, disable=quiet or not sys.stderr.isatty(), leave=False) as bar:
        return scan_file(path, settings=settings, progress=lambda share: bar.update(int(share * 100) - bar.n))


def _write_json(reports: list[FileReport], out: str | None) -> None:
    if not out:
        return
    text = json.dumps([to_dict(report) for report in reports], ensure_ascii=False, indent=1)
    if out == "-":
        click.echo(text)
    else:
        Path(out).write_text(text, "utf-8")


def _exit_code(reports: list[FileReport]) -> int:
    if any(not report.tables and report.held for report in reports):
        return FAILED
    return CLEAR if all(report.outcome is Outcome.CLEAR for report in reports) else DECIDE


def clean_command() -> None:
    """Run ``privacy-clean``; see :mod:`.remediation.command`."""
    # A scan must not wait for the libraries that only cleaning needs.
    from .remediation.command import clean_command as command

    command()
