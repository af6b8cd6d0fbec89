"""Which record is which dataset."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portals import records

from ckanext.cityportals import identity
from ckanext.cityportals.portals import PORTALS
from ckanext.cityportals.reconcile import Known, Reconciliation, Seen, reconcile

HUB = PORTALS["arcgis-hub"]


def seen(record: dict[str, Any]) -> Seen:
    return Seen(record["identifier"], HUB.remote_id(record), HUB.aliases(record), identity.digest(record, HUB.noise))


def known(record: dict[str, Any], **members: Any) -> Known:
    as_seen = seen(record)
    return Known(f"dataset of {record['identifier']}", (as_seen.remote_id,), frozenset(as_seen.aliases), as_seen.digest,
                 **members)  # fmt: skip


def run(now: list[dict[str, Any]], before: list[Known]) -> Reconciliation:
    return reconcile([seen(record) for record in now], before)


def test_the_same_record_is_unchanged_also_when_only_its_modified_date_moved():
    result = run([records.hub(modified="2030-01-01")], [known(records.hub())])
    assert [(match.changed, match.renamed) for match in result.matches] == [(False, False)]


@pytest.mark.parametrize(
    "identifier",
    [
        f"http://hub.example.org/datasets/{records.HUB_ITEM}_1",
        "https://hub.example.org/datasets/city::street-trees",
        f"https://www.arcgis.com/home/item.html?id={records.HUB_ITEM}&sublayer=1",
    ],
)
def test_a_renamed_record_keeps_its_dataset(identifier: str):
    result = run([records.hub(identifier=identifier)], [known(records.hub())])
    assert [match.renamed for match in result.matches] == [True]
    assert not result.added
    assert not result.missing


def test_a_record_that_returns_under_another_name_gets_its_dataset_back():
    gone = known(records.hub(), missing_since="2026-01-01T00:00:00+00:00", withdrawn=True)
    result = run([records.hub(identifier="https://hub.example.org/maps/city::trees")], [gone])
    assert [match.returned for match in result.matches] == [True]


def test_every_alias_a_dataset_ever_had_counts():
    first, later = records.hub(), records.hub(identifier="https://hub.example.org/maps/city::trees", title="Trees")
    both = Known(
        "d", (HUB.remote_id(later), HUB.remote_id(first)), frozenset({*HUB.aliases(first), *HUB.aliases(later)})
    )
    result = run([records.hub(title="Something else", issued="2026-01-01", distribution=[])], [both])
    assert [match.known.dataset_id for match in result.matches] == ["d"]


def test_layers_of_one_service_that_move_by_a_number_keep_their_datasets():
    """A new layer at number 1 pushes the old ones to 2 and 3; page names and service addresses now lie."""

    def layer(number: int, title: str, folder: str) -> dict[str, Any]:
        address = f"https://hub.example.org/{folder}/city::layer-{number}"
        return records.hub(number, title=title, issued="2021-03-23", identifier=address)

    before = [known(layer(1, "Floodplain", "datasets")), known(layer(2, "Critical area", "datasets"))]
    now = [layer(1, "Shoreland", "maps"), layer(2, "Floodplain", "maps"), layer(3, "Critical area", "maps")]
    result = run(now, before)
    titles = {match.known.dataset_id: now[int(match.seen.remote_id[-1]) - 1]["title"] for match in result.matches}
    assert titles == {before[0].dataset_id: "Floodplain", before[1].dataset_id: "Critical area"}
    assert len(result.added) == 1


def test_an_identifier_listed_twice_makes_one_dataset():
    result = run([records.hub(), records.hub(title="Again")], [])
    assert (len(result.added), len(result.repeated)) == (1, 1)


def test_what_a_person_deleted_is_neither_changed_nor_missed():
    deleted = known(records.hub(), deleted=True)
    assert not run([], [deleted]).missing
    assert not any(match.changed for match in run([records.hub(title="New")], [deleted]).matches)


@given(st.lists(st.integers(1, 12), unique=True), st.lists(st.integers(1, 12), unique=True))
def test_every_record_and_every_dataset_is_settled_exactly_once(now: list[int], before: list[int]):
    """And what stands in both is always matched."""
    result = run([records.hub(n) for n in now], [known(records.hub(n)) for n in before])
    assert len(result.matches) + len(result.added) == len(now)
    assert len(result.matches) + len(result.missing) == len(before)
    assert len(result.matches) == len(set(now) & set(before))
    assert not any(match.renamed for match in result.matches)
