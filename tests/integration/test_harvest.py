"""Whole runs: real gathering and saving against PostgreSQL, Redis and Solr, from a replaying portal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk
from ckan.tests import helpers
from click.testing import CliRunner
from portals import records
from portals.replay import Answer, Replay, replay

from ckanext.cityportals import approval, batch, running
from ckanext.cityportals.cli import cityportals

pytestmark = pytest.mark.usefixtures("clean_site")


@pytest.fixture
def site() -> Iterator[Replay]:
    with replay() as portal:
        yield portal


@pytest.fixture
def make_source(community: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """A harvest source of the officer's."""

    def make(url: str, source_type: str = "arcgis-hub", **members: Any) -> dict[str, Any]:
        source = {"name": f"source-{source_type}", "title": "A city", "url": url, "source_type": source_type,
                  "owner_org": community["organization"]["id"], "frequency": "MANUAL", **members}  # fmt: skip
        made = act("harvest_source_create", **source)
        act("cityportals_source_approve", "editor", id=made["id"])
        return made

    return make


def act(action: str, user: str = "officer", **data: Any) -> Any:
    return tk.get_action(action)({"user": user, "auth_user_obj": model.User.get(user)}, data)


def run(source: dict[str, Any], **data: Any) -> dict[str, Any]:
    return act("cityportals_run", id=source["id"], wait=True, **data)


def counts(report: dict[str, Any]) -> dict[str, int]:
    """The counts of a report that are not zero."""
    return {name: value for name, value in report.items() if isinstance(value, int) and value and name != "complete"}


def datasets() -> dict[str, model.Package]:
    """The datasets by title, from the database."""
    model.Session.expire_all()
    return {each.title: each for each in model.Session.query(model.Package).filter_by(type="dataset")}


def shown(title: str) -> dict[str, Any]:
    dataset = helpers.call_action("package_show", {"ignore_auth": True, "use_cache": False}, id=datasets()[title].id)
    return dataset | {each["key"]: each["value"] for each in dataset.get("extras") or []}


def remote_ids(title: str) -> list[str]:
    value = shown(title)["harvest_remote_ids"]
    return json.loads(value) if isinstance(value, str) else value


def hub_records(count: int) -> list[dict[str, Any]]:
    return [records.hub(number, title=f"Layer {number}") for number in range(1, count + 1)]


# -- the first run
@pytest.mark.parametrize(
    ("source_type", "record", "serve"),
    [
        ("city-ckan", records.ckan, Replay.serve_ckan),
        ("dcat-us", records.data_json, Replay.serve_catalogue),
        ("socrata", records.data_json, Replay.serve_catalogue),
        ("arcgis-hub", records.hub, Replay.serve_catalogue),
    ],
)
def test_a_first_run_brings_every_record_private_and_complete(site, make_source, source_type, record, serve):
    found = [record(number) for number in range(1, 8)]
    serve(site, found)
    source = make_source(site.url, source_type)
    report = run(source)
    assert counts(report) == {"seen": 7, "added": 7}
    assert report["complete"]
    assert report["state"] == "finished"
    assert report["errors"] == []
    assert {each.private for each in datasets().values()} == {True}
    one = shown(found[0]["title"])
    assert one["harvest_source_id"] == source["id"]
    assert remote_ids(found[0]["title"]) == [found[0].get("identifier") or found[0]["id"]]
    assert one["resources"][0]["url"].startswith("https://")


def test_nothing_harvested_is_public(site, make_source, anonymous_api, api_as, community):
    """Neither the dataset, nor a search, nor the stored record, which editors read by the dataset's id or name."""
    site.serve_catalogue(hub_records(3))
    run(make_source(site.url))
    dataset_id = datasets()["Layer 1"].id
    object_id = shown("Layer 1").get("harvest_object_id") or _current_object(dataset_id)
    assert anonymous_api("package_search", q="Layer")[1]["result"]["count"] == 0
    assert anonymous_api("package_search", include_private=True)[1]["result"]["count"] == 0
    assert anonymous_api("package_show", id=dataset_id)[0] in (403, 404)
    assert anonymous_api("harvest_object_show", id=object_id)[0] == 404
    assert anonymous_api("harvest_object_show", dataset_id=dataset_id)[0] == 404
    assert anonymous_api("harvest_object_list")[0] == 403
    for named in ({"id": object_id}, {"dataset_id": dataset_id}, {"dataset_id": datasets()["Layer 1"].name}):
        assert api_as(community["officer"])("harvest_object_show", **named)[0] == 200, named


