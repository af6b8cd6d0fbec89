"""Approving an agreement: the gate releases what a second person looked at, and nothing that was put in its place."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from support.agreeing import agree, community_dataset
from support.releases import act, approve, make_dataset, public_sees, release, request, upload, work
from support.survey import WATER

from ckanext.privacy.engine import consent as rules
from ckanext.privacy.engine.policy import ReleaseOutcome
from ckanext.privacy.gate import index
from ckanext.privacy.model import AuditEntry, Consent, ConsentChange, Release
from ckanext.privacy.workflow import agreeing, audit

pytestmark = pytest.mark.usefixtures("community")


@pytest.fixture
def dataset():
    return community_dataset()


def wait_out(clock, **span):
    """Let time pass without any run of the clock's commands."""
    clock.pass_(**span)
    model.Session.expire_all()


# An agreement that has run out -----------------------------------------------------------------------------------


def test_one_person_does_not_bring_back_what_has_just_ended(dataset, clock):
    """The renewal comes before the clock has run; the end of the agreement comes first all the same."""
    record = agree(dataset["id"], valid_for="P1M")
    released = release(dataset["id"])
    wait_out(clock, days=40)
    renewed = act("officer", "privacy_consent_renew", id=record["id"], valid_for="P2Y")
    assert renewed["status"] == "RenewedConsentGiven"
    assert not public_sees(dataset["id"])
    ended = Release.get(released["id"])
    assert (ended.state, ended.expires.isoformat()) == ("expired", released["expires"])
    told = [(each.event, each.role) for each in ConsentChange.of(record["id"])]
    assert told == [("give", "editor"), ("expire", "clock"), ("renew", "editor")]
    assert audit.verify()["ok"]
    agreeing.expire()
    clock.tick()
    assert not public_sees(dataset["id"])
    assert release(dataset["id"])["state"] == "released", "a new request, with a second person, opens it"


def test_a_passed_end_stays_where_another_agreement_is_renewed(clock):
    dataset = community_dataset(consent_level="individual")
    short, long = (
        agree(dataset["id"], level="individual", principal_key=f"house {n}", valid_for=period)
        for n, period in enumerate(("P1M", "P1Y"))
    )
    released = release(dataset["id"])
    wait_out(clock, days=40)
    act("officer", "privacy_consent_renew", id=long["id"], valid_for="P2Y")
    act("officer", "privacy_consent_renew", id=short["id"], valid_for="P2Y")
    assert not public_sees(dataset["id"])
    assert Release.get(released["id"]).expires.isoformat() == released["expires"]


# An agreement that was put in another's place --------------------------------------------------------------------


def _another(dataset_id, first):
    agree(dataset_id, words="Take all of it.", valid_for="P5Y")


def _replaced(dataset_id, first):
    _another(dataset_id, first)
    act("officer", "privacy_consent_withdraw", id=first["id"], by="controller")


def _renewed(dataset_id, first):
    act("officer", "privacy_consent_renew", id=first["id"], valid_for="P5Y")


CHANGES = pytest.mark.parametrize("change", [_another, _replaced, _renewed])


@CHANGES
def test_a_steward_approves_the_agreement_that_was_asked_for_with_it(dataset, change):
    first = agree(dataset["id"])
    asked = request(dataset["id"])
    assert [each["id"] for each in asked["consents"]] == [first["id"]]
    assert not act("steward1", "privacy_release_show", id=asked["id"])["changed"]
    change(dataset["id"], first)
    shown = act("steward1", "privacy_release_show", id=asked["id"])
    assert (shown["changed"], shown["agreements_changed"]) == (True, True)
    for step in ("privacy_release_approve", "privacy_override"):
        data = {"snapshot_sha256": asked["snapshot_sha256"]} if step.endswith("approve") else {"reason": "In a hurry."}
        user = "steward1" if step.endswith("approve") else "sysadmin"
        with pytest.raises(tk.ValidationError, match=r"agreement.*changed since you looked"):
            act(user, step, id=asked["id"], **data)
    assert not public_sees(dataset["id"])
    again = request(dataset["id"])
    assert again["id"] != asked["id"]
    assert approve(again)["state"] == "released"


@CHANGES
def test_a_change_between_two_approvals_needs_both_again(dataset, change, monkeypatch):
    _needs_two(monkeypatch)
    first = agree(dataset["id"])
    asked = approve(request(dataset["id"]), "steward1")
    assert asked["state"] == "in_review"
    change(dataset["id"], first)
    with pytest.raises(tk.ValidationError, match="changed since you looked"):
        approve(asked, "steward2")
    again = request(dataset["id"])
    assert again["approvals"] == 0
    assert approve(again, "steward2")["state"] == "in_review"
    assert approve(again, "steward1")["state"] == "released"


