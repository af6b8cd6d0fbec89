"""Days that releases wait for, and what happens when they come: with a clock that the test sets."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support.releases import PEOPLE, act, add_file, approve, make_dataset, public_sees, release, request, work
from support.time import with_times

from ckanext.privacy.gate import leak_check, store
from ckanext.privacy.model import AuditEntry, Decision, Release, Reminder
from ckanext.privacy.workflow import adoption, audit, judging, notify, reminding, timetable

pytestmark = pytest.mark.usefixtures("community")


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def mails(monkeypatch):
    sent = []
    monkeypatch.setattr(notify, "_queue", lambda readers, about, _id: sent.append((about, sorted(readers))))
    return sent


def scheduled(dataset, clock, **data):
    asked = request(dataset["id"], **{"public_on": clock.after(days=10), **data})
    return approve(asked)


def state(found):
    model.Session.expire_all()
    return Release.get(found["id"]).state


# Scheduled releases ----------------------------------------------------------------------------------------------


def test_what_is_approved_for_a_day_stays_held_until_then(dataset, clock):
    waits = scheduled(dataset, clock)
    assert waits["state"] == "scheduled"
    assert act("officer", "privacy_status_show", id=dataset["id"])["next_actor"] == "clock"
    clock.pass_(days=9)
    assert (timetable.release_due(), public_sees(dataset["id"])) == ([], False)
    clock.pass_(days=2)
    assert not public_sees(dataset["id"]), "a day that comes makes nothing public by itself"
    assert timetable.release_due() == [waits["id"]]
    assert public_sees(dataset["id"])
    assert Decision.of(waits["id"])[-1].role == "clock"
    assert (audit.verify()["ok"], leak_check.find_leaks()) == (True, [])


def test_a_steward_can_set_the_day_later_and_never_earlier(dataset, clock):
    asked = request(dataset["id"], public_on=clock.after(days=10))
    about = {"id": asked["id"], "snapshot_sha256": asked["snapshot_sha256"]}
    waits = act("steward1", "privacy_release_approve", **about, public_on=clock.after(days=2))
    assert waits["public_on"][:10] == clock.after(days=10)[:10]
    other = request(make_dataset()["id"])
    about = {"id": other["id"], "snapshot_sha256": other["snapshot_sha256"]}
    assert act("steward1", "privacy_release_approve", **about, public_on=clock.after(days=2))["state"] == "scheduled"


def test_what_changed_before_its_day_is_returned(dataset, clock):
    waits = scheduled(dataset, clock)
    act("editor", "package_patch", id=dataset["id"], url="https://example.org/other")
    clock.pass_(days=11)
    assert timetable.release_due() == []
    assert (state(waits), public_sees(dataset["id"])) == ("returned", False)
    assert "changed since it was approved" in Release.get(waits["id"]).ended_reason


def test_bytes_that_are_not_what_was_approved_stop_it(dataset, clock):
    waits = scheduled(dataset, clock)
    (entry,) = Release.get(waits["id"]).snapshot["resources"].values()
    with store.local_path(entry["sha256"]) as path:
        path.chmod(0o600)
        path.write_text("tampered with")
    clock.pass_(days=11)
    timetable.release_due()
    assert (state(waits), public_sees(dataset["id"])) == ("returned", False)
    store.remove(entry["sha256"])


def test_a_stricter_policy_on_the_day_brings_it_back_to_people(dataset, clock, monkeypatch):
    waits = scheduled(dataset, clock)
    original = judging.judge_release
    wanted = judging.ReleaseOutcome.TWO_STEWARDS
    monkeypatch.setattr(
        judging, "judge_release", lambda *a, **k: judging.ReleaseVerdict(wanted, original(*a, **k).reasons)
    )
    clock.pass_(days=11)
    assert timetable.release_due() == []
    assert (state(waits), public_sees(dataset["id"])) == ("in_review", False)
    released = approve(act("steward2", "privacy_release_show", id=waits["id"]), "steward2")
    assert released["state"] == "released"


def test_a_scheduled_request_can_be_taken_back_and_refused(dataset, clock):
    waits = scheduled(dataset, clock)
    act("officer", "privacy_release_cancel", id=waits["id"])
    again = scheduled(dataset, clock)
    act("steward2", "privacy_release_reject", id=again["id"], reason="Not before the vote.")
    clock.pass_(days=11)
    assert (timetable.release_due(), public_sees(dataset["id"])) == ([], False)


def test_dates_that_contradict_each_other_are_refused(dataset, clock):
    with pytest.raises(tk.ValidationError, match="before the dataset would be public"):
        request(dataset["id"], public_on=clock.after(days=10), expires=clock.after(days=5))


# Looking again, and the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "after"), [("hold", "held"), ("withdraw", "expired")])
def test_what_nobody_looks_at_again_closes_by_itself(dataset, clock, monkeypatch, policy, after):
    with_times(monkeypatch, review_again_months=12, review_again=policy)
    released = release(dataset["id"])
    clock.pass_(days=364)
    assert (timetable.close_unreviewed(), public_sees(dataset["id"])) == ([], True)
    clock.pass_(days=3)
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        act("", "package_show", id=dataset["id"])  # before any scheduler has run
    assert timetable.close_unreviewed() == [released["id"]]
    assert (state(released), public_sees(dataset["id"])) == (after, False)
    assert act("", "privacy_status_show", id=dataset["id"])["reason"].startswith("The day by which")
    if after == "held":
        act("steward1", "privacy_release_resume", id=released["id"], reason="Looked at it: nothing new.")
        assert public_sees(dataset["id"])


def test_looking_again_in_time_keeps_it_public(dataset, clock, monkeypatch):
    with_times(monkeypatch, review_again_months=12)
    released = release(dataset["id"])
    clock.pass_(days=360)
    with pytest.raises(tk.NotAuthorized):
        act("officer", "privacy_release_confirm", id=released["id"], reason="Fine.")
    act("steward1", "privacy_release_confirm", id=released["id"], reason="Fine.")
    clock.pass_(days=30)
    assert (timetable.close_unreviewed(), public_sees(dataset["id"])) == ([], True)


def test_a_day_that_somebody_asked_for_comes_again(dataset, clock):
    """Under the policy as it is shipped, which asks for no day by itself: neither a look nor a hold makes it never."""
    released = approve(request(dataset["id"], review_by=clock.after(days=60)))
    asked_for = released["review_by"]
    clock.pass_(days=10)
    about = {"id": released["id"], "reason": "Looked at it."}
    act("steward1", "privacy_release_hold", **about)
    assert act("steward1", "privacy_release_resume", **about)["review_by"] == asked_for
    clock.pass_(days=40)
    again = dt.datetime.fromisoformat(act("steward1", "privacy_release_confirm", **about)["review_by"])
    assert 59 <= (again - clock.time).days <= 60, "as far off again, counted from the look"
    clock.pass_(days=61)
    assert timetable.close_unreviewed() == [released["id"]]
    again = dt.datetime.fromisoformat(act("steward1", "privacy_release_resume", **about)["review_by"])
    assert 50 <= (again - clock.time).days <= 61, "the day had passed"
    with pytest.raises(tk.ValidationError, match="still to come"):
        act("steward1", "privacy_release_confirm", **about, review_by=clock.time.isoformat())
    chosen = act("steward1", "privacy_release_confirm", **about, review_by=clock.after(days=5))
    assert chosen["review_by"] == clock.after(days=5)


def test_a_policy_that_looks_sooner_goes_before_a_wish(dataset, clock, monkeypatch):
    released = approve(request(dataset["id"], review_by=clock.after(days=400)))
    with_times(monkeypatch, review_again_months=1)
    again = act("steward1", "privacy_release_confirm", id=released["id"], reason="Fine.")["review_by"]
    assert (dt.datetime.fromisoformat(again) - clock.time).days <= 31


def test_what_was_adopted_has_the_dates_of_the_policy_and_a_day_to_decide_by(clock, monkeypatch, mails):
    """Where something is found in it: then stewards are reminded, until one of them says that it may stay."""
    with_times(monkeypatch, review_again_months=12, retention_months=24)
    clean, people = make_dataset(), make_dataset(PEOPLE, "people.csv")
    list(adoption.adopt([clean["id"], people["id"]]))
    found = {each["id"]: Release.public(each["id"]) for each in (clean, people)}
    assert {(each.review_by - clock.time).days // 30 for each in found.values()} == {12}
    assert {(each.expires - clock.time).days // 30 for each in found.values()} == {24}
    work()
    found = {each["id"]: Release.public(each["id"]) for each in (clean, people)}
    assert [found[each["id"]].due is None for each in (clean, people)] == [True, False]
    adopted = found[people["id"]].id
    clock.time = found[people["id"]].due + dt.timedelta(days=5)
    assert [(each.package_id, each.step) for each in reminding.remind()] == [(people["id"], "late")]
    assert act("steward1", "privacy_release_list", overdue=True)["count"] == 1
    assert len(act("steward1", "privacy_reminder_list")) == 1
    act("steward1", "privacy_release_confirm", id=adopted, reason="They agreed to it long ago.")
    assert act("steward1", "privacy_release_list", overdue=True)["count"] == 0
    assert act("steward1", "privacy_reminder_list") == []


def test_the_end_of_retention_erases_where_the_policy_says_so(dataset, clock, monkeypatch):
    with_times(monkeypatch, retention_months=6, retention="erase")
    released = release(dataset["id"])
    (entry,) = Release.get(released["id"]).snapshot["resources"].values()
    clock.pass_(days=190)
    assert timetable.end() == [released["id"]]
    assert not store.exists(entry["sha256"])
    assert act("", "privacy_status_show", id=dataset["id"])["state"] == "expired"


# Reminders ---------------------------------------------------------------------------------------------------------


def test_stewards_are_reminded_and_others_told_when_it_is_late_each_once(dataset, community, clock, mails):
    asked = request(dataset["id"])
    mails.clear()
    assert reminding.remind() == []
    clock.time = Release.get(asked["id"]).due - dt.timedelta(hours=2)
    assert [each.step for each in reminding.remind()] == ["due_soon"]
    assert reminding.remind() == []
    clock.pass_(days=5)
    assert [each.step for each in reminding.remind()] == ["late"]
    stewards = {community[name]["id"] for name in ("steward1", "steward2")}
    others = {community[name]["id"] for name in ("admin", "sysadmin")}
    assert [about for about, _ in mails] == ["due_soon", "late"]
    assert set(mails[0][1]) == stewards
    assert stewards | others <= set(mails[1][1])
    told = act("steward1", "privacy_reminder_list")
    assert {each["step"] for each in told} == {"due_soon", "late"}
    assert act("reader", "privacy_reminder_list") == []
    assert act("steward1", "privacy_release_list", overdue=True)["count"] == 1
    approve(asked)
    assert act("steward1", "privacy_reminder_list") == [], "what is decided needs nobody any more"
    entries = model.Session.scalars(sa.select(AuditEntry.event).where(AuditEntry.event == "release.remind")).all()
    assert len(entries) == 2


def test_a_concern_is_due_in_working_days_and_reminded_of(dataset, clock, mails):
    release(dataset["id"])
    receipt = act("", "privacy_concern_create", dataset_id=dataset["id"], text="Row 7.")
    assert (dt.datetime.fromisoformat(receipt["due"]) - clock.time).days >= 7, "five working days hold a weekend"
    clock.time = dt.datetime.fromisoformat(receipt["due"]) + dt.timedelta(days=5)
    assert [(each.object_type, each.step) for each in reminding.remind()] == [("concern", "late")]
    assert "Row 7" not in str(mails)


def test_two_clocks_at_once_remind_once(dataset, clock, mails):
    asked = request(dataset["id"])
    facts = {"object_type": "release", "object_id": asked["id"], "package_id": dataset["id"], "readers": []}
    assert Reminder.add_once(**facts, step="late", due=clock.time)
    assert not Reminder.add_once(**facts, step="late", due=clock.time)
    model.Session.rollback()


# Several at once, and a part ----------------------------------------------------------------------------------------


def test_several_are_approved_at_once_each_with_its_own_record(dataset):
    others = [make_dataset() for _ in range(2)]
    asked = [request(each["id"]) for each in (dataset, *others)]
    act("editor", "package_patch", id=others[0]["id"], url="https://example.org/changed")
    items = [{"id": each["id"], "snapshot_sha256": each["snapshot_sha256"]} for each in asked]
    answer = act("steward1", "privacy_release_approve_bulk", items=[*items, {"id": "none", "snapshot_sha256": "x"}])
    assert [each["ok"] for each in answer["results"]] == [True, False, True, False]
    assert "changed since you looked" in answer["results"][1]["message"]
    assert [public_sees(each["id"]) for each in (dataset, *others)] == [True, False, True]
    query = sa.select(AuditEntry.object_id).where(AuditEntry.event == "release.approve")
    assert set(model.Session.scalars(query)) == {asked[0]["id"], asked[2]["id"]}
    mine = act("officer", "privacy_release_approve_bulk", items=items[1:2])
    assert mine["approved"] == 0
    with pytest.raises(tk.ValidationError, match="1 to 100"):
        act("steward1", "privacy_release_approve_bulk", items=[{"id": "x"}])


def test_a_part_is_released_and_the_rest_stays_held(dataset):
    held = add_file(dataset["id"], PEOPLE, "people.csv")
    asked = request(dataset["id"])
    assert asked["state"] == "blocked"
    fine = dataset["resources"][0]["id"]
    part = {"id": asked["id"], "snapshot_sha256": asked["snapshot_sha256"], "resources": [fine]}
    with pytest.raises(tk.NotAuthorized):
        act("officer", "privacy_release_narrow", **part)
    narrowed = act("steward1", "privacy_release_narrow", **part)
    assert (narrowed["state"], narrowed["left_out"], state(asked)) == ("in_review", [held["id"]], "cancelled")
    assert narrowed["requested_by"]["name"] == "officer"
    approve(narrowed)
    shown = act("", "package_show", id=dataset["id"])
    assert ([each["id"] for each in shown["resources"]], shown["num_resources"]) == ([fine], 1)
    with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
        act("", "resource_show", id=held["id"])
    waits = act("officer", "privacy_status_show", id=dataset["id"])["pending"]
    assert [(each["what"], each["change"]) for each in waits] == [("resource", "added")]
    assert leak_check.find_leaks() == []


def test_a_part_is_bound_to_its_bytes_too(dataset):
    fine = dataset["resources"][0]["id"]
    add_file(dataset["id"], PEOPLE, "people.csv")
    asked = request(dataset["id"], resources=[fine])
    assert asked["state"] == "in_review"
    act("editor", "resource_patch", id=fine, description="Another word.")
    with pytest.raises(tk.ValidationError, match="changed since you looked"):
        approve(asked)
    with pytest.raises(tk.ValidationError, match="no such file"):
        request(dataset["id"], resources=["none"])


# Whatever happens, in whatever order --------------------------------------------------------------------------------


def test_time_makes_nothing_public_that_was_not_approved_as_it_is(dataset, clock, monkeypatch, mails):  # noqa: C901 - one life, many steps
    """People and the clock act in any order; after each step what the public sees is what was approved, in its time."""
    with_times(monkeypatch, review_again_months=2)

    class Life(RuleBasedStateMachine):
        @rule(days=st.integers(1, 40))
        def wait(self, days):
            clock.pass_(days=days)

        @rule()
        def tick(self):
            clock.tick()

        @rule(number=st.integers(1, 3))
        def edit(self, number):
            act("editor", "package_patch", id=dataset["id"], url=f"https://example.org/{number}")

        @rule(days=st.integers(0, 30), lasts=st.none() | st.integers(31, 90))
        def ask(self, days, lasts):
            dates = {"public_on": clock.after(days=days)} | ({"expires": clock.after(days=lasts)} if lasts else {})
            self._try("officer", "privacy_release_request", id=dataset["id"], **dates)

        @rule(step=st.sampled_from(["approve", "return", "hold", "resume", "confirm", "withdraw"]))
        def decide(self, step):
            found = Release.latest(dataset["id"])
            if found is None:
                return
            word = {"snapshot_sha256": found.snapshot_sha256} if step == "approve" else {"reason": "A reason."}
            self._try("steward1", f"privacy_release_{step}", id=found.id, **word)

        def _try(self, user, action, **data):
            try:
                act(user, action, **data)
            except (tk.ValidationError, tk.NotAuthorized):
                model.Session.rollback()

        @invariant()
        def public_is_approved_and_in_time(self):
            shown = public_sees(dataset["id"])
            found = Release.public(dataset["id"])
            assert shown is (found is not None)
            if found is None:
                return
            assert {"approve", "release"} <= {each.event for each in Decision.of(found.id)}
            assert found.public_on is None or found.public_on <= clock.time
            assert all(end is None or end > clock.time for end in (found.expires, found.review_by))
            assert act("", "package_show", id=dataset["id"])["url"] == found.snapshot["package"]["url"]

    quick = settings(
        max_examples=4, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Life, settings=quick)
    assert audit.verify()["ok"]


# Pages ----------------------------------------------------------------------------------------------------------------


def test_the_pages_of_time_say_what_waits_and_take_it(app, community, dataset):
    """One walk by forms alone: dates on the panel, two in the queue, approved together, a part on its own."""
    officer, steward = ({"Authorization": community[name]["token"]} for name in ("officer", "steward1"))
    held = add_file(dataset["id"], PEOPLE, "people.csv")
    panel = app.get(f"/dataset/{dataset['name']}", headers=officer).body
    assert 'type="date" id="release-public_on"' in panel
    assert held["id"] in panel
    first, second = (request(make_dataset()["id"]) for _ in range(2))
    queue = app.get("/privacy/queue", headers=steward).body
    assert "Decide by" in queue
    several = app.get(f"/privacy/queue/several?release={first['id']}&release={second['id']}", headers=steward).body
    chosen = [f"{each['id']} {each['snapshot_sha256']}" for each in (first, second)]
    assert all(each in several for each in chosen)
    done = app.post("/privacy/queue/several", data={"approve": chosen}, headers=steward).body
    assert "2 releases are approved." in done
    blocked = request(dataset["id"])
    review = app.get(f"/privacy/release/{blocked['id']}", headers=steward).body
    assert "Release only some of the files" in review
    form = {"snapshot_sha256": blocked["snapshot_sha256"], "resources": [dataset["resources"][0]["id"]]}
    moved = app.post(f"/privacy/release/{blocked['id']}/part", data=form, headers=steward).body
    assert "not part of this release" in moved


def test_a_number_in_a_description_is_pointed_at_beside_its_field(app, community, dataset):
    notes = {"en": "Where water is. Call Asha at +91 98765 43210."}
    act("officer", "package_patch", id=dataset["id"], notes_translated=notes)
    page = app.get(f"/dataset/edit/{dataset['name']}", headers={"Authorization": community["officer"]["token"]}).body
    assert page.count("cd-pointed") == 1
    assert page.index('id="pointed-notes_translated-1"') < page.index('name="notes_translated-en"')
    assert "98765" not in page[page.index("cd-pointed") :][:300]
