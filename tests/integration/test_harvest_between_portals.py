"""Datasets that several portals have: our own that come back, the same one from two sides, and one removed for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk
from click.testing import CliRunner
from portals import records
from portals.replay import Answer, Replay, replay

from ckanext.cityportals.cli import cityportals

pytestmark = pytest.mark.usefixtures("clean_site")


@pytest.fixture
def city() -> Iterator[Replay]:
    with replay() as portal:
        yield portal


@pytest.fixture
def nation() -> Iterator[Replay]:
    """A portal that collects what others have."""
    with replay() as portal:
        yield portal


@pytest.fixture
def make_source(community: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    def make(portal: Replay, source_type: str, name: str) -> dict[str, Any]:
        return act("harvest_source_create", name=name, title=name.title(), url=portal.url, source_type=source_type,
                   owner_org=community["organization"]["id"], frequency="MANUAL")  # fmt: skip

    return make


def act(action: str, user: str = "sysadmin", **data: Any) -> Any:
    return tk.get_action(action)({"user": user, "auth_user_obj": model.User.get(user)}, data)


def run(source: dict[str, Any]) -> dict[str, Any]:
    return act("cityportals_run", id=source["id"], wait=True)


def titles() -> list[str]:
    model.Session.expire_all()
    query = model.Session.query(model.Package.title).filter_by(type="dataset", state="active")
    return sorted(title for (title,) in query)


def dataset_id(title: str) -> str:
    return (
        model.Session.query(model.Package.id).filter_by(title=title).order_by(model.Package.metadata_created).first().id
    )


def here(path: str) -> str:
    return f"{tk.config['ckan.site_url']}{path}"


def from_us(dataset: str) -> dict[str, dict[str, Any]]:
    """The ways in which a record of another CKAN site says that it was taken from here."""
    uri = here(f"/dataset/{dataset}")
    elsewhere = [{"id": "r", "name": "Data", "url": "https://files.example.org/a.csv"}]
    return {
        "id": records.ckan(id=dataset, resources=elsewhere),
        "uri in guid": records.ckan(extras=[{"key": "guid", "value": uri}], resources=elsewhere),
        "landing page": records.ckan(url=here("/dataset/trees"), resources=elsewhere),
        "catalogue": records.ckan(extras=[{"key": "harvest_source_url", "value": here("/catalog.ttl")}]),
        "files": records.ckan(resources=[{"id": "r", "url": here(f"/dataset/{dataset}/resource/r/download/a.csv")}]),
        "source": records.ckan(title="Ours", source=uri, resources=elsewhere),
    }


def test_our_own_datasets_do_not_come_back(city, nation, make_source, subtests):
    """Neither from a portal that harvests us, nor from one that harvests that one."""
    city.serve_catalogue([records.data_json(1, title="Ours")])
    run(make_source(city, "socrata", "city"))
    third = make_source(nation, "city-ckan", "nation")
    for way, record in from_us(dataset_id("Ours")).items():
        with subtests.test(way):
            nation.serve_ckan([record, records.ckan(2, title="Theirs")])
            report = run(third)
            assert (report["seen"], report["own"], report["errors"]) == (2, 1, [])
            assert report["complete"]
            assert titles() == ["Ours", "Theirs"]


def test_our_datasets_in_rdf_do_not_come_back(city, nation, make_source):
    """A catalogue in RDF keeps our address as the dataset's, or says that its own is a version of it."""
    city.serve_catalogue([records.data_json(1, title="Ours")])
    run(make_source(city, "socrata", "city"))
    uri = here(f"/dataset/{dataset_id('Ours')}")
    prefixes = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    nation.answers["/catalog.ttl"] = Answer(
        f"{prefixes} <https://nation.example.org/> a dcat:Catalog ; dcat:dataset <{uri}>, <urn:copy>, <urn:other> .\n"
        f'<{uri}> a dcat:Dataset ; dct:title "Ours" .\n'
        f'<urn:copy> a dcat:Dataset ; dct:title "Ours" ; dct:isVersionOf <{uri}> .\n'
        f'<urn:other> a dcat:Dataset ; dct:title "Made from ours" ; dct:source <{uri}> .\n'.encode(),
        headers={"Content-Type": "text/turtle"},
    )
    source = act(
        "harvest_source_update", **make_source(nation, "dcat-ap", "nation") | {"url": f"{nation.url}/catalog.ttl"}
    )
    report = run(source)
    assert (report["seen"], report["own"], report["added"]) == (3, 2, 1)
    assert titles() == ["Made from ours", "Ours"]


