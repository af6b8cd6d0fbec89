"""Three years of recorded city feeds and the table of what truly changed in them.

The recordings are not part of this repository. ``SUITE_PORTALS`` names their folder.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ckanext.cityportals.portals import PORTALS, Portal

RECORDINGS = Path(os.environ.get("SUITE_PORTALS") or Path(__file__).resolve().parents[3] / "shared" / "portals")
ARCHIVES = {"arcgis-hub": "arcgis-hub-timeline.tar.xz", "socrata": "socrata-data-json.tar.xz"}

#: The table counts a removed layer as renamed, because the layer after it moved to its number in the same service.
REMOVED_AFTER_ALL = {("minneapolis", "20220417"): 1}


class Truth(NamedTuple):
    """A row of the table: counted by exact identifier; ``renamed`` of the gone came back under another one."""

    records: int
    added: int
    gone: int
    changed: int
    changed_but_for_modified: int
    renamed: int


class Feed(NamedTuple):
    """What one city's portal answered on one day."""

    portal: Portal
    source_type: str
    city: str
    date: str
    records: list[dict[str, Any]]


def present() -> bool:
    """Whether the recordings are there."""
    return all((RECORDINGS / name).exists() for name in ARCHIVES.values())


def truth() -> dict[tuple[str, str], Truth]:
    """The table's rows by city and date; the first day of a city has none."""
    rows = (line.split("|")[1:-1] for line in (RECORDINGS / "TIMELINE.md").read_text("utf-8").splitlines())
    cells = ([cell.strip() for cell in row] for row in rows)
    table = {(row[1], row[2]): Truth(*map(int, row[3:])) for row in cells if len(row) == 9 and row[8].isdigit()}
    return {key: row._replace(renamed=row.renamed - REMOVED_AFTER_ALL.get(key, 0)) for key, row in table.items()}


def feeds() -> Iterator[Feed]:
    """Every recorded feed, a city's in the order of their dates."""
    for source_type, archive in ARCHIVES.items():
        with tarfile.open(RECORDINGS / archive) as tar:
            files = [member for member in tar.getmembers() if member.isfile() and member.name.endswith(".json")]
            for member in sorted(files, key=lambda each: each.name):
                *_, city, name = member.name.split("/")
                handle = tar.extractfile(member)
                assert handle is not None
                records = json.load(handle)["dataset"]
                yield Feed(PORTALS[source_type], source_type, city, name.removesuffix(".json"), records)
