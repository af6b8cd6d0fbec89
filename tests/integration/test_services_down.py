"""Each step with PostgreSQL, Redis or Solr gone: the public sees the last release, and the step can be taken again."""

from __future__ import annotations

import pytest
from ckan import model
from ckan.lib.search.common import SearchError, SearchIndexError
from ckan.plugins import toolkit as tk
from support.agreeing import agree, community_dataset
from support.breaking import again_and_again, without_redis, without_solr
from support.releases import WATER, act, approve, make_dataset, public_sees, release, request, upload, work

from ckanext.privacy.gate import leak_check, store
from ckanext.privacy.model import Concern, Release, Scan
from ckanext.privacy.model.scan import DONE, QUEUED, RUNNING
from ckanext.privacy.workflow import audit, judging, publishing, scanning, scans, timetable

pytestmark = pytest.mark.usefixtures("community")

SECRET = "https://example.org/only-for-editors"
CHANGED = WATER.replace("W1,", "W1x,")


@pytest.fixture
def dataset():
    return make_dataset()


def edit(dataset):
    act("officer", "package_patch", id=dataset["id"], url=SECRET)


def replace_file(dataset, text=CHANGED):
    act("officer", "resource_patch", id=dataset["resources"][0]["id"], upload=upload(text, "water.csv"))


def is_pending(dataset):
    return bool(act("officer", "privacy_status_show", id=dataset["id"])["pending"])


def public_is_unchanged(app, dataset):
    """Say whether a visitor still gets the description and the bytes that were released."""
    file = dataset["resources"][0]["id"]
    shown = act("", "package_show", id=dataset["id"]).get("url") or ""
    return (shown, app.get(f"/dataset/{dataset['id']}/resource/{file}/download/water.csv").text) == ("", WATER)


# Saving and uploading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [edit, replace_file])
def test_a_change_while_postgresql_is_gone_waits_or_has_not_happened(dataset, change, app):
    release(dataset["id"])

    def done():
        assert public_is_unchanged(app, dataset)
        return is_pending(dataset)

    again_and_again(lambda: change(dataset), done, every=29)
    assert leak_check.find_leaks() == []


@pytest.mark.parametrize("change", [edit, replace_file])
def test_a_change_asks_no_redis(dataset, change, app):
    release(dataset["id"])
    with without_redis():
        change(dataset)
    assert is_pending(dataset)
    assert public_is_unchanged(app, dataset)


@pytest.mark.parametrize("change", [edit, replace_file])
def test_a_change_without_solr_is_refused_and_the_public_sees_what_it_saw(dataset, change, app):
    release(dataset["id"])
    with without_solr(), pytest.raises((SearchError, SearchIndexError)):
        change(dataset)
    model.Session.rollback()
    assert public_is_unchanged(app, dataset)
    change(dataset)
    assert is_pending(dataset)
    assert public_is_unchanged(app, dataset)
    assert leak_check.find_leaks() == []


# Asking for a release ---------------------------------------------------------------------------------------------


def test_a_request_while_postgresql_is_gone_is_made_once_and_nothing_is_public(dataset):
    def done():
        assert not public_sees(dataset["id"])
        found = Release.open(dataset["id"])
        return found is not None

    again_and_again(lambda: act("officer", "privacy_release_request", id=dataset["id"]), done)
    made = Release.open(dataset["id"]).id
    asked = request(dataset["id"])
    assert (asked["id"], asked["state"]) == (made, "in_review")
    assert model.Session.query(Release).filter_by(package_id=dataset["id"]).count() == 1
    assert audit.verify()["ok"]


def test_a_request_asks_no_solr(dataset):
    with without_solr():
        asked = request(dataset["id"])
    assert asked["state"] == "in_review"
    assert not public_sees(dataset["id"])


# Scanning ---------------------------------------------------------------------------------------------------------


def test_a_scan_while_postgresql_is_gone_is_never_held_against_the_file(dataset):
    """Before it starts, while it reads, when it notes what it found: it waits, or its worker is taken for dead."""
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    (scan_id,) = Release.get(asked["id"]).scans.values()

    def done():
        scan = Scan.get(scan_id)
        assert scan.status in (QUEUED, RUNNING, DONE), scan.failure
        if scan.status == RUNNING:
            scan.heartbeat, scan.attempts = scan.heartbeat - scans.STALE * 2, 0
            model.Session.commit()
        return scan.status == DONE

    assert again_and_again(lambda: scanning.run(scan_id), done, every=1) > 1
    assert request(dataset["id"])["state"] == "in_review"


def test_an_update_that_needs_no_person_waits_for_solr(dataset):
    """The scan itself asks no Solr; what it leads to does, and is tried again by the clock."""
    release(dataset["id"])
    replace_file(dataset)
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    with without_solr():
        work()
    assert Release.get(asked["id"]).state == "in_review"
    assert public_sees(dataset["id"])
    assert len(judging.retry_automatic()) == 1
    model.Session.expire_all()
    assert Release.get(asked["id"]).state == "released"
    assert leak_check.find_leaks() == []


def test_an_update_that_needed_no_person_needs_as_many_as_a_first_release_once_that_is_taken_down():
    """It was measured by what two stewards had approved; one of them takes that down while the update waits."""
    dataset = make_dataset(households(0))
    first = request(dataset["id"])
    assert (first["needs"], approve(first, "steward1", "steward2")["state"]) == (2, "released")
    replace_file(dataset, households(1))
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    with without_solr():
        work()
    asked = act("steward2", "privacy_release_show", id=asked["id"])
    assert (asked["state"], asked["needs"]) == ("in_review", 0)
    act("steward1", "privacy_release_withdraw", id=first["id"], reason="A family can be recognized.")
    assert approve(asked, "steward2")["state"] == "in_review"
    assert not public_sees(dataset["id"])
    assert approve(asked, "steward1")["state"] == "released"


