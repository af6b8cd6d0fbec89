"""The commands ``privacy-scan`` and ``privacy-clean``: their options. A scan's work is in :mod:`.console`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from .sandbox import Worker
from .settings import Limits, ScanSettings


def __getattr__(name: str) -> Any:
    """Give the other command, whose libraries a scan must not wait for (PEP 562)."""
    if name != "clean_command":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .remediation.command import clean_command

    return clean_command


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
    worker = Worker(Limits().memory)
    if files and not dask and not explain:
        # The child loads what it needs while this process does so.
        worker.start()
    try:
        from .console import Wanted, run

        codes = tuple(code.strip().lower() for code in countries.split(",") if code.strip())
        settings = ScanSettings(codes, policy, recognizers=recognizers, checkpoint=checkpoint)
        sys.exit(run(files, settings, Wanted(json_out, html_out, jobs, dask, quiet, explain), worker))
    finally:
        worker.stop()
