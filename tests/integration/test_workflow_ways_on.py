"""No state is a dead end: from each one some person can go on, is told how, by when, and finds exactly that offered."""

from __future__ import annotations

import datetime as dt
import itertools
import re

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from click.testing import CliRunner
from support.agreeing import agree, community_dataset
from support.releases import act, approve, make_dataset, public_sees, release, request, work

from ckanext.privacy.cli import privacy
from ckanext.privacy.model import AuditEntry, Concern, Decision, Release
from ckanext.privacy.views import decisions, panel
from ckanext.privacy.workflow import (
    agreeing,
    audit,
    judging,
    notify,
    one_by_one,
    publishing,
    reminding,
    scanning,
    scans,
    steps,
    timetable,
)
from ckanext.privacy.workflow.transitions import TRANSITIONS, Event, State

pytestmark = pytest.mark.usefixtures("community")


@pytest.fixture
def dataset():
    """A dataset without files, whose requests are judged at once."""
    return make_dataset(None)


@pytest.fixture
def mails(monkeypatch):
    sent = []

    def note(readers, about, subject_id):
        sent.append((notify._written(about, subject_id).subject, set(readers)))

    monkeypatch.setattr(notify, "_queue", note)
    return sent


@pytest.fixture
def policy(monkeypatch):
    """Set what the policy in force asks for from now on: ``policy("two_stewards")``."""

    def ask_for(outcome):
        wanted = judging.ReleaseOutcome(outcome)
        reason = judging.Reason("a-rule", judging.Outcome.BLOCKED, "A rule speaks.")
        monkeypatch.setattr(judging, "judge_release", lambda *_, **__: judging.ReleaseVerdict(wanted, (reason,)))

    return ask_for


def ckan(*words):
    return CliRunner().invoke(privacy, words)


def now_in(found):
    model.Session.expire_all()
    return Release.get(found["id"]).state


def shown(found, user="steward1"):
    return act(user, "privacy_release_show", id=found["id"])


def reject_and_appeal(asked, steward="steward2"):
    act(steward, "privacy_release_reject", id=asked["id"], reason="Not useful.")
    return act("officer", "privacy_release_appeal", id=asked["id"], reason="The committee needs it.")


# A scan that failed ----------------------------------------------------------------------------------------------


def fail(*_args, **_kwargs):
    raise ValueError("broken")


def post(address):
    def send(app, officer, dataset, **data):
        answer = app.post(f"/dataset/{dataset['name']}{address}", data=data, headers=officer, follow_redirects=False)
        assert answer.status_code == 302

    return send


ROADS = {
    "API, asked again": lambda _app, _officer, dataset: act("officer", "privacy_release_request", id=dataset["id"]),
    "API, scanned again": lambda _app, _officer, dataset: act("officer", "privacy_scan_create", id=dataset["id"]),
    "page, asked again": post("/release"),
    "page, scanned again": post("/privacy/scan"),
    "command": lambda *_: ckan("rescan", "--failed"),
}


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_what_a_fault_in_the_scanner_blocked_goes_on_once_it_is_looked_at_again(app, community, monkeypatch, road):
    dataset = make_dataset()
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "scan_file", fail)
        blocked = request(dataset["id"])
    told = act("officer", "privacy_status_show", id=dataset["id"])
    assert (told["state"], "could not be looked at" in told["next_step"]) == ("blocked", True)
    road(app, {"Authorization": community["officer"]["token"]}, dataset)
    assert now_in(blocked) == "scanning"
    work()
    found = shown(blocked)
    assert (found["state"], [each["status"] for each in found["scans"]]) == ("in_review", ["done"])
    assert approve(found)["state"] == "released"


def test_a_crash_between_looking_again_and_the_queue_explains_itself_and_goes_on(monkeypatch):
    dataset = make_dataset()
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "scan_file", fail)
        blocked = request(dataset["id"])
    with monkeypatch.context() as patch:
        patch.setattr(scans, "pick_up", fail)
        with pytest.raises(ValueError, match="broken"):
            act("officer", "privacy_release_request", id=dataset["id"])
    told = act("officer", "privacy_status_show", id=dataset["id"])
    assert (told["state"], told["next_actor"]) == ("scanning", "scanner")
    assert ckan("rescan").exit_code == 0
    work()
    assert now_in(blocked) == "in_review"