def collected(record: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The city's record as the nation's CKAN site has it."""
    files = [{"id": f"{record['title']} {place}", "name": "CSV", "url": each.get("downloadURL") or each["accessURL"]}
             for place, each in enumerate(record["distribution"])]  # fmt: skip
    return records.ckan(int(record["title"][-1]), title=record["title"], resources=files, **members)


def test_the_same_dataset_from_two_portals_is_linked_at_both(city, nation, make_source, app, community):
    found = [records.hub(number, title=f"Layer {number}") for number in (1, 2, 3)]
    city.serve_catalogue(found)
    first = make_source(city, "arcgis-hub", "city")
    assert run(first)["duplicates"] == 0
    with_page = collected(found[1], url=found[1]["landingPage"])
    with_page["resources"] = []
    nation.serve_ckan([collected(found[0]), with_page, records.ckan(7, title="Another")])
    second = make_source(nation, "city-ckan", "nation")
    report = run(second)
    assert (report["added"], report["duplicates"]) == (3, 2)
    assert act("cityportals_report_show", id=first["id"])["duplicates"] == 2
    listed = act("cityportals_duplicate_list", id=first["id"])
    assert [(each["title"], [other["source_title"] for other in each["duplicates"]]) for each in listed] == [
        ("Layer 1", ["Nation"]), ("Layer 2", ["Nation"]),
    ]  # fmt: skip
    [twin] = listed[0]["duplicates"]
    [back] = act("cityportals_duplicate_list", id=twin["id"])
    assert [other["id"] for other in back["duplicates"]] == [listed[0]["id"]]
    headers = {"Authorization": community["sysadmin"]["token"]}
    page = app.get(f"/harvest-portals/source/{first['name']}", headers=headers).text
    assert "Brought by another source as well" in page
    assert "Nation brought the same dataset" in app.get(f"/dataset/{listed[0]['name']}", headers=headers).text


def test_of_a_twin_nobody_reads_more_than_is_released(city, nation, make_source, community, stranger):
    """The title that another organisation works on is theirs, and so is what they call their source."""
    if not plugin_loaded("privacy"):
        pytest.skip("there is no gate on this site")
    from support import releasing

    record = records.hub(1, title="Layer 1")
    city.serve_catalogue([record])
    run(make_source(city, "arcgis-hub", "city"))
    nation.serve_ckan([collected(record)])
    theirs = act("harvest_source_create", name="nation", title="Nation", url=nation.url, source_type="city-ckan",
                 owner_org="other-org", frequency="MANUAL")  # fmt: skip
    run(theirs)
    ours = dataset_id("Layer 1")
    [twin] = act("cityportals_duplicate_list", id=ours)[0]["duplicates"]

    def seen_by(user: str) -> Any:
        found = tk.get_action("cityportals_duplicate_list")({"user": user, "ignore_auth": False}, {"id": ours})
        return [(each["title"], each["source_title"]) for entry in found for each in entry["duplicates"]]

    assert seen_by("sysadmin") == [("Layer 1", "Nation")]
    assert seen_by("officer") == [], "it is held"
    act("package_patch", id=twin["id"], title="Layer 1, released", title_translated={"en": "Layer 1, released"})
    releasing.release(twin["id"])
    act("package_patch", id=twin["id"], title="Layer 1 of Asha", title_translated={"en": "Layer 1 of Asha"})
    assert seen_by("officer") == [("Layer 1, released", "")]
    assert seen_by("sysadmin") == [("Layer 1 of Asha", "Nation")]


def test_what_many_records_share_links_nobody(city, nation, make_source):
    """One landing page for everything, and one file of documentation."""
    shared = {"landingPage": "https://city.example.org/data",
              "distribution": [{"downloadURL": "https://city.example.org/terms.pdf"}]}  # fmt: skip
    city.serve_catalogue([records.data_json(number, title=f"City {number}", **shared) for number in (1, 2)])
    terms = [{"id": "t", "name": "Terms", "url": "https://city.example.org/terms.pdf"}]
    nation.serve_ckan([records.ckan(1, title="Nation 1", url="https://city.example.org/data", resources=terms)])
    run(make_source(city, "dcat-us", "city"))
    assert run(make_source(nation, "city-ckan", "nation"))["duplicates"] == 0


def test_a_link_ends_when_they_are_no_longer_the_same(city, nation, make_source):
    found = records.hub(1, title="Layer 1")
    city.serve_catalogue([found])
    first, second = make_source(city, "arcgis-hub", "city"), make_source(nation, "city-ckan", "nation")
    nation.serve_ckan([collected(found)])
    run(first)
    assert run(second)["duplicates"] == 1
    act("package_delete", id=dataset_id("Layer 1"))
    nation.serve_ckan([collected(found, notes="Said in other words.")])
    assert run(second)["duplicates"] == 0


# -- a person purges
@pytest.fixture
def withdrawn(city, make_source, monkeypatch) -> dict[str, Any]:
    """A source of three, one of which is withdrawn."""
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_days", 0)
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_runs", 1)
    found = [records.hub(number, title=f"Layer {number}") for number in (1, 2, 3)]
    city.serve_catalogue(found)
    source = make_source(city, "arcgis-hub", "city")
    run(source)
    gone = dataset_id("Layer 3")
    city.serve_catalogue(found[:2])
    assert run(source)["withdrawn"] == 1
    return {"source": source, "id": gone, "name": model.Package.get(gone).name, "records": found}


def test_only_what_was_withdrawn_is_purged_and_only_by_who_may_and_with_its_name(withdrawn, community):
    living = model.Package.get(dataset_id("Layer 1"))
    with pytest.raises(tk.ValidationError, match="withdrawn"):
        act("cityportals_purge", id=living.id, name=living.name, reason="Test")
    with pytest.raises(tk.ValidationError, match="not the name"):
        act("cityportals_purge", id=withdrawn["id"], name="layer", reason="Test")
    with pytest.raises(tk.NotAuthorized):
        act("cityportals_purge", "officer", id=withdrawn["id"], name=withdrawn["name"], reason="Test")
    assert model.Package.get(withdrawn["id"]) is not None


def test_a_purged_dataset_leaves_a_tombstone_and_nothing_of_its_record(withdrawn, city):
    stone = act("cityportals_purge", id=withdrawn["id"], name=withdrawn["name"], reason="The city asked for it.")
    assert (stone["dataset_id"], stone["by_name"], stone["reason"]) == (
        withdrawn["id"], model.User.get("sysadmin").display_name, "The city asked for it.",
    )  # fmt: skip
    model.Session.expire_all()
    assert model.Package.get(withdrawn["id"]) is None
    left = model.Session.scalar(sa.text("SELECT count(*) FROM harvest_object WHERE content LIKE '%Layer 3%'"))
    assert left == 0
    if plugin_loaded("privacy"):
        events = sa.text("SELECT count(*) FROM privacy_audit WHERE event = 'harvest.purge' AND object_id = :id")
        assert model.Session.scalar(events, {"id": withdrawn["id"]}) == 1
    assert run(withdrawn["source"])["withdrawn"] == 0
    city.serve_catalogue(withdrawn["records"])
    assert run(withdrawn["source"])["added"] == 1, "it is a new one then"


def test_purging_on_the_pages_asks_for_the_name(withdrawn, app, community):
    headers = {"Authorization": community["sysadmin"]["token"]}
    page = app.get(f"/harvest-portals/source/{withdrawn['source']['name']}", headers=headers).text
    assert f"/harvest-portals/purge/{withdrawn['name']}" in page
    form = f"/harvest-portals/purge/{withdrawn['name']}"
    assert "cannot be undone" in app.get(form, headers=headers).text
    wrong = app.post(form, data={"name": "x", "reason": "Asked."}, headers=headers)
    assert (wrong.status_code, "This is not the name" in wrong.text) == (400, True)
    done = app.post(form, data={"name": withdrawn["name"], "reason": "The city asked."}, headers=headers)
    assert "The city asked." in done.text
    assert app.get(form, headers=headers).status_code == 404


def test_purging_on_the_command_line_asks_for_the_name(withdrawn):
    asked = ["purge", withdrawn["id"], "--user", "sysadmin", "--reason", "Asked."]
    refused = CliRunner().invoke(cityportals, asked, input="something\n")
    assert refused.exit_code == 1
    assert model.Package.get(withdrawn["id"]) is not None
    done = CliRunner().invoke(cityportals, asked, input=f"{withdrawn['name']}\n")
    assert (done.exit_code, "is purged" in done.output) == (0, True)
