"""The child process in which a file is looked at: what it is asked comes as JSON on stdin, its answer goes to stdout.

A file that breaks its reader, or is a bomb, ends this process and not the web server.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

from ckanext.privacy.engine import UnreadableFile

from . import formats, points, summaries, tables

#: Address space and seconds of the processor's time that one look may take.
MEMORY, SECONDS = 3 << 30, 60


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Look at the file, or write it in another format; what is wrong comes as a sentence."""
    try:
        look = tables.look_at(Path(asked["path"]), asked["name"], asked["table"])
    except tables.TooLarge:
        return {"too_large": True}
    except UnreadableFile as error:
        return {"unreadable": error.reason}
    except IndexError:
        return {"unreadable": "The file has no such table."}
    if asked.get("format"):
        with Path(asked["target"]).open("w+b") as target:
            formats.FORMATS[asked["format"]].write(look.rows, target)
        return {"written": True}
    return _described(look, asked["first"], asked["rows"], spots=asked["spots"])


def _described(look: tables.Look, first: int, rows: int, *, spots: bool) -> dict[str, Any]:
    places = points.find(look.rows, spots=spots)
    with tempfile.TemporaryDirectory() as folder:
        spool = Path(folder, "sample")
        sizes = {name: formats.expected_size(look.rows, name, spool) for name in formats.offered(look.rows)}
    return {
        "name": look.name,
        "tables": look.tables,
        "columns": look.rows.columns,
        "rows": look.rows.height,
        "head": [[_cell(value) for value in row] for row in look.rows.slice(first, rows).iter_rows()],
        "summaries": [dataclasses.asdict(each) for each in summaries.summarize(look.rows)],
        "places": dataclasses.asdict(places) if places else None,
        "sizes": sizes,
        "exact": look.rows.height <= formats.SAMPLE,
    }


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def main() -> None:
    """Answer one question, within limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    json.dump(answer(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