def test_what_an_older_policy_blocked_is_judged_anew(dataset, policy, monkeypatch):
    policy("blocked")
    first, second = request(dataset["id"]), request(make_dataset(None)["id"])
    assert (first["state"], second["state"]) == ("blocked", "blocked")
    policy("one_steward")
    assert request(dataset["id"])["id"] == first["id"]
    assert now_in(first) == "in_review"
    assert "0 of them again" in ckan("rescan", "--failed").output, "by the same policy it would be blocked again"
    Release.get(second["id"]).policy = {"name": "default", "version": "0.1"}
    model.Session.commit()
    assert "1 of them again" in ckan("rescan", "--failed").output
    assert now_in(second) == "in_review"


def test_a_dataset_that_cannot_be_scanned_again_stops_no_other(monkeypatch):
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "scan_file", fail)
        asked += [request(make_dataset()["id"]) for _ in range(2)]
    original = scans.create

    def fail_once(package_id, *args):
        return fail() if package_id == asked[0]["package_id"] else original(package_id, *args)

    monkeypatch.setattr(scans, "create", fail_once)
    done = ckan("rescan", "--failed")
    assert (done.exit_code, "could not be taken" in done.output) == (1, True)
    assert [now_in(each) for each in asked] == ["blocked", "scanning"]


# Approving anew ---------------------------------------------------------------------------------------------------


def test_a_steward_approves_anew_what_was_blocked_after_her_approval(clock, community, mails):
    """Approved for a day, the agreement ended, a new one came: her first approval was of another situation."""
    dataset = community_dataset(text=None)
    first = agree(dataset["id"])
    asked = approve(request(dataset["id"], public_on=clock.after(days=10)))
    assert asked["state"] == "scheduled"
    act("", "privacy_consent_withdraw", token=first["token"])
    assert mails[-1] == (f"Something must be changed first: {dataset['title']}", {community["officer"]["id"]})
    told = act("officer", "privacy_status_show", id=dataset["id"])
    assert (told["state"], "agreement of the people" in told["next_step"]) == ("blocked", True)
    clock.pass_(hours=1)
    agree(dataset["id"])
    again = request(dataset["id"])
    assert (again["id"] != asked["id"], again["state"], again["approvals"]) == (True, "in_review", 0)
    assert shown(again)["may"]["approve"] is None
    assert approve(again)["state"] == "released", "it was asked for anew, for no day"


def test_an_approval_from_before_an_appeal_counts_no_more(dataset, policy):
    policy("two_stewards")
    asked = request(dataset["id"])
    approve(asked, "steward1")
    appealed = reject_and_appeal(asked)
    assert (appealed["state"], appealed["approvals"]) == ("in_review", 0)
    listed = act("steward1", "privacy_release_list", state="in_review")["results"]
    assert [each["approvals"] for each in listed] == [0]
    assert approve(appealed, "steward1")["state"] == "in_review"
    assert not public_sees(dataset["id"])


def test_the_queue_counts_approvals_as_the_review_page_does(dataset, policy):
    policy("two_stewards")
    asked = request(dataset["id"])
    approve(asked, "steward1")
    for count in (1, 0):
        (listed,) = act("steward2", "privacy_release_list", state="in_review")["results"]
        assert (listed["approvals"], shown(asked, "steward2")["approvals"]) == (count, count)
        act("admin", "privacy_steward_remove", username="steward1", organization="city-lab")


# Appeals ----------------------------------------------------------------------------------------------------------


def test_who_refused_does_not_decide_about_the_appeal(dataset):
    appealed = reject_and_appeal(request(dataset["id"]))
    assert decisions.offered(shown(appealed, "steward2"))["decisions"] == []
    for step, data in (("reject", {"reason": "No."}), ("return", {"reason": "No."})):
        with pytest.raises(tk.NotAuthorized, match="another steward decides about the appeal"):
            act("steward2", f"privacy_release_{step}", id=appealed["id"], **data)
    with pytest.raises(tk.NotAuthorized, match="another steward decides about the appeal"):
        approve(appealed, "steward2")
    assert approve(appealed, "steward1")["state"] == "released"


