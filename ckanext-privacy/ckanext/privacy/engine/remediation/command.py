"""The command ``privacy-clean``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ckanext.privacy.engine.errors import EngineError
from ckanext.privacy.engine.policy import judge, load_policy
from ckanext.privacy.engine.scan import ScanSettings, scan_file

from .apply import KEY_VARIABLE, CleanReport, apply_plan, load_key
from .plan import load_plan, plan_text
from .search import search_plan

#: Exit codes, as those of ``privacy-scan``: nothing left to decide, a person must decide, could not clean.
CLEAR, DECIDE, FAILED = 0, 1, 2

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=FILE)
@click.option("--plan", "plan", type=FILE, help="The plan to apply, as YAML or JSON.")
@click.option("--out", type=FILE, help="Where to write the cleaned file; its Table Schema is written beside it.")
@click.option("--key", type=FILE, help=f"File with the key for pseudonyms; the variable {KEY_VARIABLE} otherwise.")
@click.option("--suggest", is_flag=True, help="Scan the file and write a plan for it, to OUT or standard output.")
@click.option(
    "--target-k",
    type=click.IntRange(2, 1000),
    default=5,
    show_default=True,
    help="With --suggest: how many people everyone must look like, which says how coarse it gets.",
)
def clean_command(  # noqa: PLR0913, PLR0917 - one parameter an option, as click has it
    file: Path, plan: Path | None, out: Path | None, key: Path | None, suggest: bool, target_k: int
) -> None:
    """Clean FILE by a plan, or suggest one.

    Exit code 0: cleaned, and nothing is left for a person to decide; or suggested. 1: cleaned, a person must decide.
    2: could not be done, and nothing was written.
    """
    try:
        if suggest:
            _suggest(file, out, target_k)
            return
        if plan is None or out is None:
            raise click.UsageError("Say --plan PLAN and --out OUT, or --suggest.")
        before = scan_file(file, settings=ScanSettings())
        report = apply_plan(file, load_plan(plan), out, load_key(key), before=before)
        sys.exit(_tell(report))
    except (EngineError, OSError) as error:
        click.echo(f"privacy-clean: {error}", err=True)
        sys.exit(FAILED)


def _suggest(file: Path, out: Path | None, target_k: int) -> None:
    report = scan_file(file, settings=ScanSettings())
    for held in report.held:
        click.echo(f"{held.where}: {held.reason}", err=True)
    if not report.tables:
        sys.exit(FAILED)
    text = plan_text(search_plan(file, report, target_k))
    if out:
        out.write_text(text, "utf-8")
    else:
        click.echo(text, nl=False)


def _tell(report: CleanReport) -> int:
    """Print what was done and what is left to decide; return the exit code."""
    for table in report.tables:
        done = "dropped" if table.dropped else f"{table.cells_changed} cells changed in {table.rows} rows"
        click.echo(f"{table.name}: {done}")
        for change in table.changes:
            if change.unreadable:
                click.echo(f"  {change.column}: {change.unreadable} cells could not be read and were emptied")
    if report.left_out:
        click.echo(f"Left out: {', '.join(report.left_out)}")
    click.echo(report.utility_lost)
    verdict = judge(report.rescan, load_policy())
    if report.before:
        click.echo(f"The scan before said: {report.before.outcome.value.replace('_', ' ')}")
    click.echo(f"A new scan says: {verdict.outcome.value.replace('_', ' ')}")
    for reason in verdict.reasons:
        click.echo(f"  {reason.sentence}")
    return DECIDE if verdict.reasons else CLEAR
