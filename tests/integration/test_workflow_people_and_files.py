"""Stewards, cleaning a file, adopting a catalogue, and the commands of an administrator."""

from __future__ import annotations

import io
from functools import partial
from unittest.mock import Mock

import openpyxl
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.common import config
from ckan.lib.search import rebuild
from ckan.plugins import toolkit as tk
from click.testing import CliRunner
from support.agreeing import agree
from support.releases import PEOPLE, WATER, act, add_file, make_dataset, public_sees, release, request, work

from ckanext.privacy.cli import privacy
from ckanext.privacy.gate import freeze, uploads
from ckanext.privacy.model import Cleaning, Consent, Release
from ckanext.privacy.workflow import adoption, agreeing, audit, notify, publishing

pytestmark = pytest.mark.usefixtures("community")


# Stewards --------------------------------------------------------------------------------------------------------


def test_administrators_of_the_organization_appoint_and_dismiss_stewards():
    added = act("admin", "privacy_steward_add", username="reader", organization="city-lab")
    assert added["username"] == "reader"
    names = [steward["username"] for steward in act("officer", "privacy_steward_list", organization="city-lab")]
    assert names == ["steward1", "steward2", "reader"]
    dismissed = [act("admin", "privacy_steward_remove", username="reader", organization="city-lab") for _ in range(2)]
    assert dismissed == [{"removed": True}, {"removed": False}]


@pytest.mark.parametrize("user", ["officer", "steward1", "reader", ""])
def test_nobody_else_appoints_stewards(user):
    with pytest.raises(tk.NotAuthorized):
        act(user, "privacy_steward_add", username="reader", organization="city-lab")


def test_a_dismissed_steward_cannot_approve():
    asked = request(make_dataset()["id"])
    act("admin", "privacy_steward_remove", username="steward1", organization="city-lab")
    with pytest.raises(tk.NotAuthorized):
        act("steward1", "privacy_release_approve", id=asked["id"], snapshot_sha256=asked["snapshot_sha256"])


# Cleaning --------------------------------------------------------------------------------------------------------


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for line in PEOPLE.splitlines():
        book.active.append(line.split(","))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def working_bytes(resource_id: str) -> bytes:
    resource = act("officer", "resource_show", id=resource_id)
    with uploads.working_file(resource) as source:
        return source.read() if hasattr(source, "read") else b"".join(source)


@pytest.mark.parametrize(
    ("content", "filename"), [(PEOPLE, "people.csv"), (workbook, "people.xlsx")], ids=["CSV", "XLSX"]
)
def test_a_blocked_file_is_cleaned_and_can_then_be_approved(content, filename):
    dataset = make_dataset(content() if callable(content) else content, filename)
    resource_id = dataset["resources"][0]["id"]
    assert request(dataset["id"])["state"] == "blocked"
    plan = act("officer", "privacy_remediation_suggest", resource_id=resource_id)["plan"]
    shown = act("officer", "privacy_remediation_preview", resource_id=resource_id, plan=plan)
    assert "asha.patil@mail.example.com" in str(shown["tables"][0]["before"])
    assert "asha.patil@mail.example.com" not in str(shown["tables"][0]["after"])
    done = act("officer", "privacy_remediation_apply", resource_id=resource_id, plan=plan)
    assert done["resource"]["name"] == filename
    assert b"asha.patil@mail.example.com" not in working_bytes(resource_id)
    (cleaning,) = model.Session.scalars(sa.select(Cleaning))
    assert (cleaning.plan["tables"], cleaning.cleaned_by) == (plan["tables"], model.User.get("officer").id)
    assert "asha" not in str(cleaning.result).lower()
    asked = request(dataset["id"])
    assert asked["state"] == "in_review"


def test_a_plan_that_does_not_fit_changes_nothing():
    dataset = make_dataset()
    resource_id = dataset["resources"][0]["id"]
    plan = {"version": 1, "tables": [{"columns": [{"column": "no such column", "action": "drop"}]}]}
    for action in ("preview", "apply"):
        with pytest.raises(tk.ValidationError, match="no such column"):
            act("officer", f"privacy_remediation_{action}", resource_id=resource_id, plan=plan)
    assert working_bytes(resource_id) == WATER.encode()


def test_a_suggestion_needs_a_scan_of_the_file_as_it_is():
    resource_id = make_dataset()["resources"][0]["id"]
    with pytest.raises(tk.ValidationError, match="Scan the file first"):
        act("officer", "privacy_remediation_suggest", resource_id=resource_id)


