"""``ckan communitydata``: a catalogue into a folder and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import ckan.plugins.toolkit as tk
import click
import requests

from ckanext.communitydata import config, local_contexts
from ckanext.communitydata.exports import catalogue

__all__ = ["communitydata"]

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(short_help="Community data: export and import.")
def communitydata() -> None:
    """Takes a catalogue out and brings it in."""


@communitydata.command("export")
@click.argument("folder", type=FOLDER)
@click.option("--everything", is_flag=True, help="Also what is held. Keep such a folder as safe as the catalogue.")
def export_command(folder: Path, everything: bool) -> None:
    """Write all records, RDF, vocabulary and the register of releases into FOLDER."""
    try:
        counts = catalogue.export(folder, everything=everything)
    except FileExistsError as error:
        _refuse(error)
    click.echo(f"{folder}: {counts['records']} records, {counts['organizations']} organisations")


@communitydata.command("import")
@click.argument("folder", type=FOLDER)
def import_command(folder: Path) -> None:
    """Create what FOLDER holds. Everything is held until somebody here releases it."""
    try:
        counts = catalogue.load(folder)
    except (ValueError, tk.ValidationError) as error:
        _refuse(error)
    click.echo(f"created {counts['records']} records, {counts['organizations']} organisations")


@communitydata.command("labels")
def labels_command() -> None:
    """Ask the Local Contexts Hub for the labels of every project that a dataset names."""
    if not config.local_contexts_hub():
        _refuse(ValueError(f"Nothing is fetched: {config.LOCAL_CONTEXTS_HUB} is not set."))
    failed = False
    for project in local_contexts.projects():
        try:
            found = local_contexts.refresh(project) or {}
        except requests.RequestException as error:
            click.echo(f"{project}: {error}", err=True)
            failed = True
            continue
        click.echo(f"{project}: {len(found.get('labels', []))} labels, {len(found.get('notices', []))} notices")
    if failed:
        sys.exit(1)


def _refuse(error: Exception) -> NoReturn:
    click.echo(str(error), err=True)
    sys.exit(1)
