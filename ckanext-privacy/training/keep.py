"""Write what is kept for the test: ``python training/keep.py --archives A --names N`` fills ``benchmarks/material``.

Names, places and words of the test's split, put together as tables and sentences write them; texts that no training has
seen. ``benchmarks/quality.py`` measures with them.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from compose import Writer
from material import LANGUAGES, Material
from sentences import TEMPLATES, sentences, templates_of

KEPT = Path(__file__).resolve().parents[2] / "benchmarks" / "material"
#: Texts of each kind a language, columns of each kind, their length, and sentences.
CELLS, SENTENCES = 150, 60
#: A test with fewer forenames or surnames would say nothing about a language.
LEAST = 10


def cells(writer: Writer) -> Iterator[dict[str, Any]]:
    """Texts of one language, as cells hold them."""
    makers = {
        "full name": (writer.full_person, CELLS),
        "one name": (writer.one_name, CELLS // 3),
        "organisation": (writer.organisation, CELLS // 3),
        "street": (writer.street, CELLS // 3),
        "address": (writer.address, CELLS // 3),
        "place": (writer.area, CELLS // 2),
        "other": (writer.thing, CELLS // 2),
    }
    for kind, (make, count) in makers.items():
        texts = list(dict.fromkeys(make() for _ in range(count)))
        yield {"language": writer.language, "kind": kind, "texts": texts}


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


@click.command()
@click.option("--archives", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--names", "folder", type=click.Path(path_type=Path, exists=True), required=True)
def main(archives: Path, folder: Path) -> None:
    """Write both files."""
    material = Material(archives, folder).load()
    kept, said = [], []
    for language in LANGUAGES:
        writer = Writer(language, material, "test", random.Random(f"kept {language}"))  # noqa: S311 - a test's texts
        if len(writer.parts.firsts) < LEAST or len(writer.parts.lasts) < LEAST:
            continue
        kept += cells(writer)
        templates = templates_of(language, "test") if language in TEMPLATES else []
        written = sentences(writer, templates, SENTENCES)
        said += [{"language": language, "text": each.text, "marks": each.marks} for each in written]
    KEPT.mkdir(exist_ok=True)
    _write(KEPT / "cells.jsonl.gz", kept)
    _write(KEPT / "sentences.jsonl.gz", said)
    click.echo(f"{len({each['language'] for each in kept})} languages, {len(said)} sentences")


if __name__ == "__main__":
    main()
