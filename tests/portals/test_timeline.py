"""Three years of recorded city feeds, replayed through the matching.

The recordings are not part of this repository. ``SUITE_PORTALS`` names their folder; without it the tests are skipped.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ckanext.cityportals import identity
from ckanext.cityportals.completeness import Answer, gaps
from ckanext.cityportals.portals import PORTALS, Portal
from ckanext.cityportals.reconcile import Known, Reconciliation, Seen, reconcile

RECORDINGS = Path(os.environ.get("SUITE_PORTALS") or Path(__file__).resolve().parents[3] / "shared" / "portals")
ARCHIVES = {"arcgis-hub": "arcgis-hub-timeline.tar.xz", "socrata": "socrata-data-json.tar.xz"}

pytestmark = pytest.mark.skipif(
    not all((RECORDINGS / name).exists() for name in ARCHIVES.values()), reason="the recorded feeds are not here"
)

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


def truth() -> dict[tuple[str, str], Truth]:
    rows = (line.split("|")[1:-1] for line in (RECORDINGS / "TIMELINE.md").read_text("utf-8").splitlines())
    cells = ([cell.strip() for cell in row] for row in rows)
    return {(row[1], row[2]): Truth(*map(int, row[3:])) for row in cells if len(row) == 9 and row[8].isdigit()}


def feeds() -> Iterator[tuple[Portal, str, str, list[dict[str, Any]]]]:
    """Portal, city, date and records of every recorded feed, a city's in the order of their dates."""
    for source_type, archive in ARCHIVES.items():
        with tarfile.open(RECORDINGS / archive) as tar:
            files = [member for member in tar.getmembers() if member.isfile() and member.name.endswith(".json")]
            for member in sorted(files, key=lambda each: each.name):
                *_, city, name = member.name.split("/")
                handle = tar.extractfile(member)
                assert handle is not None
                yield PORTALS[source_type], city, name.removesuffix(".json"), json.load(handle)["dataset"]


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[tuple[str, list[Seen]]]]:
    """Each city's runs: date and records, reduced to what matching needs."""
    cities: dict[str, list[tuple[str, list[Seen]]]] = {}
    for portal, city, date, found in feeds():
        run = [
            Seen(
                portal.remote_id(each),
                portal.remote_id(each),
                portal.aliases(each),
                identity.digest(each, portal.noise),
            )
            for each in found
        ]
        cities.setdefault(city, []).append((date, run))
    return cities


def remember(result: Reconciliation, date: str) -> list[Known]:
    """The datasets after a run, as the ledger keeps them."""
    matched = [
        Known(
            match.known.dataset_id,
            tuple(dict.fromkeys([match.seen.remote_id, *match.known.remote_ids])),
            match.known.aliases | set(match.seen.aliases),
            match.seen.digest,
        )
        for match in result.matches
    ]
    added = [
        Known(f"{each.key} {date}", (each.remote_id,), frozenset(each.aliases), each.digest) for each in result.added
    ]
    missing = [
        Known(each.dataset_id, each.remote_ids, each.aliases, each.digest, each.missing_since or date)
        for each in result.missing
    ]
    return matched + added + missing


def test_each_step_finds_what_the_table_says(recorded: dict[str, list[tuple[str, list[Seen]]]]):
    """Looked at from one snapshot to the next: additions, removals, changes and renames, in every city."""
    table, steps = truth(), 0
    for city, runs in recorded.items():
        known: list[Known] = []
        for date, run in runs:
            result = reconcile(run, known)
            expected = table.get((city, date))
            if expected:
                steps += 1
                renamed = expected.renamed - REMOVED_AFTER_ALL.get((city, date), 0)
                assert sum(match.renamed for match in result.matches) == renamed, (city, date)
                assert len(result.added) == expected.added - renamed, (city, date)
                assert len(result.missing) == expected.gone - renamed, (city, date)
                changed = sum(match.changed and not match.renamed for match in result.matches)
                assert changed == expected.changed_but_for_modified, (city, date)
            known = [each for each in remember(result, date) if not each.missing_since]
    assert steps == len(table) > 100


def test_no_rename_ever_becomes_a_deletion_and_a_creation(recorded: dict[str, list[tuple[str, list[Seen]]]]):
    """Over all the years, with everything remembered: a dataset made is one whose record was never seen before."""
    for city, runs in recorded.items():
        known: list[Known] = []
        ever: set[str] = set()
        for date, run in runs:
            result = reconcile(run, known)
            made = {
                alias for each in result.added for alias in each.aliases if alias.startswith(("id:", "hub:", "4x4:"))
            }
            assert not made & ever, (city, date)
            ever.update(alias for each in run for alias in each.aliases)
            known = remember(result, date)
        ids = [each.dataset_id for each in known]
        assert len(ids) == len(set(ids))


def test_an_emptied_feed_deletes_nothing(recorded: dict[str, list[tuple[str, list[Seen]]]]):
    """The recorded portal that went to no records at all."""
    runs = recorded["carlton-county-EMPTY"]
    known = remember(reconcile(runs[0][1], []), runs[0][0])
    empty = next(run for _, run in runs if not run)
    result = reconcile(empty, known)
    assert len(result.missing) == len(known) == 3
    assert gaps(Answer(0), missing=3)
