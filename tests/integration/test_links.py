"""Linked files: a release is bound to the bytes that were scanned, and a link that leads elsewhere later is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from ckan import model
from ckan.common import config
from ckan.plugins import toolkit as tk
from portals.replay import Answer, Replay, replay
from support.releases import PEOPLE, WATER, act, approve, make_dataset, public_sees, request, work

from ckanext.privacy.gate import leak_check
from ckanext.privacy.model import AuditEntry, Release, Scan
from ckanext.privacy.workflow import watching

pytestmark = pytest.mark.usefixtures("community")

ALLOWED = "ckanext.privacy.allowed_private_hosts"
MORE = WATER + WATER.splitlines(keepends=True)[-1].replace("W", "X", 1)


@pytest.fixture
def site(monkeypatch) -> Iterator[Replay]:
    """Another site with a file, whose server names it by an ETag."""
    with replay() as other:
        other.answers["/water.csv"] = Answer(WATER.encode(), headers={"ETag": '"one"'})
        monkeypatch.setitem(config, ALLOWED, [other.url.removeprefix("http://")])
        yield other


def linked(site: Replay, path: str = "/water.csv", url: str = "") -> tuple[str, str]:
    """A dataset with one link; its id and the link's."""
    dataset = make_dataset(None)
    file = act("officer", "resource_create", package_id=dataset["id"], name="Linked", url=url or site.url + path)
    return dataset["id"], file["id"]


def released(site: Replay) -> str:
    dataset_id, _ = linked(site)
    assert approve(request(dataset_id))["state"] == "released"
    return dataset_id


def entry_of(release_id: str) -> dict:
    model.Session.expire_all()
    (entry,) = Release.get(release_id).snapshot["resources"].values()
    return entry


def latest(dataset_id: str) -> Release:
    model.Session.expire_all()
    return Release.latest(dataset_id)


def bodies(site: Replay) -> int:
    """How often a file went over the line."""
    return sum(1 for path, headers in site.requests if path == "/water.csv" and "If-None-Match" not in headers)


def test_a_release_says_which_bytes_a_link_led_to_and_from_where(site):
    site.answers["/moved.csv"] = Answer(status=302, headers={"Location": "/water.csv"})
    dataset_id, file_id = linked(site, "/moved.csv")
    asked = request(dataset_id)
    sha256 = hashlib.sha256(WATER.encode()).hexdigest()
    known = {"sha256": sha256, "bytes": len(WATER), "etag": '"one"', "url": f"{site.url}/water.csv"}
    assert entry_of(asked["id"]) == {"kind": "link", "url": f"{site.url}/moved.csv", "scanned": known}
    judged = model.Session.query(AuditEntry.data).filter_by(event="release.judge", object_id=asked["id"]).one()[0]
    assert judged["links"] == {file_id: sha256}
    assert approve(asked)["state"] == "released"
    assert act("officer", "privacy_status_show", id=dataset_id)["pending"] == []
    assert leak_check.find_leaks() == []


def test_what_a_later_scan_found_changed_is_not_approved_and_is_asked_for_anew(site):
    dataset_id, _ = linked(site)
    asked = request(dataset_id)
    site.answers["/water.csv"] = Answer(PEOPLE.encode())
    act("officer", "privacy_scan_create", id=dataset_id)
    work()
    with pytest.raises(tk.ValidationError, match="linked file"):
        approve(asked)
    again = request(dataset_id)
    assert (again["id"] != asked["id"], again["state"]) == (True, "blocked")
    assert latest(dataset_id).id == again["id"]


def test_a_link_that_leads_to_other_bytes_later_closes_the_dataset_and_people_decide(site):
    """A look compares with the scan, not with the look before: so it notices what changed before the approval."""
    dataset_id, _ = linked(site)
    asked = request(dataset_id)
    site.answers["/water.csv"] = Answer(PEOPLE.encode(), headers={"ETag": '"two"'})
    assert approve(asked)["state"] == "released"
    assert watching.watch([dataset_id]) == [dataset_id]
    assert not public_sees(dataset_id)
    work()
    assert latest(dataset_id).state == "blocked"
    told = act("", "privacy_register_list")
    assert "changed where it is kept" in str(told)
    assert site.url not in str(told)


