"""Three years of recorded city feeds, replayed through the matching.

The recordings are not part of this repository. ``SUITE_PORTALS`` names their folder; without it the tests are skipped.
"""

from __future__ import annotations

import pytest
from portals import recordings

from ckanext.cityportals import identity
from ckanext.cityportals.completeness import Answer, gaps
from ckanext.cityportals.reconcile import Known, Reconciliation, Seen, reconcile

pytestmark = pytest.mark.skipif(not recordings.present(), reason="the recorded feeds are not here")


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[tuple[str, list[Seen]]]]:
    """Each city's runs: date and records, reduced to what matching needs."""
    cities: dict[str, list[tuple[str, list[Seen]]]] = {}
    for portal, _, city, date, found in recordings.feeds():
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
    table, steps = recordings.truth(), 0
    for city, runs in recorded.items():
        known: list[Known] = []
        for date, run in runs:
            result = reconcile(run, known)
            expected = table.get((city, date))
            if expected:
                steps += 1
                renamed = expected.renamed
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
