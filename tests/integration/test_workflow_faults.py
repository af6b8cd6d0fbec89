"""What breaks on the way: nothing becomes public by it, nothing is lost, and people are told in one sentence."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
import zipfile

import openpyxl
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.model import meta
from ckan.plugins import toolkit as tk
from click.testing import CliRunner
from support.agreeing import agree, community_dataset
from support.breaking import again_and_again, without_redis, without_solr
from support.releases import act, approve, make_dataset, public_sees, release, request, work

from ckanext.privacy.cli import privacy
from ckanext.privacy.gate import leak_check, publish, removal, store
from ckanext.privacy.model import Consent, Decision, Release, Scan
from ckanext.privacy.workflow import audit, publishing, scanning, scans

pytestmark = pytest.mark.usefixtures("community")


@pytest.fixture
def dataset():
    return make_dataset()


# Services down ---------------------------------------------------------------------------------------------------


def test_a_scan_asked_for_without_redis_waits_and_runs_later(dataset):
    with without_redis():
        answer = act("officer", "privacy_scan_create", id=dataset["id"])
    assert "waits" in answer["message"]
    (scan,) = answer["scans"]
    assert act("officer", "privacy_scan_show", id=scan["id"])["status"] == "queued"
    assert scans.pick_up() == (1, None)
    work()
    assert act("officer", "privacy_scan_show", id=scan["id"])["status"] == "done"


def test_a_release_asked_for_without_redis_waits_and_goes_on_when_asked_again(dataset):
    with without_redis():
        answer = act("officer", "privacy_release_request", id=dataset["id"])
    assert (answer["state"], "Nothing is lost" in answer["message"]) == ("scanning", True)
    again = request(dataset["id"])
    assert (again["id"], again["state"]) == (answer["id"], "in_review")


def test_an_approval_without_solr_changes_nothing_and_can_be_repeated(dataset):
    asked = request(dataset["id"])
    with without_solr(), pytest.raises(tk.ValidationError, match="search index does not answer"):
        approve(asked)
    model.Session.expire_all()
    assert Release.get(asked["id"]).state == "in_review"
    assert not any(decision.event == "approve" for decision in Decision.of(asked["id"]))
    assert not public_sees(dataset["id"])
    assert approve(asked)["state"] == "released"
    assert public_sees(dataset["id"])
    assert audit.verify()["ok"]


def test_a_take_down_without_solr_closes_the_dataset_at_once(dataset):
    released = approve(request(dataset["id"]))
    with without_solr():
        withdrawn = act("steward1", "privacy_release_withdraw", id=released["id"], reason="Wrong file.")
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            act("", "package_show", id=dataset["id"])
    assert withdrawn["state"] == "withdrawn"
    assert not public_sees(dataset["id"]), "What the index still holds is not shown."
    assert len(publishing.catch_up()) == 1
    assert not public_sees(dataset["id"])
    assert act("officer", "package_search", q=f"id:{dataset['id']}", include_private=True)["count"] == 1


def test_an_approval_asks_no_redis(dataset):
    asked = request(dataset["id"])
    with without_redis():
        approved = approve(asked, *("steward1", "steward2")[: max(1, asked["needs"])])
    assert approved["state"] == "released"
    assert public_sees(dataset["id"])


@pytest.mark.parametrize("service", [without_solr, without_redis])
def test_an_agreement_taken_back_closes_the_dataset_whatever_is_down(service):
    dataset = community_dataset()
    record = agree(dataset["id"])
    release(dataset["id"])
    with service():
        done = act("", "privacy_consent_withdraw", token=record["token"])
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            act("", "package_show", id=dataset["id"])
    assert done["status"] == "ConsentWithdrawn"
    assert len(publishing.catch_up()) == (1 if service is without_solr else 0)
    assert not public_sees(dataset["id"])


def test_the_clock_finishes_what_an_index_that_was_down_left(dataset):
    released = release(dataset["id"])
    with without_solr():
        act("steward1", "privacy_release_hold", id=released["id"], reason="Somebody is worried.")
    assert CliRunner().invoke(privacy, ["expire"]).exit_code == 0
    model.Session.expire_all()
    assert not Release.get(released["id"]).index_behind
    assert not public_sees(dataset["id"])


def test_a_concern_is_taken_without_redis(dataset):
    release(dataset["id"])
    with without_redis():
        receipt = act("", "privacy_concern_create", dataset_id=dataset["id"], text="Row 7 names a person.")
    assert act("", "privacy_concern_show", token=receipt["token"])["state"] == "open"


def test_a_failure_after_the_index_was_written_makes_nothing_public(dataset, monkeypatch):
    asked = request(dataset["id"])
    index = publish.reindex

    def index_then_break(package_id):
        index(package_id)
        raise RuntimeError("the power went off")

    with monkeypatch.context() as patch:
        patch.setattr(publish, "reindex", index_then_break)
        with pytest.raises(RuntimeError):
            approve(asked)
    model.Session.expire_all()
    assert Release.get(asked["id"]).state == "in_review"
    assert not public_sees(dataset["id"])


# Workers ---------------------------------------------------------------------------------------------------------


def scan_in_a_worker_that_is_killed(scan_id: str) -> None:
    """Start the scan in a process of its own and kill that while it looks at the file."""
    model.Session.remove()
    meta.engine.dispose()
    pid = os.fork()
    if pid == 0:
        meta.engine.dispose(close=False)
        scanning._report = lambda *_args: time.sleep(60)
        scanning.run(scan_id)
        os._exit(0)
    for _ in range(200):
        time.sleep(0.1)
        model.Session.rollback()
        if Scan.get(scan_id).status == "running":
            break
        model.Session.expire_all()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    model.Session.rollback()
    model.Session.expire_all()


def let_the_heartbeat_grow_old(scan_id: str) -> None:
    query = sa.update(Scan).where(Scan.id == scan_id).values(heartbeat=Scan.heartbeat - scans.STALE * 2)
    model.Session.execute(query)
    model.Session.commit()
    model.Session.expire_all()


def test_a_killed_worker_costs_nothing_but_time(dataset):
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    (scan_id,) = Release.get(asked["id"]).scans.values()
    scan_in_a_worker_that_is_killed(scan_id)
    assert Scan.get(scan_id).status == "running"
    work()
    assert Release.get(asked["id"]).state == "scanning", "A scan with a fresh sign of life belongs to its worker."
    let_the_heartbeat_grow_old(scan_id)
    again = request(dataset["id"])
    assert (again["id"], again["state"]) == (asked["id"], "in_review")


def test_a_file_that_kills_its_worker_twice_is_held(dataset):
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    (scan_id,) = Release.get(asked["id"]).scans.values()
    for _ in range(scans.MOST_ATTEMPTS):
        scan_in_a_worker_that_is_killed(scan_id)
        let_the_heartbeat_grow_old(scan_id)
    found = request(dataset["id"])
    assert found["state"] == "blocked"
    assert "stopped twice" in found["scans"][0]["failure"]


def test_a_fault_in_the_scanner_holds_the_file_and_quotes_nothing_of_it(dataset, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise ValueError("Asha Patil, 12 River Lane")

    monkeypatch.setattr(scanning, "scan_file", fail)
    found = request(dataset["id"])
    assert found["state"] == "blocked"
    assert "ValueError" in found["scans"][0]["failure"]
    assert "Asha" not in str(found) + caplog.text


def test_a_scan_runs_once_however_often_it_is_queued(dataset):
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    (scan_id,) = Release.get(asked["id"]).scans.values()
    assert scanning.run(scan_id).status == "done"
    assert scanning.run(scan_id) is None


# At the same moment ----------------------------------------------------------------------------------------------


def all_at_once(app, *calls):
    """Run calls in threads of their own, started together; return what each answered or raised."""
    start, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        with app.flask_app.test_request_context():
            start.wait()
            try:
                answers[place] = call()
            except tk.ValidationError as error:
                answers[place] = error
            finally:
                model.Session.remove()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    model.Session.rollback()
    model.Session.expire_all()
    return answers


def test_two_approvals_at_once_make_one_release(dataset, app):
    asked = request(dataset["id"])
    answers = all_at_once(app, lambda: approve(asked, "steward1"), lambda: approve(asked, "steward2"))
    released = [answer for answer in answers if isinstance(answer, dict)]
    refused = [answer for answer in answers if isinstance(answer, tk.ValidationError)]
    assert (len(released), len(refused)) == (1, 1), answers
    assert "public already" in str(refused[0])
    assert [each.event for each in Decision.of(asked["id"])].count("release") == 1
    assert audit.verify()["ok"]


def test_a_patch_keeps_what_another_saved_while_it_waited_for_the_row(dataset, app):
    """CKAN locks the row and reads it then; a copy of it that the gate holds from before would undo the other save."""

    def patch():
        return act("officer", "package_patch", id=dataset["id"], notes_translated={"en": "By the officer"})

    with model.meta.engine.connect() as another, another.begin() as saving:
        extras = model.package_table.c.extras.op("||")(
            sa.func.jsonb_build_object("title_translated", '{"en": "By another"}')
        )
        another.execute(sa.update(model.package_table).values(extras=extras))
        waiting = threading.Thread(target=all_at_once, args=(app, patch))
        waiting.start()
        assert until_somebody_waits_for_a_lock()
        saving.commit()
        waiting.join(60)

    saved = act("officer", "package_show", id=dataset["id"])
    assert (saved["title_translated"]["en"], saved["notes_translated"]["en"]) == ("By another", "By the officer")


def until_somebody_waits_for_a_lock() -> bool:
    """Wait until a statement waits for another one's row; half a minute at most."""
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(300):
        with model.meta.engine.connect() as looking:
            if looking.scalar(waits):
                return True
        time.sleep(0.1)
    return False