@pytest.mark.parametrize("user", ["reader", "steward1", ""])
def test_only_editors_see_a_file_before_it_is_cleaned(user):
    resource_id = make_dataset(PEOPLE, "people.csv")["resources"][0]["id"]
    with pytest.raises(tk.NotAuthorized):
        act(user, "privacy_remediation_preview", resource_id=resource_id, plan={"version": 1, "tables": []})


# Adoption and commands -------------------------------------------------------------------------------------------


@pytest.fixture
def run():
    def call(*words, code=0):
        answer = CliRunner().invoke(privacy, words, catch_exceptions=False)
        model.Session.expire_all()
        assert answer.exit_code == code, answer.output
        return answer.output

    return call


@pytest.fixture
def public_before_the_gate():
    """A dataset as it was in a catalogue without the gate: public by CKAN's own flag."""
    dataset = make_dataset(PEOPLE, "people.csv")
    open_without_the_gate(dataset["id"])
    return dataset


def open_without_the_gate(*dataset_ids):
    """Leave datasets as a catalogue without the gate has them: public by CKAN's own flag."""
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text("UPDATE package SET private = false"))
    model.Session.expire_all()
    for dataset_id in dataset_ids:
        rebuild(dataset_id)


def test_adopting_a_catalogue_hides_nothing_and_scans_everything(public_before_the_gate, run):
    dataset = public_before_the_gate
    assert "1 datasets are public" in run("adopt", "--dry-run")
    assert "1 adopted, 0 not" in run("adopt")
    assert public_sees(dataset["id"])
    assert act("", "privacy_register_list")["not_yet_scanned"] == 1
    work()
    assert public_sees(dataset["id"])
    adopted = Release.public(dataset["id"])
    assert (adopted.origin, adopted.outcome, bool(adopted.reasons)) == ("legacy", "blocked", True)
    assert act("", "privacy_register_list")["not_yet_scanned"] == 0
    assert "0 datasets are public" in run("adopt", "--dry-run")


def test_a_lost_file_does_not_hide_the_rest_of_what_is_adopted(public_before_the_gate, run, app):
    """It could not be downloaded before either. What the catalogue keeps stays public; the lost one is a change."""
    dataset = public_before_the_gate
    lost = add_file(dataset["id"], WATER, "lost.csv")
    uploads.working_path({**lost, "url": "lost.csv"}).unlink()
    open_without_the_gate(dataset["id"])
    assert "1 adopted, 0 not" in run("adopt")
    assert public_sees(dataset["id"])
    assert [each["name"] for each in act("", "package_show", id=dataset["id"])["resources"]] == ["people.csv"]
    assert app.get(f"/dataset/{dataset['id']}/resource/{lost['id']}/download/lost.csv").status_code == 404
    assert act("officer", "package_show", id=dataset["id"])["num_resources"] == 2


def test_what_cannot_be_adopted_is_named_with_its_reason(public_before_the_gate, run, monkeypatch):
    sentence = "The file of 'people.csv' is not on the server any more: upload it again."
    monkeypatch.setattr(freeze, "freeze", Mock(side_effect=tk.ValidationError({"resources": [sentence]})))
    assert f"{public_before_the_gate['id']}: {sentence}" in run("adopt", code=1)


@pytest.mark.parametrize("level", ["individual", "guardian", "household"])
def test_who_takes_an_agreement_back_closes_what_was_adopted(public_before_the_gate, run, level):
    dataset = public_before_the_gate
    run("adopt")
    record = agree(dataset["id"], level=level)
    assert public_sees(dataset["id"])
    told = act("", "privacy_consent_withdraw", token=record["token"])
    assert [each["public"] for each in told["datasets"]] == [False]
    assert not public_sees(dataset["id"])
    assert act("", "privacy_register_list")["results"][0]["event"] == "withdraw"


def test_what_was_adopted_closes_when_an_agreement_about_it_ends(public_before_the_gate, run):
    dataset = public_before_the_gate
    run("adopt")
    record = agree(dataset["id"], level="individual", valid_for="P1M")
    model.Session.execute(sa.update(Consent).where(Consent.id == record["id"]).values(until=sa.func.now()))
    model.Session.commit()
    assert agreeing.expire() == [record["id"]]
    assert Release.latest(dataset["id"]).state == "expired"
    assert not public_sees(dataset["id"])