def _current_object(dataset_id: str) -> str:
    query = sa.text("SELECT id FROM harvest_object WHERE package_id = :id AND current")
    return model.Session.scalar(query, {"id": dataset_id})


def test_batches_of_any_size_bring_the_same(site, make_source, monkeypatch):
    monkeypatch.setitem(tk.config, "ckanext.cityportals.batch_size", 3)
    site.serve_catalogue(hub_records(8))
    assert counts(run(make_source(site.url))) == {"seen": 8, "added": 8}
    assert act("package_search", include_private=True)["count"] == 8


def test_the_source_types_can_be_chosen_on_the_form(app, community):
    page = app.get("/harvest/new", headers={"Authorization": community["sysadmin"]["token"]})
    assert page.status_code == 200
    for source_type in ("city-ckan", "dcat-us", "socrata", "arcgis-hub"):
        assert f'value="{source_type}"' in page.text


def test_this_catalogue_cannot_be_a_source_of_its_own(make_source):
    with pytest.raises(tk.ValidationError, match="this catalogue itself"):
        make_source(f"{tk.config['ckan.site_url']}/data.json", "dcat-us")


# -- later runs
def test_an_unchanged_catalogue_touches_nothing(site, make_source):
    site.serve_catalogue(hub_records(4))
    source = make_source(site.url)
    run(source)
    before = {title: each.metadata_modified for title, each in datasets().items()}
    site.serve_catalogue([each | {"modified": "2030-01-01"} for each in hub_records(4)])
    assert counts(run(source)) == {"seen": 4, "unchanged": 4}
    assert {title: each.metadata_modified for title, each in datasets().items()} == before


def test_a_portal_that_says_unchanged_is_not_read_again(site, make_source):
    site.serve_catalogue(hub_records(4), ETag='"v1"')
    source = make_source(f"{site.url}/data.json")
    run(source)
    report = run(source)
    assert counts(report) == {"seen": 4, "unchanged": 4}
    assert report["complete"]
    assert site.requests[-1][1]["If-None-Match"] == '"v1"'


def test_a_change_reaches_the_dataset_and_an_edit_stays(site, make_source):
    site.serve_catalogue(hub_records(2))
    source = make_source(site.url)
    run(source)
    act("package_patch", id=datasets()["Layer 1"].id, notes="Explained here", notes_translated={"en": "Explained here"})
    changed = [each | {"landingPage": "https://hub.example.org/new"} for each in hub_records(2)]
    site.serve_catalogue(changed)
    assert counts(run(source)) == {"seen": 2, "changed": 2}
    one = shown("Layer 1")
    assert (one["url"], one["notes"]) == ("https://hub.example.org/new", "Explained here")
    assert one["private"]


def test_where_a_new_value_does_not_fit_the_old_one_stays(site, make_source, monkeypatch):
    """The source did not take it back; the next value that fits is taken."""
    site.serve_catalogue(hub_records(1))
    source = make_source(site.url)
    run(source)
    before = shown("Layer 1")["url"]
    check = batch.check

    def strict(change, validator, context):
        dataset, errors = check(change, validator, context)
        return dataset, errors | ({"url": ["Too strange"]} if "strange" in dataset.get("url", "") else {})

    monkeypatch.setattr(batch, "check", strict)
    for page, stands in (("https://hub.example.org/strange", before), ("https://hub.example.org/new",) * 2):
        site.serve_catalogue([each | {"landingPage": page} for each in hub_records(1)])
        run(source)
        assert shown("Layer 1")["url"] == stands
    assert before