def households(litres: int) -> str:
    """A table in which people stand out, though nobody is named."""
    rows = (f"W{n % 3},{n % 70},{'FM'[n % 2]},{n + litres}\n" for n in range(60))
    return "ward,age,sex,litres\n" + "".join(rows)


def test_a_full_disk_is_not_held_against_the_file(dataset, monkeypatch):
    """The kernel's own answer: /dev/full has no room. Asking says so and changes nothing."""
    with monkeypatch.context() as patch:
        patch.setattr(store.tempfile, "TemporaryFile", lambda: open("/dev/full", "r+b", buffering=0))  # noqa: SIM115
        with pytest.raises(store.StoreDown):
            act("officer", "privacy_release_request", id=dataset["id"])
    model.Session.rollback()
    assert Release.latest(dataset["id"]) is None
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    (scan_id,) = Release.get(asked["id"]).scans.values()
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "_report", lambda *_: open("/dev/full", "wb", buffering=0).write(b"x"))  # noqa: SIM115
        assert (scanning.run(scan_id).status, Scan.get(scan_id).attempts) == (QUEUED, 0)
    assert request(dataset["id"])["state"] == "in_review"


# A day that was approved ------------------------------------------------------------------------------------------


@pytest.fixture
def scheduled(dataset, clock):
    """A dataset approved for yesterday; its clock has not run yet."""
    approve(request(dataset["id"], public_on=clock.after(days=2)))
    clock.pass_(days=3)
    return Release.latest(dataset["id"])


def test_a_day_that_comes_while_postgresql_is_gone_is_kept_later(dataset, scheduled):
    release_id = scheduled.id

    def done():
        publishing.catch_up()
        state = Release.get(release_id).state
        assert (state, public_sees(dataset["id"])) in {("scheduled", False), ("released", True)}
        return state == "released"

    again_and_again(timetable.release_due, done)
    assert leak_check.find_leaks() == []


def test_a_day_that_comes_without_solr_is_kept_later(dataset, scheduled):
    release_id = scheduled.id
    with without_solr():
        assert timetable.release_due() == []
    assert Release.get(release_id).state == "scheduled"
    assert not public_sees(dataset["id"])
    assert timetable.release_due() == [release_id]
    assert public_sees(dataset["id"])


def test_a_day_that_comes_asks_no_redis(dataset, scheduled):
    release_id = scheduled.id
    with without_redis():
        assert timetable.release_due() == [release_id]
    assert public_sees(dataset["id"])


# Taking down, erasing, concerns -----------------------------------------------------------------------------------


@pytest.mark.parametrize("erase", [False, True])
@pytest.mark.parametrize("service", [without_redis, without_solr])
def test_a_take_down_closes_at_once_whatever_is_down(dataset, service, erase):
    made = release(dataset["id"])
    (file,) = Release.get(made["id"]).snapshot["resources"].values()
    with service():
        act("steward1", "privacy_release_withdraw", id=made["id"], reason="Wrong file.", erase=erase)
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            act("", "package_show", id=dataset["id"])
    publishing.catch_up()
    assert not public_sees(dataset["id"])
    assert store.exists(file["sha256"]) is not erase


def test_an_agreement_taken_back_while_postgresql_is_gone_is_taken_back_or_not(app):
    dataset = community_dataset()
    record = agree(dataset["id"])
    release(dataset["id"])

    def done():
        publishing.catch_up()
        ended = act("officer", "privacy_consent_show", id=record["id"])["status"] == "ConsentWithdrawn"
        assert public_sees(dataset["id"]) is not ended
        return ended

    again_and_again(lambda: act("", "privacy_consent_withdraw", token=record["token"]), done)
    assert audit.verify()["ok"]


@pytest.mark.parametrize("service", [without_redis, without_solr])
def test_a_concern_is_taken_and_holds_the_dataset_whatever_is_down(dataset, service):
    made = release(dataset["id"])
    with service():
        receipt = act("", "privacy_concern_create", dataset_id=dataset["id"], text="Row 7 names a person.")
        act("steward1", "privacy_release_hold", id=made["id"], reason="Somebody is worried.")
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            act("", "package_show", id=dataset["id"])
        settled = {"outcome": "taken_down", "reason": "It does."}
        act("steward1", "privacy_concern_resolve", id=receipt["id"], **settled)
    assert act("", "privacy_concern_show", token=receipt["token"])["state"] == "resolved"
    publishing.catch_up()
    assert not public_sees(dataset["id"])


def test_a_concern_while_postgresql_is_gone_is_taken_whole_or_not_at_all(dataset):
    release(dataset["id"])
    receipts = []

    def report():
        said = {"dataset_id": dataset["id"], "text": "Row 7 names a person."}
        receipts.append(act("", "privacy_concern_create", **said)["token"])

    again_and_again(report, lambda: bool(receipts), every=5)
    assert act("", "privacy_concern_show", token=receipts[0])["state"] == "open"
    assert model.Session.query(Concern).filter_by(package_id=dataset["id"]).count() >= 1
    assert audit.verify()["ok"]
