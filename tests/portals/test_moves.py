"""Made-up years of portals of every kind: what they did to their records, in the shapes their platforms write.

Each *move* is something that a portal somewhere did to everything it had, and that made other harvesters delete and
create its datasets; where it was told in public, the issue is named. A timeline is a portal that lives through several
of them while datasets come and go. Which record is which is known here, so that every step can be judged: no dataset
is made anew, none taken for another, and every addition and removal is found.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from portals import records

from ckanext.cityportals import identity
from ckanext.cityportals.portals import PORTALS
from ckanext.cityportals.reconcile import Known, Reconciliation, Seen, reconcile

YEARS, SUBJECTS = range(2015, 2024), ("Budget", "Street trees", "Presupuesto", "Arbres", "Water points", "Contracts")


@dataclass(frozen=True)
class Thing:
    """A dataset in truth. ``made`` changes when its portal makes everything anew, ``way`` how it is written."""

    number: int
    title: str
    issued: str
    host: str = "data.example.org"
    scheme: str = "https"
    made: int = 0
    way: int = 0

    @property
    def site(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def slug(self) -> str:
        return f"{self.title.lower().replace(' ', '-')}-{self.number}"

    @property
    def hex(self) -> str:
        return f"{self.number * 7919 + self.made:032x}"

    @property
    def uuid(self) -> str:
        return f"{self.number:08x}-{self.made:04x}-4000-8000-{self.number:012x}"

    @property
    def view(self) -> str:
        return f"{self.number + 4660:04x}-{self.made * 97 + self.number:04x}"


def socrata(thing: Thing) -> dict[str, Any]:
    """A view in ``data.json``: by its API, its page, below its category, or by its id alone."""
    ways = (f"{thing.site}/api/views/{thing.view}", f"{thing.site}/d/{thing.view}",
            f"{thing.site}/Finance/{thing.slug}/{thing.view}", thing.view)  # fmt: skip
    files = [{"mediaType": "text/csv", "downloadURL": f"{thing.site}/api/views/{thing.view}/rows.csv"}]
    return records.data_json(
        thing.number, identifier=ways[thing.way % 4], landingPage=f"{thing.site}/d/{thing.view}", title=thing.title,
        issued=thing.issued, distribution=files,
    )  # fmt: skip


def hub(thing: Thing) -> dict[str, Any]:
    """An item in a Hub's feed, in the ways its identifier was written since 2019."""
    layer = thing.number % 3
    organisation = ("phl", "city-of-example")[thing.way // 5 % 2]
    ways = (
        f"{thing.site}/datasets/{thing.hex}_{layer}", f"{thing.site}/maps/{thing.hex}_{layer}",
        f"{thing.site}/datasets/{organisation}::{thing.slug}", f"{thing.site}/datasets/{thing.hex}_{layer}/about",
        f"https://www.arcgis.com/home/item.html?id={thing.hex}&sublayer={layer}",
    )  # fmt: skip
    service = f"https://services.example.org/arcgis/rest/services/S{thing.number}/FeatureServer/{layer}"
    return records.hub(
        thing.number, identifier=ways[thing.way % 5], landingPage=ways[2], title=thing.title,
        issued=f"{thing.issued}T10:00:00.000Z", distribution=[{"format": "Esri REST", "accessURL": service}],
    )  # fmt: skip


def ckan(thing: Thing) -> dict[str, Any]:
    """A dataset of CKAN: a site made anew has other ids and dates, and the names and files of the old one."""
    file = f"https://files.example.org/{thing.slug}.csv"
    return records.ckan(
        thing.number, id=thing.uuid, name=thing.slug, title=thing.title, metadata_created=f"20{20 + thing.made}-01-01",
        url=f"{thing.site}/", resources=[{"id": f"{thing.uuid}-r", "name": "CSV", "url": file}],
    )  # fmt: skip


def dkan(thing: Thing) -> dict[str, Any]:
    """DKAN's own UUID: in the list of version 1, and as identifier or address of version 2."""
    if thing.way % 3 == 0:
        return ckan(thing)
    named = (thing.uuid, f"{thing.site}/api/1/metastore/schemas/dataset/items/{thing.uuid}")[thing.way % 2]
    files = [{"downloadURL": f"https://files.example.org/{thing.slug}.csv"}]
    page = f"{thing.site}/dataset/{thing.slug}"
    return records.data_json(thing.number, identifier=named, title=thing.title, issued="", landingPage=page,
                             distribution=files)  # fmt: skip


def opendatasoft(thing: Thing) -> dict[str, Any]:
    """A dataset whose id people may change, while the portal's own stays."""
    named = (thing.slug, f"ex-{thing.slug}", thing.slug.replace("-", "_"))[thing.way % 3]
    uid = f"da_{thing.number:05}{'x' * thing.made}"
    default = {"title": thing.title, "publisher": "Ville d'Exemple", "modified": "2026-05-30"}
    metas = {"default": default, "dcat": {"issued": thing.issued}}
    return records.opendatasoft(thing.number, dataset_id=named, dataset_uid=uid, metas=metas)


def udata(thing: Thing) -> dict[str, Any]:
    """A dataset of udata: its id stays while its slug changes; where the site is made anew, the other way round."""
    created = f"{thing.issued}T00:00:00"
    slug = thing.slug if thing.made else f"{thing.slug}-{thing.way}"
    files = [{"id": f"r{thing.number}", "url": f"https://files.example.org/{thing.slug}.csv", "format": "csv"}]
    return records.udata(thing.number, id=f"5de8{thing.number:010}{thing.made:010}", slug=slug, title=thing.title,
                         created_at=created, page=f"{thing.site}/datasets/{slug}/", resources=files)  # fmt: skip


def junar(thing: Thing) -> dict[str, Any]:
    """A data set of Junar: its guid is made from its title and a number, and made anew when it is published again."""
    guid = f"{thing.title.upper()[:5].replace(' ', '-')}-{thing.number * 37 + thing.way}"
    return records.junar(thing.number, guid=guid, title=thing.title, created_at=f"{thing.issued}T17:04:02Z",
                         endpoint=f"https://files.example.org/{thing.slug}.csv")  # fmt: skip


def dcat_ap(thing: Thing) -> dict[str, Any]:
    """RDF of a CKAN site: named by id, by name, by a namespace of its own, or not at all but for its identifier."""
    ways = (f"{thing.site}/dataset/{thing.uuid}", f"{thing.site}/dataset/{thing.uuid}/",
            f"https://id.example.org/set/{thing.uuid}", "")  # fmt: skip
    file = {"dcat:downloadURL": [{"uri": f"https://files.example.org/{thing.slug}.csv"}]}
    members = {"uri": ways[thing.way % 4], "dct:identifier": [thing.uuid], "dct:title": [thing.title],
               "dct:issued": [thing.issued], "dcat:distribution": [file]}  # fmt: skip
    return {name: value for name, value in records.dcat_ap(thing.number, **members).items() if value}


def ogd_india(thing: Thing) -> dict[str, Any]:
    """A resource of India's platform: its index is made anew when its file is uploaded again."""
    index = f"9ef84268-d588-465a-a308-{thing.number:08}{thing.way:04}"
    return records.ogd_india(thing.number, index_name=index, title=thing.title, created=1_500_000_000 + thing.number)


@dataclass(frozen=True)
class Platform:
    """How a kind of portal writes a thing, and the moves it makes; ``dated`` where its records say when issued."""

    source_type: str
    write: Callable[[Thing], dict[str, Any]]
    moves: tuple[str, ...]
    dated: bool = True


_ADDRESSES = ("https", "http", "other host", "back home", "port")
PLATFORMS = {
    "Socrata": Platform("socrata", socrata, (*_ADDRESSES, "written otherwise", "made anew")),
    "ArcGIS Hub": Platform("arcgis-hub", hub, (*_ADDRESSES, "written otherwise", "made anew", "both")),
    "CKAN": Platform("city-ckan", ckan, (*_ADDRESSES, "made anew"), dated=False),
    "DKAN": Platform("dkan", dkan, (*_ADDRESSES, "written otherwise", "made anew"), dated=False),
    "OpenDataSoft": Platform("opendatasoft", opendatasoft, (*_ADDRESSES, "written otherwise", "made anew", "both")),
    "udata": Platform("udata", udata, (*_ADDRESSES, "written otherwise", "made anew")),
    "Junar": Platform("junar", junar, (*_ADDRESSES, "written otherwise")),
    "DCAT-AP": Platform("dcat-ap", dcat_ap, (*_ADDRESSES, "written otherwise", "made anew", "both")),
    "OGD India": Platform("ogd-india", ogd_india, (*_ADDRESSES, "written otherwise")),
}
MOVES: dict[str, Callable[[Thing], Thing]] = {
    "https": lambda thing: replace(thing, scheme="https"),
    "http": lambda thing: replace(thing, scheme="http"),
    "other host": lambda thing: replace(thing, host="opendata.example.net"),
    "back home": lambda thing: replace(thing, host="data.example.org", scheme="https"),
    "port": lambda thing: replace(thing, host="data.example.org:8443"),
    # Hub in 2020 and 2022 (datagouv/data.gouv.fr#680); DCAT-AP's identifiers (SEMICeu/DCAT-AP#223)
    "written otherwise": lambda thing: replace(thing, way=thing.way + 1),
    # a portal moved to a new store, so that every number is another (cityofaustin/atd-micromobility-api#39)
    "made anew": lambda thing: replace(thing, made=thing.made + 1),
    "both": lambda thing: replace(thing, way=thing.way + 1, made=thing.made + 1, host="opendata.example.net"),
}


def years(platform: Platform, dice: random.Random, steps: int) -> Iterator[list[Thing]]:
    """What a portal has, step by step. One subject comes back year by year; no two things are one by title and day."""
    named = []
    for subject, year in itertools.product(SUBJECTS, YEARS):
        yearly = not platform.dated or dice.random() < 0.7
        named.append((f"{subject} {year}" if yearly else subject, f"{year}-0{dice.randint(1, 9)}-12"))
    unused = list({(title, issued[:7]): (title, issued) for title, issued in named}.values())
    dice.shuffle(unused)
    numbers = itertools.count(1)
    things = [Thing(next(numbers), *unused.pop()) for _ in range(12)]
    yield list(things)
    for _ in range(steps):
        move = MOVES[dice.choice(platform.moves)]
        things = [move(each) for each in things if dice.random() > 0.1]
        made, host, scheme, way = things[0].made, things[0].host, things[0].scheme, things[0].way
        things += [
            Thing(next(numbers), *unused.pop(), host=host, scheme=scheme, made=made, way=way)
            for _ in range(dice.randrange(3))
        ]
        dice.shuffle(things)
        yield list(things)


def seen_as(platform: Platform, things: list[Thing]) -> list[Seen]:
    portal = PORTALS[platform.source_type]
    found = {str(thing.number): platform.write(thing) for thing in things}
    return [
        Seen(key, portal.remote_id(each), portal.aliases(each), identity.digest(each, portal.noise))
        for key, each in found.items()
    ]


def remember(result: Reconciliation, step: int) -> list[Known]:
    """The datasets after a run, as the ledger keeps them."""
    kept = [
        Known(pair.known.dataset_id, tuple(dict.fromkeys([pair.seen.remote_id, *pair.known.remote_ids])),
              pair.known.aliases | set(pair.seen.aliases), pair.seen.digest)
        for pair in result.matches
    ]  # fmt: skip
    made = [Known(each.key, (each.remote_id,), frozenset(each.aliases), each.digest) for each in result.added]
    gone = [replace(each, missing_since=each.missing_since or f"{step:04}") for each in result.missing]
    return [*kept, *made, *gone]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_portal_lives_for_years_and_every_step_is_understood(kind: str, seed: int):
    platform, dice = PLATFORMS[kind], random.Random(f"{kind} {seed}")
    known: list[Known] = []
    for step, things in enumerate(years(platform, dice, steps=8)):
        result = reconcile(seen_as(platform, things), known)
        before, now = {each.dataset_id for each in known}, {str(thing.number) for thing in things}
        assert {(pair.seen.key, pair.known.dataset_id) for pair in result.matches} == {(n, n) for n in now & before}, (
            step
        )
        assert {each.key for each in result.added} == now - before, step
        assert {each.dataset_id for each in result.missing} == before - now, step
        assert not result.repeated
        known = remember(result, step)


def dcat(identifier: str, title: str, issued: str = "", file: str = "", **members: Any) -> dict[str, Any]:
    """A record of a DCAT-US document with nothing but what a story is about."""
    said = {"issued": issued} if issued else {}
    files = [{"downloadURL": file}] if file else []
    return {"identifier": identifier, "title": title, "publisher": {"name": "City"}, "distribution": files,
            "landingPage": "https://data.example.org/", **said, **members}  # fmt: skip


HEX, SERVICE = "9c3e5b7a1d2f4e6a8b0c1d2e3f405162", "https://services.example.org/arcgis/rest/services"
#: what a portal had, what it has, and for each of these records which of the former it is
STORIES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], list[int | None]]] = {
    "two datasets swap titles": (
        [dcat("https://x.example/api/views/aaaa-0001", "Trees", "2020-01-01"),
         dcat("https://x.example/api/views/bbbb-0002", "Benches", "2020-01-01")],
        [dcat("https://x.example/api/views/aaaa-0001", "Benches", "2020-01-01"),
         dcat("https://x.example/api/views/bbbb-0002", "Trees", "2020-01-01")],
        [0, 1],
    ),
    "two datasets swap titles while the portal moves": (
        [dcat("https://x.example/api/views/aaaa-0001", "Trees", "2020-01-01"),
         dcat("https://x.example/api/views/bbbb-0002", "Benches", "2020-01-01")],
        [dcat("https://y.example/d/bbbb-0002", "Trees", "2020-01-01"),
         dcat("https://y.example/d/aaaa-0001", "Benches", "2020-01-01")],
        [1, 0],
    ),
    "the next year's comes in the place of the last": (
        [dcat("a-23", "Budget 2023", "2023-02-01", "https://x.example/budget.csv")],
        [dcat("a-24", "Budget 2024", "2024-02-01", "https://x.example/budget.csv")],
        [None],
    ),
    "the next year's comes in the place of the last, where nobody says when": (
        [dcat("a-23", "Budget 2023", "", "https://x.example/budget.csv")],
        [dcat("a-24", "Budget 2024", "", "https://x.example/budget.csv")],
        [None],
    ),
    "the same title is issued again": (
        [dcat("a-23", "Budget", "2023-02-01", "https://x.example/budget-23.csv")],
        [dcat("a-24", "Budget", "2024-02-01", "https://x.example/budget-24.csv")],
        [None],
    ),
    "the name moves on to the next year's, the last stays under its own": (
        [dcat("budget", "Budget 2023", "2023-02-01")],
        [dcat("budget", "Budget 2023", "2023-02-01"), dcat("budget-2024", "Budget 2024", "2024-02-01")],
        [0, None],
    ),
    "a title is corrected while identifiers change": (
        [dcat("set-1", "Steet trees", "", "https://x.example/trees.csv")],
        [dcat("urn:city:1", "Street trees", "", "https://x.example/trees.csv")],
        [0],
    ),
    "the moment of issue is written otherwise": (
        [dcat("set-1", "Street trees", "2020-01-01")],
        [dcat("urn:city:1", "Street trees", "2020-01-01T00:00:00.000Z")],
        [0],
    ),
    "two of one title and day, the moments written otherwise": (
        [dcat("set-1", "Trees", "2020-01-01T01:00:00Z"), dcat("set-2", "Trees", "2020-01-01T02:00:00Z")],
        [dcat("new-2", "Trees", "2020-01-01"), dcat("new-1", "Trees", "2020-01-01")],
        [None, None],
    ),
    "letters with accents are written otherwise": (
        [dcat("1", "\u00c1rboles de la ciudad", "2020-01-01")],
        [dcat("x", "A\u0301rboles  de la\u00a0ciudad", "2020-01-01")],
        [0],
    ),
    "a trailing slash, capitals in the host, another scheme, a port": (
        [dcat("http://Data.example.org:80/set/1/", "One"), dcat("https://data.example.org/set/2", "Two")],
        [dcat("https://data.example.org/set/1", "Uno"), dcat("HTTPS://data.example.org:443/set/2/", "Dos")],
        [0, 1],
    ),
    "another prefix": (
        [dcat("NYC_311_A", "Calls", "2019-01-01"), dcat("NYC_311_B", "Answers", "2019-01-01")],
        [dcat("ny.gov/311_A", "Calls", "2019-01-01"), dcat("ny.gov/311_B", "Answers", "2019-01-01")],
        [0, 1],
    ),
    "a hub's item loses the number of its only layer": (
        [dcat(f"https://h.example/datasets/{HEX}_0", "Zones", "2018-03-01")],
        [dcat(f"https://h.example/datasets/{HEX}", "Zones", "2018-03-01")],
        [0],
    ),
    "a hub's item is made anew over the same service": (
        [dcat(f"https://h.example/datasets/{HEX}_1", "Zones", "2018-03-01", distribution=[
            {"accessURL": f"{SERVICE}/Zones/FeatureServer/1"}])],
        [dcat(f"https://h.example/datasets/{HEX[::-1]}_1", "Zoning", "2021-03-01", distribution=[
            {"accessURL": f"{SERVICE}/zones/featureserver/1"}])],
        [0],
    ),
    "a hub's organisation is called otherwise": (
        [dcat("https://h.example/datasets/phl::zones", "Zones", "2018-03-01")],
        [dcat("https://h.example/maps/city-of-example::zones", "Zones", "2018-03-01")],
        [0],
    ),
    "one identifier for two records": (
        [dcat("a", "One", "2018-03-01")],
        [dcat("a", "One", "2018-03-01"), dcat("a", "Another", "2019-03-01")],
        [0],
    ),
    "a page that many share": (
        [dcat("a", "One", "", "https://x.example/dictionary.pdf"), dcat("b", "Two", "", "https://x.example/dictionary.pdf")],
        [dcat("a", "One", "", "https://x.example/dictionary.pdf"), dcat("c", "New", "", "https://x.example/dictionary.pdf")],
        [0, None],
    ),
    "one leaves, another comes, and nothing is alike": (
        [dcat("a", "One", "2018-03-01", "https://x.example/1.csv"), dcat("b", "Two", "2018-03-01", "https://x.example/2.csv")],
        [dcat("b", "Two", "2018-03-01", "https://x.example/2.csv"), dcat("c", "Three", "2018-03-01", "https://x.example/3.csv")],
        [1, None],
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_a_story_ends_as_it_should(story: str):
    portal = PORTALS["dcat-us"]
    before, after, expected = STORIES[story]
    known = [
        Known(str(place), (portal.remote_id(each),), frozenset(portal.aliases(each)))
        for place, each in enumerate(before)
    ]
    seen = [Seen(str(place), portal.remote_id(each), portal.aliases(each), "") for place, each in enumerate(after)]
    result = reconcile(seen, known)
    found = {pair.seen.key: int(pair.known.dataset_id) for pair in result.matches}
    assert [found.get(str(place)) for place in range(len(expected))] == expected
    assert {each.dataset_id for each in result.missing} == {str(place) for place in range(len(before))} - {
        str(place) for place in expected if place is not None
    }
