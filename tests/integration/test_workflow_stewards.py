"""Who decides for an organisation, and how they came to: an appointment is no way round the second person."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories
from support.releases import act, approve, make_dataset, public_sees, release, request

from ckanext.privacy.engine.policy import ReleaseOutcome, ReleaseVerdict
from ckanext.privacy.model import AuditEntry, Edit, Release, Steward
from ckanext.privacy.workflow import audit, judging, people

pytestmark = pytest.mark.usefixtures("community")


def appoint(user, by="sysadmin"):
    act(by, "privacy_steward_add", username=user, organization="city-lab")


def dismiss(user, by="sysadmin"):
    act(by, "privacy_steward_remove", username=user, organization="city-lab")


def events(name):
    return list(model.Session.scalars(sa.select(AuditEntry).where(AuditEntry.event == name)))


# An appointment made for one release -----------------------------------------------------------------------------


def test_who_is_appointed_after_the_request_does_not_approve_it():
    asked = request(make_dataset()["id"])
    appoint("reader", by="admin")
    with pytest.raises(tk.NotAuthorized, match="after this was asked for"):
        approve(asked, "reader")
    assert "after this was asked for" in act("reader", "privacy_release_show", id=asked["id"])["may"]["approve"]
    part = {"snapshot_sha256": asked["snapshot_sha256"], "resources": [asked["scans"][0]["resource_id"]]}
    with pytest.raises(tk.NotAuthorized, match="after this was asked for"):
        act("reader", "privacy_release_narrow", id=asked["id"], **part)
    act("officer", "privacy_release_cancel", id=asked["id"])
    assert approve(request(asked["package_id"]), "reader")["state"] == "released"


def test_who_was_dismissed_and_appointed_again_has_not_approved(monkeypatch):
    verdict = ReleaseVerdict(ReleaseOutcome.TWO_STEWARDS, ())
    monkeypatch.setattr(judging, "verdict_on", lambda release, scans: verdict)
    dataset = make_dataset()
    asked = request(dataset["id"])
    approve(asked, "steward1")
    dismiss("steward1")
    appoint("steward1")
    assert people.approvals(Release.get(asked["id"])) == set()
    assert approve(asked, "steward2")["state"] == "in_review"
    assert not public_sees(dataset["id"])


def test_who_is_appointed_after_a_hold_does_not_end_it():
    shown = release(make_dataset()["id"])
    act("steward2", "privacy_release_hold", id=shown["id"], reason="I am not sure.")
    appoint("reader", by="admin")
    with pytest.raises(tk.NotAuthorized, match="after this was asked for"):
        act("reader", "privacy_release_resume", id=shown["id"], reason="It is fine.")
    act("steward1", "privacy_release_resume", id=shown["id"], reason="It is fine.")
    assert act("reader", "privacy_release_confirm", id=shown["id"], reason="Looked at.")["state"] == "released"


@pytest.mark.parametrize("did", ["asked", "changed"])
def test_whom_the_asker_appointed_does_not_approve(did):
    """An administrator with two accounts would be two persons."""
    dataset = make_dataset(user="officer" if did == "asked" else "admin")
    appoint("reader", by="admin")
    asked = request(dataset["id"], user="admin" if did == "asked" else "officer")
    with pytest.raises(tk.NotAuthorized, match="made you a steward"):
        approve(asked, "reader")
    dismiss("reader")
    appoint("reader", by="sysadmin")
    act("officer", "privacy_release_cancel", id=asked["id"])
    again = request(dataset["id"], user="admin" if did == "asked" else "officer")
    assert approve(again, "reader")["state"] == "released", "a sysadmin has looked at who decides"


def test_nobody_appoints_themselves(app, community):
    with pytest.raises(tk.NotAuthorized, match="makes themselves"):
        appoint("admin", by="admin")
    assert len(events("denied")) == 1
    headers = {"Authorization": community["admin"]["token"]}
    form = {"username": "admin", "step": "add"}
    answer = app.post("/organization/city-lab/stewards", data=form, headers=headers)
    assert (answer.status_code, "makes themselves" in answer.body) == (400, True)
    appoint("sysadmin", by="sysadmin")


# Telling of it ---------------------------------------------------------------------------------------------------


def test_the_others_are_told_who_decides_now(app, community, monkeypatch):
    from ckanext.privacy.workflow import notify

    mails = {}

    def send_at_once(readers, about, subject_id):
        for reader in readers:
            notify.send(reader, about, subject_id)

    monkeypatch.setattr(notify, "_queue", send_at_once)
    monkeypatch.setattr(notify, "mail_user", lambda user, *words: mails.update({user.name: words}))
    appoint("reader", by="admin")
    assert {"steward1", "steward2", "sysadmin", "reader"} <= mails.keys()
    assert {"admin", "officer"}.isdisjoint(mails)
    subject, body = mails["reader"]
    assert "stewards of an organization have changed" in subject
    assert "/organization/" in body
    for name in ("steward1", "sysadmin"):
        (reminder,) = act(name, "privacy_steward_change_list")
        assert (reminder["step"], reminder["object_type"]) == ("stewards_changed", "organization")
        assert act(name, "privacy_reminder_list") == []
    assert act("officer", "privacy_steward_change_list") == []
    headers = {"Authorization": community["steward1"]["token"]}
    assert "Its stewards are others since" in app.get("/privacy/queue", headers=headers).body
    listed = act("steward1", "privacy_steward_list", organization="city-lab")
    assert listed[-1]["added_by"] == model.User.get("admin").display_name
    assert "Appointed by" in app.get("/organization/city-lab/stewards", headers=headers).body
    mails.clear()
    dismiss("steward1", by="admin")
    assert "steward1" in mails, "who is dismissed is told too"
    assert [entry.actor for entry in events("steward.removed")] == [community["admin"]["id"]]
    assert audit.verify()["ok"]


# Accounts --------------------------------------------------------------------------------------------------------


def test_an_account_that_is_restored_is_steward_no_more(community):
    act("sysadmin", "user_delete", id="steward1")
    user = model.User.get("steward1")
    user.activate()
    model.Session.commit()
    assert Steward.organizations(community["steward1"]["id"]) == []
    (entry,) = events("steward.removed")
    assert entry.data == {"user": community["steward1"]["id"], "because": "account"}
    asked = request(make_dataset()["id"])
    with pytest.raises(tk.NotAuthorized):
        approve(asked, "steward1")


def test_a_token_that_another_makes_for_a_steward_is_in_the_log(community):
    steward, sysadmin = community["steward1"]["id"], community["sysadmin"]["id"]

    def make(actor, user, name="a token"):
        context = {"user": actor, "ignore_auth": False}
        return tk.get_action("api_token_create")(context, {"user": user, "name": name})

    make("steward1", "steward1")
    make("sysadmin", "officer")
    assert events("steward.token") == []
    make("sysadmin", "steward1")
    with pytest.raises(tk.NotAuthorized):
        make("reader", "steward1")
    with pytest.raises(tk.ValidationError):
        make("sysadmin", "steward1", name="")
    (entry,) = events("steward.token")
    assert (entry.actor, entry.data) == (sysadmin, {"user": steward})
    assert entry.seq in {each["seq"] for each in act("steward2", "privacy_audit_list")["results"]}


@pytest.mark.parametrize("change", [{"password": "another-one-8"}, {"email": "theirs@example.org"}])
def test_a_stewards_account_that_another_opens_is_in_the_log(community, change):
    act("sysadmin", "user_patch", id="steward1", fullname="Steward One")
    assert events("steward.account") == []
    act("sysadmin", "user_patch", id="steward1", **change)
    (entry,) = events("steward.account")
    assert (entry.actor, entry.data) == (community["sysadmin"]["id"], {"user": community["steward1"]["id"]})


# Groups that end -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["group_delete", "group_purge"])
def test_who_ends_a_group_has_changed_what_was_in_it_and_hides_nobody(step, community):
    dataset, other = make_dataset(), make_dataset()
    theme = factories.Group(users=[{"name": "reader", "capacity": "admin"}])["id"]
    act("sysadmin", "group_update", id=theme, packages=[{"id": dataset["id"]}])
    act("editor", "package_patch", id=dataset["id"], version="2")
    before = Edit.times(other["id"])
    act("sysadmin", step, id=theme)
    assert act("officer", "package_show", id=dataset["id"])["groups"] == []
    newest = max(Edit.times(dataset["id"]).values())
    last = {each for each, at in Edit.times(dataset["id"]).items() if at == newest}
    assert last == {community["sysadmin"]["id"], community["editor"]["id"]}
    assert Edit.times(other["id"]) == before
    with pytest.raises(tk.NotAuthorized, match="changed this dataset last"):
        approve(request(dataset["id"]), "sysadmin")


def test_who_may_not_end_a_group_is_not_noted(community):
    dataset = make_dataset()
    theme = factories.Group(user={"name": "sysadmin"})["id"]
    act("sysadmin", "group_update", id=theme, packages=[{"id": dataset["id"]}])
    before = Edit.times(dataset["id"])
    with pytest.raises(tk.NotAuthorized):
        act("reader", "group_delete", id=theme)
    model.Session.commit()
    assert Edit.times(dataset["id"]) == before