def test_renamed_records_keep_id_name_and_history(site, make_source):
    """All identifiers of a Hub change at once, as they did three times."""
    site.serve_catalogue(hub_records(5))
    source = make_source(site.url)
    run(source)
    before = {title: (each.id, each.name) for title, each in datasets().items()}
    renamed = [each | {"identifier": f"https://hub.example.org/maps/city::layer-{number}"}
               for number, each in enumerate(hub_records(5))]  # fmt: skip
    site.serve_catalogue(renamed)
    assert counts(run(source)) == {"seen": 5, "renamed": 5}
    assert {title: (each.id, each.name) for title, each in datasets().items()} == before
    assert remote_ids("Layer 1") == [renamed[0]["identifier"], hub_records(1)[0]["identifier"]]
    assert counts(run(source)) == {"seen": 5, "unchanged": 5}


def test_clearing_the_job_history_does_not_make_everything_new(site, make_source):
    """ckanext-harvest's objects may go at any time; who is who must not depend on them."""
    site.serve_catalogue(hub_records(3))
    source = make_source(site.url)
    run(source)
    act("harvest_source_job_history_clear", "sysadmin", id=source["id"])
    assert counts(run(source)) == {"seen": 3, "unchanged": 3}


# -- what is missing
@pytest.mark.parametrize(
    "answer",
    [
        Answer({"dataset": []}),
        Answer({"error": "try later"}),
        Answer(b"<html>Sorry</html>"),
        Answer(b"", 500),
        Answer(b'{"dataset": [{'),
    ],
    ids=["empty", "error with status 200", "web page", "error 500", "cut off"],
)
def test_a_bad_answer_removes_nothing_and_says_so(site, make_source, monkeypatch, answer):
    monkeypatch.setitem(tk.config, "ckanext.cityportals.retries", 0)
    site.serve_catalogue(hub_records(3))
    source = make_source(f"{site.url}/data.json")
    run(source)
    site.answers["/data.json"] = answer
    report = run(source)
    assert not report["complete"]
    assert report["missing"] == report["withdrawn"] == 0
    assert len(report["errors"]) == 1
    site.serve_catalogue(hub_records(3))
    assert counts(run(source)) == {"seen": 3, "unchanged": 3}


def test_a_catalogue_that_is_shorter_than_announced_removes_nothing(site, make_source):
    found = [records.ckan(number) for number in range(1, 5)]
    site.serve_ckan(found)
    source = make_source(site.url, "city-ckan")
    run(source)
    site.serve_ckan(found[:3], announced=4)
    report = run(source)
    assert (report["complete"], report["missing"]) == (False, 0)
    assert "announced 4 records but delivered 3" in report["errors"][0]["reason"]


def test_a_portal_that_sends_one_page_for_ever_is_read_once(site, make_source):
    """Its count is never reached, and nothing in it is missing or taken twice."""
    page = [records.ckan(number) for number in range(1, 4)]
    answer = Answer({"success": True, "result": {"count": 1_000_000, "results": page}})
    site.answers["/api/3/action/package_search"] = answer
    report = run(make_source(site.url, "city-ckan"))
    assert (report["added"], report["complete"], len(site.requests)) == (3, False, 2)
    assert "had sent before" in report["errors"][0]["reason"]


def half_is_gone(site, make_source, monkeypatch):
    """A source that has brought 14 datasets and lists 7 from now on; grace is two runs long."""
    site.serve_catalogue(hub_records(14))
    source = make_source(site.url)
    run(source)
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_days", 0)
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_runs", 2)
    site.serve_catalogue(hub_records(7))
    return source


def test_a_mass_loss_needs_a_persons_word(site, make_source, monkeypatch):
    source = half_is_gone(site, make_source, monkeypatch)
    for _ in range(4):
        report = run(source)
        assert (report["complete"], report["missing"], report["withdrawn"]) == (False, 7, 0)
    assert "run once with the loss accepted" in report["errors"][0]["reason"]
    assert counts(run(source, accept_loss=True)) == {"seen": 7, "unchanged": 7, "missing": 7}
    assert counts(run(source)) == {"seen": 7, "unchanged": 7, "withdrawn": 7}


def test_while_a_mass_loss_waits_a_record_that_is_gone_later_is_withdrawn(site, make_source, monkeypatch):
    """One bad day must not keep everything that is gone ever after."""
    source = half_is_gone(site, make_source, monkeypatch)
    run(source)
    site.serve_catalogue(hub_records(6))
    assert counts(run(source)) == {"seen": 6, "unchanged": 6, "missing": 8}
    report = run(source)
    assert (report["missing"], report["withdrawn"]) == (7, 1)
    assert "7 datasets that went missing at once" in report["errors"][0]["reason"]
    site.serve_catalogue(hub_records(14))
    assert counts(run(source)) == {"seen": 14, "unchanged": 14}