def test_an_edit_racing_an_approval_never_goes_public_with_it(dataset, app):
    asked = request(dataset["id"])
    secret = "https://example.org/only-for-editors"
    answers = all_at_once(
        app,
        lambda: approve(asked, "steward1"),
        lambda: act("officer", "package_patch", id=dataset["id"], url=secret),
    )
    assert isinstance(answers[1], dict), answers
    if isinstance(answers[0], dict):
        assert act("", "package_show", id=dataset["id"]).get("url") != secret
    else:
        assert "changed since you looked" in str(answers[0])
        assert not public_sees(dataset["id"])


def test_two_requests_at_once_are_one(dataset, app):
    answers = all_at_once(
        app,
        lambda: act("officer", "privacy_release_request", id=dataset["id"]),
        lambda: act("editor", "privacy_release_request", id=dataset["id"]),
    )
    assert {answer["id"] for answer in answers} == {Release.open(dataset["id"]).id}


def test_an_approval_racing_a_withdrawal_leaves_nothing_public(app):
    dataset = community_dataset()
    record = agree(dataset["id"])
    asked = request(dataset["id"])
    all_at_once(
        app,
        lambda: approve(asked, "steward1"),
        lambda: act("", "privacy_consent_withdraw", token=record["token"]),
    )
    assert not public_sees(dataset["id"])
    assert Consent.get(record["id"]).status == "ConsentWithdrawn"
    assert audit.verify()["ok"]


