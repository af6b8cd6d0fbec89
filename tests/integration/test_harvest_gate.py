"""Harvested datasets behind the privacy gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk
from portals import records
from portals.replay import Answer, Replay, replay

from ckanext.cityportals import approval, automatic
from ckanext.privacy.gate import leak_check

pytestmark = pytest.mark.usefixtures("clean_site")


@pytest.fixture
def site() -> Iterator[Replay]:
    with replay() as portal:
        portal.serve_catalogue([records.hub(number, title=f"Layer {number}") for number in (1, 2)])
        yield portal


@pytest.fixture
def released(site: Replay, community: dict[str, Any]) -> dict[str, Any]:
    """A source of two datasets of which the second is released."""
    if not plugin_loaded("privacy"):
        pytest.skip("there is no gate on this site")
    from support import releasing

    source = tk.get_action("harvest_source_create")(
        {"user": "officer"},
        {"name": "hub", "title": "Hub", "url": site.url, "source_type": "arcgis-hub", "frequency": "MANUAL",
         "owner_org": community["organization"]["id"]},
    )  # fmt: skip
    tk.get_action("cityportals_source_approve")({"user": "editor"}, {"id": source["id"]})
    run(source)
    dataset_id = model.Session.query(model.Package.id).filter_by(title="Layer 2").scalar()
    releasing.release(dataset_id)
    return {"source": source, "dataset_id": dataset_id}


def run(source: dict[str, Any]) -> dict[str, Any]:
    return tk.get_action("cityportals_run")({"user": "officer"}, {"id": source["id"], "wait": True})


def test_a_released_harvested_dataset_is_no_leak(released):
    """ckanext-harvest adds to the index where a dataset came from: the leak check knows that this is no content."""
    assert leak_check.find_leaks() == []


def test_lists_of_ckanext_harvest_answer_those_they_are_for_and_refuse_the_others(
    released, community, api_as, anonymous_api
):
    """Upstream asks nobody, or falls over its own question; here everybody is answered or refused."""
    source, officer, sysadmin = released["source"]["id"], api_as(community["officer"]), api_as(community["sysadmin"])
    for ask, seen in (
        (sysadmin, [source]),
        (officer, [source]),
        (api_as(community["reader"]), []),
        (anonymous_api, []),
    ):
        for options in ({}, {"return_last_job_status": True}):
            status, answer = ask("harvest_source_list", **options)
            assert (status, [each["id"] for each in answer["result"]]) == (200, seen)
    assert len(officer("harvest_job_list", source_id=source)[1]["result"]) == 1
    for action in ("harvest_job_list", "harvest_log_list"):
        assert [ask(action)[0] for ask in (anonymous_api, officer, sysadmin)] == [403, 403, 200], action


def test_a_list_of_sources_is_cut_after_what_the_reader_may_see(released, community, api_as, monkeypatch):
    """Newer sources of others do not push one's own out of the list."""
    monkeypatch.setitem(tk.config, "ckan.harvest.harvest_source_limit", 1)
    other = tk.get_action("organization_create")({"user": "sysadmin"}, {"name": "other-lab"})
    newer = {"name": "other-hub", "title": "Hub", "url": "https://hub.example.org", "source_type": "arcgis-hub"}
    newest = tk.get_action("harvest_source_create")({"user": "sysadmin"}, {**newer, "owner_org": other["id"]})
    for person, seen in (("officer", released["source"]["id"]), ("sysadmin", newest["id"])):
        listed = api_as(community[person])("harvest_source_list")[1]["result"]
        assert [each["id"] for each in listed] == [seen]


def test_a_change_at_the_source_is_not_public_before_it_is_released(site, released, anonymous_api):
    from ckanext.activity.model import Activity

    assert anonymous_api("package_show", id=released["dataset_id"])[1]["result"]["title"] == "Layer 2"
    site.serve_catalogue([records.hub(1, title="Layer 1"), records.hub(2, title="Leaked title", description="Leaked")])
    assert run(released["source"])["changed"] == 1
    assert leak_check.find_leaks() == []
    stored = sa.select(Activity.id).where(Activity.object_id == released["dataset_id"])
    refused = [anonymous_api("activity_show", id=each, include_data=False)[0] for each in model.Session.scalars(stored)]
    assert sorted(refused)[:2] == [200, 404], "what was released is shown, what waits is not"
    assert refused.count(200) == 1
    for each in model.Session.scalars(stored):
        assert anonymous_api("activity_show", id=each)[0] in (403, 404), "an answer, whether or not data is asked for"
    status, answer = anonymous_api("package_show", id=released["dataset_id"])
    assert status == 200
    assert "Leaked" not in str(answer)
    found = anonymous_api("package_search", q="Leaked")[1]["result"]
    assert found["count"] == 0
    assert "Leaked" not in str(anonymous_api("package_search", q="Layer")[1])


