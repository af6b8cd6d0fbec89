"""What the gate asks of PostgreSQL and Solr when a visitor reads: figures without noise, beside those of plain CKAN.

Plain CKAN's are by ``benchmarks/gate_cost.py``, which tells both: two statements and one search for ``package_show``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import requests
import sqlalchemy as sa
from ckan.tests import factories
from ckanext.dcat import processors
from support.releases import act
from support.releasing import release

from ckanext.privacy import tombstone_profile
from ckanext.privacy.gate import index


@pytest.fixture
def asked(monkeypatch) -> Iterator[Callable[[], Counter[str]]]:
    """How often each server was asked since the last look."""
    count: Counter[str] = Counter()
    send = requests.Session.send

    def counted(session, request, **options):
        count["solr"] += 1
        return send(session, request, **options)

    def statement(*_facts):
        count["sql"] += 1

    monkeypatch.setattr(requests.Session, "send", counted)
    sa.event.listen(sa.Engine, "before_cursor_execute", statement)

    def look() -> Counter[str]:
        seen = Counter(count)
        count.clear()
        return seen

    yield look
    sa.event.remove(sa.Engine, "before_cursor_execute", statement)


def make_public(files: int) -> str:
    """Release a dataset with links; return its name."""
    links = [{"name": f"File {each}", "url": f"https://example.org/{each}.csv"} for each in range(files)]
    dataset = factories.Dataset(owner_org="city-lab", resources=links)
    release(dataset["id"])
    return dataset["name"]


def test_showing_a_dataset_asks_for_two_rows_in_place_of_a_search(community, anonymous_api, asked):
    """Its release twice (what is in it, with its organisation's name of today; may it be seen)."""
    name = make_public(files=2)
    for _ in range(2):
        asked()
        assert anonymous_api("package_show", id=name)[0] == 200

    assert asked() <= Counter(sql=2 + 3, solr=0)


def test_who_works_on_a_dataset_is_shown_it_for_no_more_than_by_ckan(community, api_as, asked):
    """Whether they speak for its organisation is one statement, where CKAN gathers all labels that they have."""
    name = make_public(files=2)
    show = api_as(community["officer"])
    for _ in range(2):
        asked()
        assert show("package_show", id=name)[0] == 200

    assert asked() <= Counter(sql=13, solr=0)


def test_a_search_asks_once_a_second_what_is_in_force(community, anonymous_api, asked):
    """One statement for all that was found, and none for what was asked about a moment ago."""
    make_public(files=1)
    index._in_force_until.clear()
    anonymous_api("package_search")  # warm
    asked()
    anonymous_api("package_search")
    known = asked()
    index._in_force_until.clear()
    anonymous_api("package_search")

    assert asked() == known + Counter(sql=1)
    assert known["solr"] == 1


def test_a_second_page_of_results_asks_for_nothing_that_the_first_has_asked(community, anonymous_api, asked):
    """What was found of late is asked about together, so that a second of searches is one statement."""
    for _ in range(2):
        make_public(files=1)
    for page in (0, 1):
        anonymous_api("package_search", rows=1, start=page)
    index._in_force_until.update(dict.fromkeys(index._in_force_until, 0.0))  # a second later
    costs = []
    for page in (0, 1):
        asked()
        anonymous_api("package_search", rows=1, start=page)
        costs.append(asked()["sql"])

    assert costs[0] == costs[1] + 1


def test_each_further_file_on_a_dataset_page_costs_three_statements(community, app, asked):
    """The file's row, may it be seen, what does the release say of it; plain CKAN asks for two."""
    few, many = make_public(files=1), make_public(files=5)
    costs = []
    for name in (few, many):
        app.get(f"/dataset/{name}")
        asked()
        app.get(f"/dataset/{name}")
        costs.append(asked()["sql"])

    assert costs[1] - costs[0] <= 4 * 3


@pytest.mark.parametrize(
    ("action", "data", "most"),
    [
        ("package_patch", {"version": "2"}, 60),
        ("resource_create", {"name": "More", "url": "https://example.org/more.csv"}, 63),
    ],
)
def test_who_saves_is_asked_little_more_than_by_ckan(community, asked, action: str, data: dict, most: int):
    """Plain CKAN asks Solr three times; we note who edited, and index the release.

    By HTTP, with a log-in, the benchmark counts 64 and 65 statements of plain CKAN, 67 and 69 with the gate.
    """
    name = make_public(files=5)
    key = "package_id" if action == "resource_create" else "id"
    act("officer", "package_patch", id=name, version="1")
    asked()
    act("officer", action, **{key: name}, **data)

    assert asked() <= Counter(sql=most, solr=1)


def test_a_dataset_as_dcat_looks_for_its_profiles_once(community, app, monkeypatch):
    """ckanext-dcat looks through all packages of Python for each; tombstones are no part of a dataset."""
    looked_for = []
    find = processors.entry_points
    monkeypatch.setattr(processors, "entry_points", lambda **which: looked_for.append(which["name"]) or find(**which))
    name = make_public(files=1)
    assert app.get(f"/dataset/{name}.ttl").status_code == 200
    of_dataset = list(looked_for)
    looked_for.clear()
    assert app.get("/catalog.ttl").status_code == 200

    assert (tombstone_profile.NAME in of_dataset, tombstone_profile.NAME in looked_for) == (False, True)
    assert set(of_dataset) == set(looked_for) - {tombstone_profile.NAME}