def test_where_there_is_no_other_steward_who_refused_may_decide_and_page_and_log_say_so(app, community, dataset):
    act("admin", "privacy_steward_remove", username="steward1", organization="city-lab")
    appealed = reject_and_appeal(request(dataset["id"]))
    page = app.get(f"/privacy/release/{appealed['id']}", headers={"Authorization": community["steward2"]["token"]})
    assert "You refused this yourself" in page.text
    assert approve(appealed, "steward2")["state"] == "released"
    query = sa.select(AuditEntry.data).where(AuditEntry.event == "release.approve")
    assert model.Session.scalars(query).one()["own_refusal"] is True


def test_the_second_of_two_approvals_may_come_from_who_refused_where_nobody_else_is_left(dataset, policy):
    policy("two_stewards")
    appealed = reject_and_appeal(request(dataset["id"]))
    approve(appealed, "steward1")
    assert approve(appealed, "steward2")["state"] == "released"


# The policy of the day --------------------------------------------------------------------------------------------


def test_an_approval_is_judged_by_the_policy_of_its_day(dataset, policy):
    asked = request(dataset["id"])
    due = Release.get(asked["id"]).due
    policy("two_stewards")
    first = approve(asked, "steward1")
    assert (first["state"], first["needs"], first["approvals"]) == ("in_review", 2, 1)
    assert Release.get(asked["id"]).due == due, "judging anew gives nobody more time"
    policy("blocked")
    with pytest.raises(tk.ValidationError, match="blocked now"):
        approve(asked, "steward2")
    assert (now_in(asked), public_sees(dataset["id"])) == ("blocked", False)
    assert audit.verify()["ok"]


# The emergency exit -----------------------------------------------------------------------------------------------


def in_scanning(_clock, _policy):
    return act("officer", "privacy_release_request", id=make_dataset()["id"])


def in_review(_clock, _policy):
    return request(make_dataset(None)["id"])


def in_blocked(_clock, policy):
    policy("blocked")
    return request(make_dataset(None)["id"])


def in_scheduled(clock, _policy):
    return approve(request(make_dataset(None)["id"], public_on=clock.after(days=30)))


def on_hold(_clock, _policy):
    released = release(make_dataset(None)["id"])
    return act("steward1", "privacy_release_hold", id=released["id"], reason="Somebody is worried.")


@pytest.mark.parametrize("waits", [in_scanning, in_review, in_blocked, in_scheduled, on_hold])
def test_the_emergency_exit_leads_out_of_every_state_in_which_something_waits(clock, policy, waits):
    asked = waits(clock, policy)
    with pytest.raises(tk.ValidationError):
        act("sysadmin", "privacy_override", id=asked["package_id"], reason=" ")
    with pytest.raises(tk.NotAuthorized):
        act("steward2", "privacy_override", id=asked["package_id"], reason="The river rises.")
    act("sysadmin", "privacy_override", id=asked["package_id"], reason="The river rises.")
    assert public_sees(asked["package_id"])
    entry = act("", "privacy_register_list", event="override")["results"][0]
    assert (entry["reason"], entry["role"], entry["release_id"]) == ("The river rises.", "sysadmin", asked["id"])
    work()
    found = Release.get(asked["id"])
    assert (found.state, found.judged is not None) == ("released", True), "what the scan finds later is noted"
    assert audit.verify()["ok"]


# By when, and who is told -----------------------------------------------------------------------------------------


def test_what_is_blocked_has_a_day_and_reminds_who_asked_then_others(dataset, community, clock, policy, mails):
    policy("blocked")
    asked = request(dataset["id"])
    officer, stewards = community["officer"]["id"], {community[each]["id"] for each in ("steward1", "steward2")}
    assert mails == [(f"Something must be changed first: {dataset['title']}", {officer})]
    mails.clear()
    clock.time = Release.get(asked["id"]).due - dt.timedelta(hours=2)
    assert [each.step for each in reminding.remind()] == ["due_soon"]
    clock.pass_(days=9)
    assert [each.step for each in reminding.remind()] == ["late"]
    (soon, first), (late, then) = mails
    assert (soon, first, late) == ("A change is due soon", {officer}, "A change is late")
    assert {officer, *stewards, community["admin"]["id"], community["sysadmin"]["id"]} <= then
    assert act("steward1", "privacy_release_list", overdue=True)["count"] == 1
    assert [each["state"] for each in act("officer", "privacy_reminder_list")] == ["blocked", "blocked"]