def _needs_two(monkeypatch):
    from ckanext.privacy.engine.policy import ReleaseVerdict
    from ckanext.privacy.workflow import judging

    strict = judging._after_a_refusal

    def two(verdict, release):
        return ReleaseVerdict(ReleaseOutcome.TWO_STEWARDS, strict(verdict, release).reasons)

    monkeypatch.setattr(judging, "_after_a_refusal", two)


@CHANGES
def test_what_waits_for_its_day_goes_back_when_the_agreement_is_another(dataset, change, clock):
    first = agree(dataset["id"], valid_for="P1Y")
    asked = approve(request(dataset["id"], public_on=clock.after(days=5)))
    assert asked["state"] == "scheduled"
    change(dataset["id"], first)
    clock.pass_(days=6)
    clock.tick()
    found = Release.get(asked["id"])
    assert (found.state, public_sees(dataset["id"])) == ("returned", False)
    assert "agreement" in found.ended_reason


def test_an_approval_does_not_outlive_the_no_that_came_after_it(dataset, monkeypatch):
    """Blocked by a community's no and asked for again after its yes: everybody looks anew."""
    _needs_two(monkeypatch)
    first = agree(dataset["id"])
    asked = approve(request(dataset["id"]), "steward1")
    act("", "privacy_consent_withdraw", token=first["token"])
    agree(dataset["id"])
    again = request(dataset["id"])
    assert (again["approvals"], again["id"] != asked["id"]) == (0, True)
    assert approve(again, "steward2")["state"] == "in_review"


def test_an_update_that_needs_nobody_needs_a_person_for_another_agreement(dataset):
    agree(dataset["id"])
    release(dataset["id"])
    _one_more_row(dataset)
    assert request(dataset["id"])["state"] == "released"
    agree(dataset["id"], words="Take all of it.")
    _one_more_row(dataset)
    asked = request(dataset["id"])
    assert asked["state"] == "in_review"
    assert asked["reasons"][0]["rule"] == "agreement-not-seen"
    assert approve(asked)["state"] == "released"


def _one_more_row(dataset):
    rows = WATER + f"W99,2021,{next(_LITRES)}\n"
    resource_id = dataset["resources"][0]["id"]
    act("officer", "resource_patch", id=resource_id, upload=upload(rows, "water.csv"), url="water.csv")


_LITRES = itertools.count(3)


def test_what_is_public_is_asked_for_again_on_another_agreement(dataset):
    """So that it goes on when the first one ends; without another agreement there is nothing to ask for."""
    first = agree(dataset["id"], valid_for="P1M")
    released = release(dataset["id"])
    with pytest.raises(tk.ValidationError, match="already"):
        request(dataset["id"])
    agree(dataset["id"], valid_for="P5Y")
    act("officer", "privacy_consent_renew", id=first["id"], valid_for="P4Y")
    again = release(dataset["id"])
    assert (again["state"], len(again["consents"])) == ("released", 2)
    assert again["expires"] > released["expires"]


def test_the_page_says_which_agreement_it_is_and_that_it_changed(dataset, app, community):
    first = agree(dataset["id"])
    asked = request(dataset["id"])
    headers = {"Authorization": community["steward1"]["token"]}
    page = app.get(f"/privacy/release/{asked['id']}", headers=headers).body
    assert page.count("This request rests on it") == 1
    assert first["sha256"][:16] in page
    _another(dataset["id"], first)
    page = app.get(f"/privacy/release/{asked['id']}", headers=headers).body
    assert "The agreement that it rests on has changed since this release was asked for." in page
    assert page.count("This request rests on it") == 1


def test_the_log_says_which_agreement_was_asked_for(dataset):
    record = agree(dataset["id"])
    asked = request(dataset["id"])
    query = sa.select(AuditEntry).where(AuditEntry.event == "release.request", AuditEntry.object_id == asked["id"])
    entry = model.Session.scalars(query).one()
    happened = ConsentChange.of(record["id"])[-1].hash
    assert entry.data["agreements"] == [{"id": record["id"], "sha256": record["sha256"], "event_sha256": happened}]


# Two persons -----------------------------------------------------------------------------------------------------


@pytest.fixture
def editor_as_steward(community):
    act("sysadmin", "privacy_steward_add", username="editor", organization="city-lab")


@pytest.mark.parametrize("step", ["write", "renew", "evidence"])
def test_who_wrote_the_agreement_does_not_approve_what_rests_on_it(dataset, editor_as_steward, step):
    record = agree(dataset["id"], user="editor" if step == "write" else "officer")
    if step == "renew":
        act("editor", "privacy_consent_renew", id=record["id"], valid_for="P1Y")
    elif step == "evidence":
        act("editor", "privacy_consent_evidence_create", id=record["id"], upload=upload(b"paper", "paper.pdf"))
    asked = request(dataset["id"])
    with pytest.raises(tk.NotAuthorized, match="agreement"):
        approve(asked, "editor")
    assert act("editor", "privacy_release_show", id=asked["id"])["may"]["approve"]
    assert approve(asked)["state"] == "released"


