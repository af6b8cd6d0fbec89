"""Whatever a portal does to its identifiers: no dataset is made anew, and no two are taken for one.

A made-up portal of each kind lives through some years: records change their identifiers in the ways portals do it,
leave, come, are told apart by little, and stand in another order each time. Which record is which is known here.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.cityportals import identity
from ckanext.cityportals.mapping import Mapped
from ckanext.cityportals.portals import PORTALS, base
from ckanext.cityportals.reconcile import Known, Reconciliation, Seen, reconcile

HOSTS = ("data.example.org", "www.data.example.org", "opendata.example.net", "data.example.org:8443")
TITLES = ("Budget", "Budget 2019", "Budget 2020", "Street trees", "Street trees (2020-01-01)", "Árboles", "Trees")


@dataclass(frozen=True)
class Thing:
    """What a portal has in truth, whatever it calls it today."""

    number: int
    title: str
    issued: str
    host: str = HOSTS[0]
    scheme: str = "https"
    folder: str = "datasets"
    style: int = 0

    @property
    def hex(self) -> str:
        return f"{self.number:032x}"

    @property
    def view(self) -> str:
        return f"{self.number:04x}-{self.number * 7919 % 65536:04x}"

    @property
    def slug(self) -> str:
        return f"{self.title.lower().replace(' ', '-')}-{self.number}"

    @property
    def uuid(self) -> str:
        return f"{self.number:08x}-0000-4000-8000-{self.number:012x}"


def hub(thing: Thing) -> dict[str, Any]:
    """An item of ArcGIS Hub in the five ways its identifier was written so far."""
    site = f"{thing.scheme}://{thing.host}"
    ways = (
        f"{site}/{thing.folder}/{thing.hex}_{thing.number % 3}",
        f"{site}/{thing.folder}/city::{thing.slug}",
        f"https://www.arcgis.com/home/item.html?id={thing.hex}&sublayer={thing.number % 3}",
        f"{site}/{thing.folder}/{thing.hex}_{thing.number % 3}/about",
        f"{site}/{thing.folder}/city%3A%3A{thing.slug}",
    )
    service = f"https://maps.example.org/arcgis/rest/services/S{thing.number}/MapServer/{thing.number % 3}"
    return dcat(ways[thing.style % 5], thing, [service])


def socrata(thing: Thing) -> dict[str, Any]:
    """A view of Socrata, by its page, its API, its number alone or below a category."""
    site = f"{thing.scheme}://{thing.host}"
    ways = (f"{site}/api/views/{thing.view}", f"{site}/d/{thing.view}", thing.view,
            f"{site}/Finance/{thing.slug}/{thing.view}")  # fmt: skip
    return dcat(ways[thing.style % 4], thing, [f"https://files.example.org/{thing.number}.csv"])


def addressed(thing: Thing) -> dict[str, Any]:
    """A record called by its address, which moves to another host, scheme or writing."""
    end = ("", "/")[thing.style % 2]
    space = (" ", "%20")[thing.style % 2]
    return dcat(f"{thing.scheme}://{thing.host}/set/no{space}{thing.number}{end}", thing, [])


def anchored(thing: Thing) -> dict[str, Any]:
    """A record called by a place in one document."""
    return dcat(f"{thing.scheme}://data.example.org/catalog.rdf#set-{thing.number}", thing, [])


def named(thing: Thing) -> dict[str, Any]:
    """A record called by its title, which is written anew; its file stays where it is."""
    return dcat(f"{thing.slug}-{thing.style}", thing, [f"https://files.example.org/{thing.number}.csv"])


def numbered(thing: Thing) -> dict[str, Any]:
    """A record in a list that counts its rows."""
    return dcat(str(thing.style), replace(thing, title=f"{thing.title} {thing.number}"), [])


def by_uuid(thing: Thing) -> dict[str, Any]:
    """A record with a UUID, alone or in an address."""
    ways = (thing.uuid, f"https://{thing.host}/dataset/{thing.uuid}", f"urn:uuid:{thing.uuid.upper()}")
    return dcat(ways[thing.style % 3], thing, [])


def dcat(identifier: str, thing: Thing, files: list[str]) -> dict[str, Any]:
    said = {"issued": thing.issued} if thing.issued else {}
    distribution = [{"accessURL": each} for each in files]
    return {"identifier": identifier, "title": thing.title, "publisher": {"name": "City"}, "distribution": distribution,
            "landingPage": "https://data.example.org/", **said}  # fmt: skip


KINDS: dict[str, Callable[[Thing], dict[str, Any]]] = {
    "hub": hub, "socrata": socrata, "address": addressed, "anchor": anchored, "uuid": by_uuid, "row": numbered,
    "file": named,
}  # fmt: skip
#: what a portal changes at once, in everything it has
MOVES: tuple[Callable[[Thing, random.Random], Thing], ...] = (
    lambda thing, dice: thing,
    lambda thing, dice: replace(thing, scheme="http"),
    lambda thing, dice: replace(thing, host=HOSTS[1]),
    lambda thing, dice: replace(thing, host=HOSTS[2], scheme="https"),
    lambda thing, dice: replace(thing, host=HOSTS[3]),
    lambda thing, dice: replace(thing, folder="maps"),
    lambda thing, dice: replace(thing, style=thing.style + 1),
    lambda thing, dice: replace(thing, style=dice.randrange(5)),
)


def lives(kind: str, dice: random.Random, steps: int) -> Iterator[list[Thing]]:
    """What a portal has, step by step. New things have a title and date that none before them had together."""
    numbers, unused = itertools.count(1), [(title, day) for title in TITLES for day in ("", "2020-01-01", "2021-06-30")]
    dice.shuffle(unused)
    #: in one row of a list, or twice under one title: told apart by what else they are
    things = [Thing(next(numbers), *dice.choice(unused[:4])) for _ in range(dice.randint(1, 8))]
    unused = unused[4:]
    for _ in range(steps):
        move = dice.choice(MOVES)
        things = [move(each, dice) for each in things if dice.random() > 0.15]
        if unused and dice.random() < 0.5:
            things.append(Thing(next(numbers), *unused.pop()))
        dice.shuffle(things)
        yield [replace(each, style=row) for row, each in enumerate(things)] if kind == "row" else list(things)


def remember(result: Reconciliation, keys: dict[str, int], step: int) -> list[Known]:
    """The datasets after a run, as the ledger keeps them; those that are missing are remembered as well."""
    kept = [
        Known(pair.known.dataset_id, tuple(dict.fromkeys([pair.seen.remote_id, *pair.known.remote_ids])),
              pair.known.aliases | set(pair.seen.aliases))
        for pair in result.matches
    ]  # fmt: skip
    made = [Known(f"dataset of {keys[each.key]}", (each.remote_id,), frozenset(each.aliases)) for each in result.added]
    gone = [replace(each, missing_since=each.missing_since or f"{step:04}") for each in result.missing]
    return [*kept, *made, *gone]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_dataset_is_the_same_whatever_it_is_called(kind: str, seed: int):
    portal, dice = PORTALS["dcat-us"], random.Random(seed)
    known: list[Known] = []
    for step, things in enumerate(lives(kind, dice, steps=5)):
        records = {f"{each.number}": KINDS[kind](each) for each in things}
        seen = [Seen(key, portal.remote_id(each), portal.aliases(each), "") for key, each in records.items()]
        keys = {key: int(key) for key in records}
        result = reconcile(seen, known)
        if kind == "row" and not any(pair.renamed for pair in result.matches):
            return  # nothing has moved, so that a record in the row of another may be that other one
        wrong = {(pair.known.dataset_id, pair.seen.key) for pair in result.matches
                 if pair.known.dataset_id != f"dataset of {keys[pair.seen.key]}"}  # fmt: skip
        assert not wrong, (step, records)
        ever = {each.dataset_id for each in known}
        assert not ever & {f"dataset of {keys[each.key]}" for each in result.added}, (step, records)
        assert not result.repeated
        known = remember(result, keys, step)


def known_as(identifier: str, **members: Any) -> Known:
    record = {"identifier": identifier, **members}
    return Known(f"dataset {identifier}", (identifier,), frozenset(PORTALS["dcat-us"].aliases(record)))


def matched(known: list[Known], *records: dict[str, Any]) -> list[str]:
    portal = PORTALS["dcat-us"]
    seen = [Seen(str(place), portal.remote_id(each), portal.aliases(each), "") for place, each in enumerate(records)]
    pairs = {pair.seen.key: pair.known.dataset_id for pair in reconcile(seen, known).matches}
    return [pairs.get(str(place), "") for place in range(len(records))]


def test_of_a_dataset_that_is_split_one_part_goes_on_and_the_other_is_new():
    whole = known_as("https://example.org/trees", title="Trees", landingPage="https://example.org/portal",
                     distribution=[{"downloadURL": "https://example.org/trees.csv"}])  # fmt: skip
    north = {"identifier": "https://example.org/trees-north", "title": "Trees, north",
             "distribution": [{"downloadURL": "https://example.org/trees.csv"}]}  # fmt: skip
    south = {"identifier": "https://example.org/trees-south", "title": "Trees, south",
             "distribution": [{"downloadURL": "https://example.org/south.csv"}]}  # fmt: skip
    assert matched([whole], south, north) == ["", whole.dataset_id]


def test_two_datasets_that_become_one_leave_one_missing():
    parts = [known_as(f"https://example.org/{part}", title=part, issued="2020-01-01") for part in ("north", "south")]
    whole = {"identifier": "https://example.org/all", "title": "north", "issued": "2020-01-01"}
    assert matched(parts, whole) == [parts[0].dataset_id]


@pytest.mark.parametrize(
    "shared",
    [
        {"landingPage": "https://example.org/portal"},
        {"title": "Budget"},
        {"distribution": [{"downloadURL": "https://example.org/readme.pdf"}]},
        {"landingPage": "https://doi.org/10.1234/survey"},
    ],
)
def test_what_many_records_share_tells_nobody_from_anybody(shared: dict[str, Any]):
    """One leaves and another comes, and both carry what a third that stays carries too."""
    stays = {"identifier": "a", "issued": "", **shared}
    gone = known_as("b", **{"title": "Old", **shared, "publisher": "One"})
    comes = {"identifier": "c", "title": "New", **shared, "publisher": "Another"}
    assert matched([known_as("a", **shared), gone], stays, comes) == ["dataset a", ""]


def test_a_year_at_the_end_of_a_title_is_another_dataset():
    gone = known_as("https://example.org/1", title="Budget 2020", issued="2020-01-01")
    assert matched([gone], {"identifier": "https://example.org/2", "title": "Budget 2021", "issued": "2020-01-01"}) == [
        ""
    ]


def test_a_date_that_looks_like_a_socrata_number_is_none():
    assert not [each for each in identity.aliases(["https://example.org/park-2019"], identity.Words())
                if each.startswith("4x4")]  # fmt: skip


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_MEMBERS = (
    *(
        "identifier",
        "landingPage",
        "title",
        "issued",
        "publisher",
        "distribution",
        "id",
        "name",
        "organization",
        "extras",
    ),
    *("resources", "url", "dataset_id", "metas", "uri", "dct:title", "dct:identifier", "dcat:distribution", "files"),
    *("resource", "properties", "guid", "slug", "index_name", "uid", "xmlFormId", "metadata", "type", "attachments"),
)


@pytest.mark.parametrize("source_type", PORTALS)
@settings(max_examples=30, deadline=None)
@given(record=st.dictionaries(st.sampled_from(_MEMBERS), _ANYTHING, max_size=6))
def test_no_record_whatever_it_holds_breaks_a_run(source_type: str, record: dict[str, Any]):
    """A portal may send numbers for titles and lists for names: that record is set aside at most."""
    portal = PORTALS[source_type]
    for read in (base.identifier, base.aliases, base.mapped):
        assert isinstance(_or_sentence(read, portal, record), str | tuple | Mapped)


def _or_sentence(read: Callable[..., Any], portal: Any, record: dict[str, Any]) -> Any:
    try:
        return read(portal, record)
    except base.Unreadable as error:
        return str(error)