def test_a_missing_record_has_grace_then_is_withdrawn_and_comes_back(site, make_source, monkeypatch):
    site.serve_catalogue(hub_records(3))
    source = make_source(site.url)
    run(source)
    gone = datasets()["Layer 3"]
    site.serve_catalogue(hub_records(2))
    for _ in range(3):
        assert counts(run(source)) == {"seen": 2, "unchanged": 2, "missing": 1}
    monkeypatch.setattr("ckanext.cityportals.gathering.datetime", _Later)
    assert counts(run(source)) == {"seen": 2, "unchanged": 2, "withdrawn": 1}
    assert (datasets()["Layer 3"].state, datasets()["Layer 3"].private) == ("active", True)
    site.serve_catalogue(hub_records(3))
    assert counts(run(source)) == {"seen": 3, "unchanged": 3}
    assert datasets()["Layer 3"].id == gone.id


class _Later(datetime):
    """A clock that is eight days ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz or timezone.utc) + timedelta(days=8)


def test_a_withdrawn_dataset_that_was_public_is_private(site, make_source, monkeypatch):
    if plugin_loaded("privacy"):
        pytest.skip("with the gate nobody makes a dataset public by hand")
    site.serve_catalogue(hub_records(2))
    source = make_source(site.url)
    run(source)
    act("package_patch", id=datasets()["Layer 2"].id, private=False)
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_days", 0)
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_runs", 1)
    site.serve_catalogue(hub_records(1))
    assert counts(run(source)) == {"seen": 1, "unchanged": 1, "withdrawn": 1}
    assert datasets()["Layer 2"].private


def test_what_a_person_deleted_is_not_brought_back(site, make_source):
    site.serve_catalogue(hub_records(2))
    source = make_source(site.url)
    run(source)
    act("package_delete", id=datasets()["Layer 1"].id)
    site.serve_catalogue([each | {"description": "New"} for each in hub_records(2)])
    assert counts(run(source)) == {"seen": 2, "unchanged": 1, "changed": 1}
    assert datasets()["Layer 1"].state == "deleted"


# -- records that do not fit
def test_one_bad_record_costs_only_itself(site, make_source):
    """Two without an identifier, one listed twice; the others arrive."""
    found = [*hub_records(3), hub_records(1)[0] | {"title": "Again"}, {"title": "Nameless"}]
    site.serve_catalogue(found)
    report = run(make_source(site.url))
    assert report["added"] == 3
    reasons = {each["record"]: each["reason"] for each in report["errors"]}
    assert "no identifier" in reasons["Nameless"]
    assert "lists this identifier twice" in reasons[hub_records(1)[0]["identifier"]]


def test_a_field_that_does_not_fit_is_left_out_and_the_record_stays(site, make_source):
    """A licence, a tag or an address the catalogue refuses is no reason to lose a record."""
    odd = records.hub(2, title="Odd", contactPoint={"fn": "Office", "hasEmail": "mailto:not an@address"})
    site.serve_catalogue([records.hub(1, title="Even"), odd])
    report = run(make_source(site.url))
    assert (report["added"], report["errors"]) == (2, [])
    assert set(datasets()) == {"Even", "Odd"}


def test_two_cities_with_the_same_title_get_two_names(site, make_source):
    site.serve_catalogue([records.hub(1, title="Trees"), records.hub(2, title="Trees")])
    run(make_source(site.url))
    names = sorted(name for (name,) in model.Session.query(model.Package.name).filter_by(type="dataset"))
    assert names[0] == "trees"
    assert names[1].startswith("trees-")


# -- who may do what, and where sources may point
def test_a_source_cannot_point_inside(make_source, community):
    for url in ("http://10.0.0.8/data.json", "file:///etc/passwd", "http://localhost:8983/solr"):
        with pytest.raises(tk.ValidationError) as raised:
            make_source(url)
        assert "url" in raised.value.error_dict
    source = make_source("https://data.example.org")
    with pytest.raises(tk.ValidationError):
        act("harvest_source_update", **{**source, "url": "http://169.254.169.254/"})
    with pytest.raises(tk.ValidationError):
        act("harvest_source_patch", id=source["id"], url="http://169.254.169.254/")
    with pytest.raises(tk.ValidationError):
        act("package_update", **{**source, "type": "dataset", "url": "http://169.254.169.254/"})
    with pytest.raises(tk.ValidationError):
        act("harvest_source_create", name="other", url="http://10.0.0.8/", source_type="ckan",
            owner_org=community["organization"]["id"])  # fmt: skip


def test_a_sources_configuration_cannot_allow_a_host(make_source):
    with pytest.raises(tk.ValidationError, match="not a setting"):
        make_source("https://data.example.org", config='{"allowed_private_hosts": "10.0.0.8"}')


def test_only_who_may_edit_the_source_runs_it_and_reads_its_report(site, make_source, api_as, anonymous_api, community):
    site.serve_catalogue(hub_records(1))
    source = make_source(site.url)
    for action in ("cityportals_run", "cityportals_report_show"):
        assert api_as(community["reader"])(action, id=source["id"])[0] == 404
        assert anonymous_api(action, id=source["id"])[0] == 404
    assert api_as(community["officer"])("cityportals_report_show", id=source["id"])[1]["result"]["state"] == "none"


# -- a second person looks at a source before it runs
def test_a_source_runs_after_somebody_else_has_approved_it(site, make_source, api_as, community):
    site.serve_catalogue(hub_records(1))
    members = {"name": "unseen", "title": "U", "url": site.url, "source_type": "arcgis-hub", "frequency": "MANUAL",
               "owner_org": community["organization"]["id"]}  # fmt: skip
    source = act("harvest_source_create", **members)
    with pytest.raises(tk.ValidationError, match="waits for approval"):
        run(source)
    for person, status in (("officer", 403), ("reader", 404)):
        assert api_as(community[person])("cityportals_source_approve", id=source["id"])[0] == status
    job = act("harvest_job_create", source_id=source["id"], run=False)["id"]
    running.run_here(job)
    assert site.requests == [], "however a job is made, the portal is not asked"
    assert "waits for approval" in act("cityportals_report_show", id=source["id"])["errors"][0]["reason"]
    assert act("cityportals_source_approve", "steward1", id=source["id"], note="Looked at it")["name"]
    assert counts(run(source)) == {"seen": 1, "added": 1}
    act("harvest_source_update", "editor", **{**members, "id": source["id"], "url": f"{site.url}/elsewhere"})
    with pytest.raises(tk.ValidationError, match="waits for approval"):
        run(source)
    with pytest.raises(tk.NotAuthorized):
        act("cityportals_source_approve", "editor", id=source["id"])
    assert act("cityportals_source_approve", "officer", id=source["id"])


def test_a_source_that_changed_after_somebody_opened_it_is_not_approved(site, app, api_as, community):
    """What is approved is what the page showed: an editor may swap the address meanwhile."""
    members = {"name": "swapped", "title": "S", "url": site.url, "source_type": "arcgis-hub", "frequency": "MANUAL",
               "owner_org": community["organization"]["id"]}  # fmt: skip
    source = act("harvest_source_create", **members)
    sysadmin = {"Authorization": community["sysadmin"]["token"]}

    def shown() -> str:
        page = app.get(f"/harvest-portals/source/{source['id']}", headers=sysadmin, status=200).text
        return re.search(r'name="members_sha256" value="([0-9a-f]{64})"', page)[1]

    def approve(seen: str) -> None:
        form = {"members_sha256": seen, "automatic_release": "1"}
        page = f"/harvest-portals/source/{source['id']}/approve"
        assert app.post(page, data=form, headers=sysadmin, follow_redirects=False).status_code == 302
        model.Session.expire_all()

    seen = shown()
    act("harvest_source_update", "officer", **{**members, "id": source["id"], "url": f"{site.url}/elsewhere"})
    status, answer = api_as(community["steward1"])("cityportals_source_approve", id=source["id"], members_sha256=seen)
    assert (status, answer["error"]["approval"]) == (
        409, ["The source has changed since you opened it: look at it again."]
    )  # fmt: skip
    approve(seen)
    assert approval.waits(source["id"])
    approve(shown())
    assert not approval.waits(source["id"])


def test_letting_records_out_in_advance_names_what_was_looked_at(site, make_source, api_as, community):
    """By the API too: without the fingerprint a source could be swapped between the look and the call."""
    source = make_source(site.url)
    steward = api_as(community["steward1"])
    status, answer = steward("cityportals_source_approve", id=source["id"], automatic_release=True)
    assert (status, "members_sha256" in answer["error"]) == (409, True)
    seen = steward("cityportals_report_show", id=source["id"])[1]["result"]["members_sha256"]
    wanted = {"id": source["id"], "automatic_release": True, "members_sha256": seen}
    assert steward("cityportals_source_approve", **wanted)[1]["result"]["automatic_release"] is True
    printed = CliRunner().invoke(cityportals, ["approve", source["name"], "-u", "steward2", "--automatic-release"])
    assert (printed.exit_code, f"--seen {seen}" in printed.output) == (1, True)
    again = ["approve", source["name"], "-u", "steward2", "--automatic-release", "--seen", seen]
    assert CliRunner().invoke(cityportals, again).exit_code == 0


def test_whom_the_author_of_a_source_made_a_steward_lets_nothing_out(site, community):
    privacy = tk.get_action("privacy_steward_add")
    source = act("harvest_source_create", "admin", name="own", title="O", url=site.url, source_type="arcgis-hub",
                 frequency="MANUAL", owner_org=community["organization"]["id"])  # fmt: skip
    privacy({"user": "admin"}, {"username": "reader", "organization": community["organization"]["id"]})
    wanted = {"id": source["id"], "automatic_release": True, "members_sha256": approval.fingerprint(source["id"])}
    with pytest.raises(tk.NotAuthorized):
        tk.get_action("cityportals_source_approve")({"user": "reader", "ignore_auth": False}, wanted)


def test_a_steward_sees_a_source_and_runs_nothing(site, make_source, app, community):
    site.serve_catalogue([*hub_records(1), {"title": "Nameless"}])
    source = make_source(site.url)
    run(source)
    steward = {"Authorization": community["steward1"]["token"]}
    text = app.get(f"/harvest-portals/source/{source['id']}", headers=steward, status=200).text
    assert "no identifier" in text
    assert f"/harvest-portals/source/{source['id']}/run" not in text
    for page in ("/harvest", f"/harvest/{source['name']}"):
        app.get(page, headers=steward, status=200)
    assert source["name"] in app.get("/harvest", headers=steward).text
    with pytest.raises(tk.NotAuthorized):
        tk.get_action("cityportals_run")({"user": "steward1", "ignore_auth": False}, {"id": source["id"]})


def test_a_public_source_tells_nobody_what_went_wrong_with_its_records(site, make_source, community, anonymous_api):
    from support import releasing

    site.serve_catalogue([*hub_records(1), {"title": "Nameless"}])
    source = make_source(site.url)
    run(source)
    releasing.release(source["id"])
    shown = anonymous_api("package_show", id=source["id"])
    status = anonymous_api("harvest_source_show_status", id=source["id"])
    assert (shown[0], status[0]) == (200, 200)
    assert status[1]["result"]["last_job"]["stats"]["errored"] == 1
    said = json.dumps([shown[1]["result"], status[1]["result"], anonymous_api("harvest_source_show", id=source["id"])])
    assert "identifier" not in said
    assert "identifier" in json.dumps(act("harvest_source_show_status", id=source["id"]))


def test_the_sites_administrators_answer_for_their_own_sources(site, community, monkeypatch):
    site.serve_catalogue(hub_records(1))
    source = act("harvest_source_create", "sysadmin", name="own", title="O", url=site.url, source_type="arcgis-hub",
                 frequency="MANUAL", owner_org=community["organization"]["id"])  # fmt: skip
    assert act("cityportals_run", "sysadmin", id=source["id"], wait=True)["added"] == 1
    monkeypatch.setitem(tk.config, "ckanext.cityportals.approval", "everybody")
    with pytest.raises(tk.ValidationError, match="waits for approval"):
        act("cityportals_run", "sysadmin", id=source["id"], wait=True)
    with pytest.raises(tk.NotAuthorized):
        act("cityportals_source_approve", "sysadmin", id=source["id"])


# -- pages
def test_the_pages_show_what_is_there_and_what_was_done(site, make_source, app, community):
    site.serve_catalogue([*hub_records(2), {"title": "Nameless"}])
    source = make_source(site.url)
    officer = {"Authorization": community["officer"]["token"]}
    page = f"/harvest-portals/source/{source['id']}"
    assert "has not run yet" in app.get(page, headers=officer).text
    run(source)
    text = app.get(page, headers=officer).text
    assert "Layer 1" in text
    assert "no identifier" in text
    assert "Earlier runs" in text
    assert app.get(page, headers={"Authorization": community["reader"]["token"]}).status_code in (403, 404)
    look = f"/harvest-portals/preview?source_type=arcgis-hub&url={site.url}"
    assert "Layer 2" in app.get(look, headers=officer).text
    assert "is a private address" in app.get(f"{look[: -len(site.url)]}http://10.0.0.8/", headers=officer).text
    assert app.get(look).status_code == 403
    listed = app.get("/harvest", headers=officer).text
    assert "When somebody starts it" in listed
    assert ">MANUAL" not in listed
    assert "Kind of portal" in listed
    assert "harvest-portals/source" in app.get(f"/harvest/admin/{source['name']}", headers=officer).text


def test_what_went_wrong_is_said_in_the_reader_s_language(site, make_source, app, community):
    """Also on ckanext-harvest's own pages: in its form, and in the page of a job."""
    site.serve_ckan([records.ckan(1)], announced=3)
    source = make_source(site.url, "city-ckan")
    run(source)
    officer = {"Authorization": community["officer"]["token"]}
    job = act("harvest_source_show_status", id=source["id"])["last_job"]["id"]
    text = app.get(f"/es/harvest/{source['name']}/job/{job}", headers=officer).text
    assert "El portal anunció 3 registros, pero entregó 1." in text
    assert "announced" not in text
    form = {"title": "Otro", "name": "otro", "url": "http://10.0.0.8/", "source_type": "city-ckan", "config": "[]",
            "frequency": "MANUAL", "owner_org": community["organization"]["id"], "save": "save"}  # fmt: skip
    text = app.post("/es/harvest/new", data=form, headers=officer).text
    assert "es una dirección privada" in text