def test_who_wrote_another_agreement_may_approve(editor_as_steward):
    """Only what the release rests on counts."""
    dataset, other = community_dataset(), community_dataset()
    agree(other["id"], user="editor")
    agree(dataset["id"])
    assert approve(request(dataset["id"]), "editor")["state"] == "released"


def test_a_sysadmin_who_wrote_the_agreement_does_not_approve_either(dataset):
    agree(dataset["id"], user="sysadmin")
    with pytest.raises(tk.NotAuthorized, match="agreement"):
        approve(request(dataset["id"]), "sysadmin")


def test_other_bases_rest_on_no_agreement():
    dataset = make_dataset()
    agree(dataset["id"], user="sysadmin")
    asked = request(dataset["id"])
    assert asked["consents"] == []
    assert approve(asked, "sysadmin")["state"] == "released"


# Whatever happens, in whatever order ------------------------------------------------------------------------------


def _events(record_id):
    return [rules.ConsentEvent(rules.Event(each.event), each.at, each.until) for each in ConsentChange.of(record_id)]


def _looked_at(dataset_id, moment):
    """What a steward sees who looks now: of each agreement that opens the dataset, how far its history goes."""
    found = {record.id: _events(record.id) for record in Consent.covering(dataset_id) if record.allows_release}
    return {id_: len(events) for id_, events in found.items() if rules.status_at(events, moment) in rules.VALID}


def test_public_only_on_an_agreement_that_holds_and_that_the_approvers_saw(dataset, clock):  # noqa: C901 - one life, many steps
    """Editors, stewards, the community and the clock act in any order; what opens a dataset was looked at as it is."""
    seen, was_public = {}, []

    class Life(RuleBasedStateMachine):
        @initialize()
        def open(self):
            self.agree(1)
            self.ask(0)
            self.approve()

        @rule(months=st.integers(1, 3))
        def agree(self, months):
            clock.pass_(minutes=1)
            agree(dataset["id"], valid_for=f"P{months}M", at=clock.time)

        @rule(step=st.sampled_from(["renew", "renew", "controller", "subject"]), which=st.integers(0, 1))
        def go_on(self, step, which):
            records = Consent.covering(dataset["id"])[::-1]
            if len(records) <= which:
                return
            clock.pass_(minutes=1)
            data = {"valid_for": "P2M"} if step == "renew" else {"by": step}
            self._try(
                "officer", f"privacy_consent_{'renew' if step == 'renew' else 'withdraw'}", records[which], **data
            )

        @rule(days=st.sampled_from([1, 20, 45]))
        def wait(self, days):
            clock.pass_(days=days)
            index.forget(dataset["id"])  # searches remember for a second of real time

        @rule()
        def tick(self):
            agreeing.expire()
            clock.tick()

        @rule(number=st.integers(1, 3))
        def edit(self, number):
            act("editor", "package_patch", id=dataset["id"], url=f"https://example.org/{number}")

        @rule(days=st.sampled_from([0, 0, 10]))
        def ask(self, days):
            self._try("officer", "privacy_release_request", dataset, public_on=clock.after(days=days))
            work()

        @rule()
        def approve(self):
            found = Release.open(dataset["id"])
            if found is not None:
                release_id, looked_at = found.id, _looked_at(dataset["id"], clock.time)
                if self._try("steward1", "privacy_release_approve", found, snapshot_sha256=found.snapshot_sha256):
                    seen[release_id] = looked_at

        def _try(self, user, action, subject, **data):
            try:
                act(user, action, id=subject["id"] if isinstance(subject, dict) else subject.id, **data)
            except (tk.ValidationError, tk.NotAuthorized):
                model.Session.rollback()
                return False
            return True

        @invariant()
        def public_is_agreed_to_and_seen(self):
            if not public_sees(dataset["id"]):
                return
            shown = Release.public(dataset["id"])
            was_public.append(shown.id)
            bound = {each["id"] for each in shown.consents["records"]}
            assert bound == seen[shown.id].keys() != set()
            for id_ in bound:
                events, known = _events(id_), seen[shown.id][id_]
                assert rules.status_at(events, clock.time) in rules.VALID
                for place, event in enumerate(events[known:], start=known):
                    assert event.event is rules.Event.RENEW
                    assert rules.status_at(events[:place], event.at) in rules.VALID, "renewed after its end"
                    assert event.at >= shown.released, "changed between the look and the release"

    quick = settings(
        max_examples=3, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Life, settings=quick)
    assert (audit.verify()["ok"], bool(was_public)) == (True, True)
