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
from .suggest import suggest_plan

#: Exit codes, as those of ``privacy-scan``: nothing left to decide, a person must decide, could not clean.
CLEAR, DECIDE, FAILED = 0, 1, 2

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=FILE)
@click.option("--plan", "plan", type=FILE, help="The plan to apply, as YAML or JSON.")
@click.option("--out", type=FILE, help="Where to write the cleaned file; its Table Schema is written beside it.")
@click.option("--key", type=FILE, help=f"File with the key for pseudonyms; the variable {KEY_VARIABLE} otherwise.")
@click.option("--suggest", is_flag=True, help="Scan the file and write a plan for it, to OUT or standard output.")
def clean_command(file: Path, plan: Path | None, out: Path | None, key: Path | None, suggest: bool) -> None:
    """Clean FILE by a plan, or suggest one.

    Exit code 0: cleaned, and nothing is left for a person to decide; or suggested. 1: cleaned, a person must decide.
    2: could not be done, and nothing was written.
    """
    try:
        if suggest:
            _suggest(file, out)
            return
        if plan is None or out is None:
            raise click.UsageError("Say --plan PLAN and --out OUT, or --suggest.")
        report = apply_plan(file, load_plan(plan), out, load_key(key))
        sys.exit(_tell(report))
    except (EngineError, OSError) as error:
        click.echo(f"privacy-clean: {error}", err=True)
        sys.exit(FAILED)


def _suggest(file: Path, out: Path | None) -> None:
    report = scan_file(file, settings=ScanSettings())
    for held in report.held:
        click.echo(f"{held.where}: {held.reason}", err=True)
    if not report.tables:
        sys.exit(FAILED)
    text = plan_text(suggest_plan(report))
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
    click.echo(f"A new scan says: {verdict.outcome.value.replace('_', ' ')}")
    for reason in verdict.reasons:
        click.echo(f"  {reason.sentence}")
    return DECIDE if verdict.reasons else CLEAR