# Files that cannot be looked at ----------------------------------------------------------------------------------


def encrypted_workbook() -> bytes:
    """The outer shell of a workbook with a password: an OLE file with an encrypted package in it."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 4096


def workbook_cut_short() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["name"])
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()[: len(whole.getvalue()) // 2]


def zip_of_something() -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("photo.jpg", os.urandom(2000))
    return whole.getvalue()


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (encrypted_workbook, "survey.xlsx"),
        (workbook_cut_short, "half.xlsx"),
        (lambda: b"", "empty.csv"),
        (lambda: bytes(range(256)) * 40, "picture.csv"),
        (zip_of_something, "archive.csv"),
    ],
    ids=["encrypted", "cut short", "0 bytes", "binary", "zip"],
)
def test_what_cannot_be_looked_at_is_blocked_with_one_sentence(content, filename):
    found = request(make_dataset(content(), filename)["id"])
    assert (found["state"], found["outcome"]) == ("blocked", "blocked")
    sentence = found["reasons"][0]["sentence"]
    assert filename in sentence
    assert len(sentence) < 300
    assert "Traceback" not in sentence
    assert not public_sees(found["package_id"])


# PostgreSQL ------------------------------------------------------------------------------------------------------


def until(asked, step, allowed):
    """Take a step, PostgreSQL gone ever later in it, until it is done; return the state it led to."""
    before = Release.get(asked["id"]).state

    def done():
        publishing.catch_up()  # as the clock does
        state = Release.get(asked["id"]).state
        assert (state, public_sees(asked["package_id"])) in allowed
        return state != before

    again_and_again(step, done)
    return Release.get(asked["id"]).state


def test_postgresql_gone_at_any_moment_leaves_a_dataset_held_or_released_and_never_between(dataset):
    """Asking, approving, taking down and erasing: each is done or not done, and can be asked for again."""
    asked = request(dataset["id"])
    (file,) = Release.get(asked["id"]).snapshot["resources"].values()
    assert until(asked, lambda: approve(asked), {("in_review", False), ("released", True)}) == "released"
    assert leak_check.find_leaks() == []

    def erase():
        act("steward1", "privacy_release_withdraw", id=asked["id"], reason="Not any more.", erase=True)

    assert until(asked, erase, {("released", True), ("withdrawn", False)}) == "withdrawn"
    assert removal.finish() == 0
    assert leak_check.find_leaks() == []
    assert audit.verify()["ok"]
    assert not store.exists(file["sha256"])