def test_a_released_dataset_whose_record_is_gone_is_withdrawn_not_deleted(
    site, released, anonymous_api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_days", 0)
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_runs", 2)
    site.serve_catalogue([records.hub(1, title="Layer 1")])
    assert run(released["source"])["missing"] == 1
    assert anonymous_api("package_show", id=released["dataset_id"])[0] == 200, "one look never decides"
    assert run(released["source"])["withdrawn"] == 1
    assert anonymous_api("package_show", id=released["dataset_id"])[0] in (403, 404)
    model.Session.expire_all()
    assert model.Package.get(released["dataset_id"]).state == "active"


# -- releases that somebody approved in advance
@pytest.fixture
def open_site(site: Replay) -> Replay:
    """Two records with a file each on this machine: trees, and people."""
    files = {
        "trees": b"id,species,height_m\n1,oak,12\n2,lime,9\n3,elm,7\n",
        "people": b"name,email\nGwendolyn Marsh,gwendolyn.marsh@example.org\nAda Byron,ada.byron@example.org\n",
    }
    found = []
    for number, (name, content) in enumerate(files.items(), 1):
        site.answers[f"/{name}.csv"] = Answer(content, headers={"ETag": f'"{name}"'})
        file = {"title": name, "mediaType": "text/csv", "downloadURL": f"{site.url}/{name}.csv"}
        licence = "https://creativecommons.org/licenses/by/4.0/"
        found.append(records.hub(number, title=f"City {name}", license=licence, distribution=[file]))
    site.serve_catalogue(found)
    return site


def approved_source(open_site: Replay, community: dict[str, Any]) -> dict[str, Any]:
    """A source of which a steward said that its clean and open records need no person."""
    facts = {"name": "open", "title": "Open", "url": open_site.url, "source_type": "arcgis-hub", "frequency": "MANUAL"}
    organization = {"owner_org": community["organization"]["id"]}
    source = tk.get_action("harvest_source_create")({"user": "officer"}, facts | organization)
    approve = tk.get_action("cityportals_source_approve")
    seen = approval.fingerprint(source["id"])
    approve({"user": "steward1"}, {"id": source["id"], "automatic_release": True, "members_sha256": seen})
    return source


def test_what_is_clean_and_open_at_its_source_is_released_where_somebody_approved_that(
    open_site: Replay, community: dict[str, Any], anonymous_api
):
    if not plugin_loaded("privacy"):
        pytest.skip("there is no gate on this site")
    from support import releases

    source = approved_source(open_site, community)
    run(source)
    for _ in range(2):  # what is asked for queues its scans
        releases.work()
    by_title = model.Session.query(model.Package.title, model.Package.id)
    found = {title.removeprefix("City "): dataset_id for title, dataset_id in by_title.filter_by(type="dataset")}
    assert anonymous_api("package_show", id=found["trees"])[0] == 200
    assert anonymous_api("package_show", id=found["people"])[0] in (403, 404)
    listed = tk.get_action("privacy_release_list")({"user": "steward1"}, {"dataset": found["trees"]})
    assert "public-elsewhere" in str(listed)
    assert leak_check.find_leaks() == []
    assert automatic.watch(source["id"]) == []
    open_site.answers["/trees.csv"] = Answer(b"name\nGwendolyn Marsh\n", headers={"ETag": '"new"'})
    assert automatic.watch(source["id"]) == [found["trees"]]
    assert anonymous_api("package_show", id=found["trees"])[0] in (403, 404)
    releases.work()
    assert anonymous_api("package_show", id=found["trees"])[0] in (403, 404), "there are people in it now"
    open_site.answers["/trees.csv"] = Answer(b"id,species,height_m\n1,oak,12\n2,lime,9\n3,elm,7\n4,fir,5\n")
    (asked,) = tk.get_action("privacy_release_list")(
        {"user": "steward1"}, {"state": "blocked", "dataset": found["trees"]}
    )["results"]
    tk.get_action("privacy_release_withdraw")({"user": "officer"}, {"id": asked["id"], "reason": "It is put right."})
    automatic.request_releases(source["id"], [found["trees"]])
    releases.work()
    assert anonymous_api("package_show", id=found["trees"])[0] == 200, "the portal's file has nobody in it again"


def test_an_editor_cannot_let_records_out_without_a_steward(
    open_site: Replay, community: dict[str, Any], anonymous_api
):
    """She may approve that it runs; else two editors, one with a portal of her own, would publish what they like."""
    if not plugin_loaded("privacy"):
        pytest.skip("there is no gate on this site")
    from support import releases

    source = approved_source(open_site, community)
    approve, editor = tk.get_action("cityportals_source_approve"), {"user": "editor", "ignore_auth": False}
    with pytest.raises(tk.NotAuthorized, match="steward"):
        approve(editor.copy(), {"id": source["id"], "automatic_release": True})
    assert automatic.allowed(source["id"])
    steward = {"username": "steward1", "organization": community["organization"]["id"]}
    releases.act("sysadmin", "privacy_steward_remove", **steward)
    assert automatic.allowed(source["id"]) is None, "who is steward no more vouches for nothing"
    assert approve(editor.copy(), {"id": source["id"]})["automatic_release"] is False


def test_a_person_as_contact_and_an_edit_made_here_need_a_steward(
    open_site: Replay, community: dict[str, Any], anonymous_api
):
    if not plugin_loaded("privacy"):
        pytest.skip("there is no gate on this site")
    from support import releases

    found = [*open_site.answers["/data.json"].body["dataset"]]
    found[1] = {**found[0], "identifier": "https://hub.example.org/9", "title": "City benches"}
    found[0]["contactPoint"] = {"fn": "Maria Lopez Hernandez", "hasEmail": "mailto:maria.lh@gmail.com"}
    open_site.serve_catalogue(found)
    run(approved_source(open_site, community))
    by_title = dict(model.Session.query(model.Package.title, model.Package.id).filter_by(type="dataset").all())
    tk.get_action("package_patch")({"user": "officer"}, {"id": by_title["City benches"], "version": "Ask Maria"})
    for _ in range(2):
        releases.work()
    for dataset_id in (by_title["City trees"], by_title["City benches"]):
        assert anonymous_api("package_show", id=dataset_id)[0] in (403, 404)