def test_an_update_in_which_nothing_is_new_is_back_by_itself(site):
    dataset_id = released(site)
    site.answers["/water.csv"] = Answer(MORE.encode(), headers={"ETag": '"two"'})
    assert watching.watch([dataset_id]) == [dataset_id]
    (held,) = model.Session.query(Release).filter_by(package_id=dataset_id, state="held")
    with pytest.raises(tk.ValidationError, match="linked file"):
        act("steward1", "privacy_release_resume", id=held.id, reason="Looks fine.")
    work()
    assert (latest(dataset_id).state, latest(dataset_id).outcome) == ("released", "automatic")
    assert public_sees(dataset_id)
    assert watching.watch([dataset_id]) == []


def test_the_same_bytes_under_another_etag_are_the_same(site):
    dataset_id = released(site)
    for answer in (Answer(b"gone", 404), Answer(status=302, headers={"Location": "http://10.1.2.3/"})):
        site.answers["/water.csv"] = answer
        assert watching.watch([dataset_id]) == [], "what does not answer stays"
    site.answers["/water.csv"] = Answer(WATER.encode(), headers={"ETag": '"moved"'})
    before = bodies(site)
    assert watching.watch([dataset_id]) == []
    assert watching.watch([dataset_id]) == []
    assert site.requests[-1][1]["If-None-Match"] == '"moved"'
    assert bodies(site) == before
    assert public_sees(dataset_id)


def test_links_have_their_turn_and_what_waits_is_not_looked_at(site):
    """A held update drops the link, and the public still has it: that is the one to look at.

    Its server says nothing about it, so it is asked for the file.
    """
    site.answers["/water.csv"] = Answer(WATER.encode())
    dataset_id, file_id = linked(site)
    approve(request(dataset_id))
    site.answers["/other.csv"] = Answer(WATER.encode())
    act("officer", "resource_patch", id=file_id, url=f"{site.url}/other.csv")
    site.answers["/other.csv"] = Answer(PEOPLE.encode())
    assert watching.watch() == [], "it was looked at when it was scanned"
    assert watching.watch([dataset_id]) == [], "what waits is not public"
    site.answers["/water.csv"] = Answer(PEOPLE.encode())
    later = watching.now() + watching.dt.timedelta(hours=25)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watching, "now", lambda: later)
        with pytest.MonkeyPatch.context() as killed:
            killed.setattr(watching.publishing, "take_down", _die)
            with pytest.raises(KeyboardInterrupt):
                watching.watch()
        assert watching.watch(seconds=60) == [dataset_id]
    assert Release.open(dataset_id) is None, "the editor has not asked for the change"


def _die(*_args):
    raise KeyboardInterrupt


def test_a_release_from_before_links_were_noted_is_watched_too(site):
    dataset_id = released(site)
    release = latest(dataset_id)
    (key,) = release.snapshot["resources"]
    entry = {name: value for name, value in entry_of(release.id).items() if name != "scanned"}
    release.snapshot = {**release.snapshot, "resources": {key: entry}}
    model.Session.query(Scan).update({"link": None, "looked": None})
    model.Session.commit()
    assert watching.watch([dataset_id]) == []
    assert act("officer", "privacy_status_show", id=dataset_id)["pending"] == []
    site.answers["/water.csv"] = Answer(PEOPLE.encode())
    assert watching.watch([dataset_id]) == [dataset_id]


def test_an_editor_alone_cannot_lead_a_released_link_to_another_host(site, monkeypatch):
    dataset_id, file_id = linked(site)
    approve(request(dataset_id))
    monkeypatch.setitem(config, ALLOWED, [*config[ALLOWED], f"localhost:{site.url.rpartition(':')[2]}"])
    act("officer", "resource_patch", id=file_id, url=site.url.replace("127.0.0.1", "localhost") + "/water.csv")
    asked = request(dataset_id)
    assert (asked["state"], asked["outcome"]) == ("in_review", "one_steward")
    assert "another host" in str(asked["reasons"])
    site.answers["/there.csv"] = Answer(WATER.encode())
    act("officer", "resource_patch", id=file_id, url=site.url + "/there.csv")
    assert request(dataset_id)["outcome"] == "automatic", "the same host as approved"