def test_a_hold_has_a_day_and_the_stewards_are_told_that_it_waits_for_them(dataset, community, clock, mails):
    released = release(dataset["id"])
    mails.clear()
    clock.pass_(days=100)
    act("steward1", "privacy_release_hold", id=released["id"], reason="Somebody is worried.")
    stewards = {community[each]["id"] for each in ("steward1", "steward2")}
    assert (f"On hold: {dataset['title']}", stewards) in mails
    assert reminding.remind() == []
    act("", "privacy_concern_create", dataset_id=dataset["id"], text="Row 7.")
    clock.time = Release.get(released["id"]).due + dt.timedelta(days=7)
    assert [each.object_type for each in reminding.remind()] == ["concern"], "one thing, one reminder"
    model.Session.execute(sa.update(Concern).values(state="resolved"))
    model.Session.commit()
    assert [(each.object_type, each.step) for each in reminding.remind()] == [("release", "late")]


def test_stewards_are_told_when_it_is_their_turn_and_not_before(community, mails):
    dataset = make_dataset()
    act("officer", "privacy_release_request", id=dataset["id"])
    assert mails == []
    work()
    (mail,) = mails
    assert mail[0].startswith("A release is waiting for you")
    assert mail[1] == {community[each]["id"] for each in ("steward1", "steward2")}


# The clock ---------------------------------------------------------------------------------------------------------


def test_one_release_that_fails_stops_no_other_and_the_command_says_so(clock, monkeypatch):
    waits = [approve(request(make_dataset(None)["id"], public_on=clock.after(days=2))) for _ in range(2)]
    clock.pass_(days=3)
    logged = []
    monkeypatch.setattr(one_by_one.log, "error", lambda message, *facts: logged.append(message % facts))
    original = publishing.make_public

    def break_for_the_first(found, *args, **kwargs):
        if found.id == waits[0]["id"]:
            raise RuntimeError(found.requested_by)
        original(found, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "make_public", break_for_the_first)
        done = ckan("expire")
    assert (done.exit_code, "1 releases became public" in done.output) == (1, True)
    assert "1 steps could not be taken" in done.output
    assert [now_in(each) for each in waits] == ["scheduled", "released"]
    (said,) = logged
    assert all(each in said for each in ("RuntimeError", waits[0]["id"]))
    assert Release.get(waits[0]["id"]).requested_by not in said, "what an exception says may quote the data"
    assert ckan("expire").exit_code == 0
    assert now_in(waits[0]) == "released"


def test_a_stage_that_fails_stops_no_other(clock, monkeypatch):
    waits = approve(request(make_dataset(None)["id"], public_on=clock.after(days=2)))
    clock.pass_(days=3)
    dataset = community_dataset(text=None)
    agree(dataset["id"], valid_for="P1D")
    clock.pass_(days=2)
    monkeypatch.setattr(agreeing, "_lock", fail)
    monkeypatch.setattr(reminding, "_waiting", fail)
    done = ckan("expire")
    assert (done.exit_code, "2 steps could not be taken" in done.output) == (1, True)
    assert now_in(waits) == "released"


def test_what_another_clock_did_is_told_once(clock, mails, monkeypatch):
    waits = approve(request(make_dataset(None)["id"], public_on=clock.after(days=2)))
    clock.pass_(days=3)
    mails.clear()
    monkeypatch.setattr(timetable, "_due", lambda *_: [waits["id"]])
    assert (timetable.release_due(), timetable.release_due()) == ([waits["id"]], [])
    assert len(mails) == 1


# Words -------------------------------------------------------------------------------------------------------------


def test_a_step_that_does_not_fit_is_refused_in_words_without_codes():
    for state, event in set(itertools.product(State, Event)) - set(TRANSITIONS):
        with pytest.raises(tk.ValidationError) as error:
            steps.take(Release(state=state.value, reasons=[]), event, steps.CLOCK)
        (sentence,) = error.value.error_dict["message"]
        assert not re.search(r"_|'", sentence), sentence