# -- preview and cities
def test_a_preview_shows_records_as_they_would_be_saved_and_saves_nothing(site, community):
    site.serve_ckan([records.ckan(number) for number in range(1, 31)])
    preview = act("cityportals_preview", source_type="city-ckan", url=site.url, config={"language": "es"})
    assert (preview["announced"], len(preview["records"])) == (30, 20)
    assert preview["leftovers"] == {"area_tecnica": 20}
    first = preview["records"][0]
    assert first["dataset"]["title_translated"] == {"es": "Arbolado urbano 1"}
    assert first["dataset"]["private"] is True
    assert any("parques/jardines" in warning for warning in first["warnings"])
    assert datasets() == {}


def test_a_preview_is_for_people_who_may_add_datasets(site, api_as, anonymous_api, community):
    wanted = {"source_type": "city-ckan", "url": site.url}
    assert api_as(community["reader"])("cityportals_preview", **wanted)[0] == 403
    assert anonymous_api("cityportals_preview", **wanted)[0] == 403
    assert site.requests == []


def test_a_preview_of_a_private_address_is_refused(community):
    with pytest.raises(tk.ValidationError, match="private address"):
        act("cityportals_preview", source_type="dcat-us", url="http://10.0.0.8/data.json")


def test_a_known_city_becomes_a_source(community):
    cities = {each["name"]: each for each in act("cityportals_city_list")}
    assert {"mexico-city", "barcelona", "new-york-city", "un-habitat", "bogota"} <= set(cities)
    source = act("cityportals_source_add", city="barcelona", organization="city-lab")
    assert (source["url"], source["source_type"]) == ("https://opendata-ajuntament.barcelona.cat/data", "city-ckan")
    with pytest.raises(tk.NotAuthorized):
        act("cityportals_source_add", "reader", city="bogota", organization="city-lab")
    with pytest.raises(tk.ValidationError, match="not known"):
        act("cityportals_source_add", city="atlantis", organization="city-lab")