def test_an_adoption_that_is_killed_midway_goes_on_with_nothing_hidden_and_nothing_lost(
    run, monkeypatch, app, community
):
    """What was reached is public by its release, the rest by CKAN's own flag as before; a second run takes the rest."""
    tables = (WATER, WATER, PEOPLE)
    datasets = [make_dataset(table, name=f"old-{number}")["id"] for number, table in enumerate(tables)]
    open_without_the_gate(*datasets)
    shown, done = publishing.show_to_public, []

    def kill_at_the_second(made):
        if done:
            raise KeyboardInterrupt
        done.append(made.package_id)
        shown(made)

    monkeypatch.setattr(publishing, "show_to_public", kill_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        list(adoption.adopt(adoption.candidates()))
    model.Session.remove()
    monkeypatch.undo()
    closed = sa.select(model.Package.id).where(model.Package.private.is_(True), model.Package.id.not_in(done))
    assert model.Session.scalars(closed).all() == []
    assert [public_sees(each) for each in done] == [True]
    assert set(adoption.candidates()) == set(datasets) - set(done)
    assert "2 adopted, 0 not" in run("adopt")
    assert all(public_sees(each) for each in datasets)
    assert "0 datasets are public" in run("adopt", "--dry-run")

    queue = partial(app.get, "/privacy/queue", headers={"Authorization": community["steward1"]["token"]})
    assert "0 of 3 datasets that were public before the gate have been scanned." in queue().get_data(as_text=True)
    work()
    assert act("steward1", "privacy_release_list")["adopted"] == {"total": 3, "looked_at": 3, "found": 1}
    assert "before the gate" not in queue().get_data(as_text=True)


def test_the_commands_say_how_things_stand(run):
    dataset = make_dataset()
    assert "draft; public: no" in run("status", dataset["name"])
    assert "water.csv: " in run("scan", dataset["name"], "--now")
    assert "1 scans queued" in run("scan", dataset["name"])
    release(dataset["id"])
    assert "released; public: yes" in run("status", dataset["name"])
    assert "1 releases released" in run("status")
    assert "0 leaks" in run("leak-check")
    assert "0 releases ended" in run("expire")
    assert "0 scans handed" in run("rescan")
    assert "Nothing was removed" in run("prune")
    assert "unbroken" in run("audit", "verify")
    assert "no dataset" in run("status", "no-such-dataset", code=1)


def test_rescan_finishes_what_a_stopped_worker_left(run):
    """A worker that died between the last scan and the verdict leaves a request that waits for nobody."""
    from ckanext.privacy.workflow import scanning

    asked = act("officer", "privacy_release_request", id=make_dataset()["id"])
    (scan_id,) = Release.get(asked["id"]).scans.values()
    scanning.run(scan_id)
    assert Release.get(asked["id"]).state == "scanning"
    run("rescan")
    assert Release.get(asked["id"]).state == "in_review"


def test_verifying_a_broken_log_fails(run):
    release(make_dataset()["id"])
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text("UPDATE privacy_audit SET actor = 'somebody' WHERE seq = 2"))
    assert "Broken at entry 2" in run("audit", "verify", code=1)
    assert not audit.verify()["ok"]


# Notifications ---------------------------------------------------------------------------------------------------


def test_a_title_of_two_lines_does_not_stop_the_mail_which_goes_to_who_works_there_still(monkeypatch):
    monkeypatch.setitem(config, "smtp.server", "localhost")
    monkeypatch.setitem(config, "smtp.mail_from", "desk@example.org")
    sent, jobs, enqueue = [], [], tk.enqueue_job
    monkeypatch.setattr(notify, "mail_user", lambda user, subject, body: sent.append((user.name, subject, body)))
    monkeypatch.setattr(tk, "enqueue_job", lambda *args, **kw: jobs.append(args) or enqueue(*args, **kw))
    title = "Asha Patil\nof Ward 7"
    dataset = make_dataset(title=title, title_translated={"en": title})
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    act("sysadmin", "privacy_steward_remove", username="steward2", organization="city-lab")
    work()
    assert "Patil" not in str(jobs)
    # That the stewards are others now is told, too.
    ((name, subject, body),) = (each for each in sent if "waiting" in each[1])
    assert (name, subject) == ("steward1", "A release is waiting for you: Asha Patil of Ward 7")
    assert "“Asha Patil of Ward 7”" in body
    monkeypatch.setattr(notify, "mail_user", partial(_refuse, ValueError("a header of two lines")))
    notify.send(Release.get(asked["id"]).requested_by, "returned", asked["id"])


def _refuse(error, *_args):
    raise error