def test_an_agreement_that_takes_no_more_steps_says_where_it_stands_in_words(dataset):
    record = agree(dataset["id"])
    act("officer", "privacy_consent_withdraw", id=record["id"])
    with pytest.raises(tk.ValidationError) as error:
        act("officer", "privacy_consent_renew", id=record["id"], valid_for="P1Y")
    assert "ConsentWithdrawn" not in str(error.value)
    assert "Taken back" in str(error.value)


# Every state, every role -------------------------------------------------------------------------------------------

OPEN = {"return", "reject"}
PUBLIC = {"withdraw", "hold", "confirm"}
#: State -> what the review page offers to an editor, to a steward, to a system administrator; whether the panel of the
#: dataset lets an editor ask (again), and take the request back.
OFFERS = {
    "requested": (set(), set(), {"override"}, False, True),
    "scanning": (set(), set(), {"override"}, False, True),
    "in_review": (set(), {"approve", *OPEN}, {"approve", "override", *OPEN}, False, True),
    "blocked": (set(), OPEN, {"override", *OPEN}, True, True),
    "scheduled": (set(), OPEN, {"override", *OPEN}, False, True),
    "released": ({"withdraw"}, PUBLIC, PUBLIC, False, False),
    "held": ({"withdraw"}, {"withdraw", "resume"}, {"withdraw", "resume", "override"}, True, False),
    "returned": (set(), {"erase"}, {"erase"}, True, False),
    "rejected": ({"appeal"}, {"erase"}, {"appeal", "erase"}, True, False),
    "withdrawn": (set(), {"erase"}, {"erase"}, True, False),
    "superseded": (set(), {"erase"}, {"erase"}, True, False),
    "expired": (set(), {"erase"}, {"erase"}, True, False),
    "cancelled": (set(), {"erase"}, {"erase"}, True, False),
}
ROLES = ("officer", "steward1", "sysadmin")
#: Erasing leaves nothing that another step could be taken with; it has tests of its own.
TAKEN = ("approve", *(name for name in decisions.FORMS if name != "erase"))


def put_into(state, asked):
    """Put a release into a state, whatever it was in; what was decided about it stays as it is."""
    ended = None if state in ("requested", "scanning", "in_review", "blocked", "scheduled") else dt.datetime.now(dt.UTC)
    model.Session.execute(sa.update(Release).where(Release.id == asked["id"]).values(state=state, ended=ended))
    model.Session.execute(sa.delete(Decision).where(Decision.release_id == asked["id"], Decision.event == "approve"))
    model.Session.commit()
    model.Session.expire_all()


def take(decision, asked, user):
    """Take a step as its form would, and say whether it was possible."""
    action = decisions.ACTIONS.get(decision, f"privacy_release_{decision}")
    word = {"snapshot_sha256": asked["snapshot_sha256"]} if decision == "approve" else {"reason": "A reason."}
    try:
        act(user, action, id=asked["id"], **word)
    except (tk.ValidationError, tk.NotAuthorized):
        return False
    return True


@pytest.mark.parametrize("state", State)
def test_from_each_state_exactly_the_possible_steps_are_offered_and_somebody_can_go_on(app, community, dataset, state):
    asked = request(dataset["id"])
    put_into(state, asked)
    *offers, may_ask, may_cancel = OFFERS[state]
    assert any((*offers, may_ask)), "a dead end"
    assert panel._may_request({"state": state, "pending": []}) is may_ask
    assert ((State(state), Event.CANCEL) in TRANSITIONS) is may_cancel
    for user, offered in zip(ROLES, offers, strict=True):
        put_into(state, asked)
        assert set(decisions.offered(shown(asked, user))["decisions"]) == offered, user
        for decision in TAKEN if user == "steward1" else offered.intersection(TAKEN):
            put_into(state, asked)
            possible = take(decision, asked, user)
            assert possible is (decision in offered), (user, decision)
    put_into(state, asked)
    page = app.get(f"/privacy/release/{asked['id']}", headers={"Authorization": community["sysadmin"]["token"]}).text
    assert set(re.findall(rf'action="/privacy/release/{asked["id"]}/(\w+)"', page)) - {"part"} == offers[-1]
