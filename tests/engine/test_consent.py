"""Consent records: what they must say, what may happen to them, when they hold, and what the export says."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import Graph

from ckanext.privacy.engine import consent
from ckanext.privacy.engine.consent import ConsentEvent, Event, Frame, Status

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

UTC = dt.timezone.utc
START = dt.datetime(2026, 3, 1, 10, tzinfo=UTC)
SHAPES = Path(consent.__file__).with_name("shapes.ttl")
GIVEN = {
    "level": "collective",
    "controller": {"name": "City lab", "contact": "data-desk@example.org", "kind": "government"},
    "jurisdiction": "in-mh",
    "notice": {"forms": ["oral"], "languages": "mr hi", "date": "2026-02-20", "text": "Read aloud."},
    "processes": [
        {
            "purpose": ["dpv:ImprovePublicServices"],
            "processing": ["collect", "store", "use"],
            "personal_data": ["home-location", "caste"],
            "recipients": ["city", "Water Works Dept."],
            "storage_location": "in",
            "retention": "P3Y",
        },
        {
            "purpose": "policy-making",
            "processing": ["make-available"],
            "personal_data": ["anonymised"],
            "recipients": ["public"],
            "storage_location": "IN",
        },
    ],
    "spoken_by": {"name": "Residents' committee", "mandate": "elected by the lanes"},
    "meeting": {"date": "2026-03-01", "attendance": "61", "attendance_women": 38, "decision_rule": "simple majority"},
    "words": "Count us, do not name us.",
    "withdrawal_contact": "The committee's room",
}


def make(**changes):
    return consent.parse_record({**GIVEN, **changes})


def frame(*events):
    return Frame(
        id="7c0e2a52",
        address="https://catalog.example/privacy/consent/7c0e2a52",
        withdrawal="https://catalog.example/privacy/withdraw",
        rights="https://catalog.example/privacy/about",
        datasets=["https://catalog.example/dataset/x"],
        principal="urn:uuid:0f8b",
        created=START,
        events=events or [ConsentEvent(Event.GIVE, START, START + dt.timedelta(days=365))],
        evidence=["ab" * 32],
    )


# What a record says ---------------------------------------------------------------------------------------------


def test_words_terms_and_addresses_mean_the_same():
    record = make(level="https://w3id.org/community-data#Collective", legal_basis="dpv:ExpressedConsent")
    assert (record["level"], record["legal_basis"], record["method"]) == ("collective", "consent", "meeting-vote")
    assert record["processes"][0]["purpose"] == ["public-services"]
    assert record["processes"][0]["recipients"] == ["city", "Water Works Dept."]
    assert (record["jurisdiction"], record["processes"][1]["retention"]) == ("IN-MH", "indeterminate")


def test_only_a_process_that_shows_it_to_everyone_allows_a_release():
    both = make()
    assert consent.allows_release(both)
    assert not consent.allows_release({**both, "processes": both["processes"][:1]})
    apart = copy.deepcopy(both["processes"])
    apart[0]["recipients"], apart[1]["recipients"] = ["public"], ["city"]
    assert not consent.allows_release({**both, "processes": apart}), "one process must have both"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"level": "everybody"}, "level"),
        ({"legal_basis": "public-interest"}, "legal_basis"),
        ({"controller": {"name": "City lab"}}, "controller.contact"),
        ({"jurisdiction": ""}, "jurisdiction"),
        ({"notice": {}}, "notice.forms"),
        ({"notice": {**GIVEN["notice"], "date": "20 February"}}, "notice.date"),
        ({"processes": []}, "processes"),
        ({"processes": [{**GIVEN["processes"][0], "purpose": ["fun"]}]}, "processes.purpose"),
        ({"processes": [{**GIVEN["processes"][0], "retention": "for ever"}]}, "processes.retention"),
        ({"spoken_by": ""}, "spoken_by.name"),
        ({"meeting": {**GIVEN["meeting"], "attendance": ""}}, "meeting.attendance"),
        ({"withdrawal_contact": "  "}, "withdrawal_contact"),
    ],
)
def test_what_is_missing_is_said_field_by_field(change, field):
    with pytest.raises(consent.InvalidConsent) as caught:
        make(**change)
    assert field in [problem.field for problem in caught.value.problems]
    assert all(problem.sentence.endswith(".") for problem in caught.value.problems)


def test_an_empty_record_says_everything_at_once():
    with pytest.raises(consent.InvalidConsent) as caught:
        consent.parse_record({})
    assert len(caught.value.problems) > 8


@given(st.recursive(st.none() | st.text() | st.integers(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_whatever_is_sent_is_refused_with_sentences(value):
    with pytest.raises(consent.InvalidConsent) as caught:
        consent.parse_record(
            dict.fromkeys(("level", "controller", "notice", "processes", "spoken_by", "meeting"), value)
        )
    assert caught.value.problems


# What may happen to it ------------------------------------------------------------------------------------------


def test_withdrawn_revoked_and_expired_are_different_things():
    ends = {event: consent.advance(Status.GIVEN, event) for event in (Event.WITHDRAW, Event.REVOKE, Event.EXPIRE)}
    assert len(set(ends.values())) == 3
    assert not consent.VALID & set(ends.values())


def test_what_was_taken_back_cannot_be_renewed():
    with pytest.raises(consent.ImpossibleEventError, match="ConsentWithdrawn"):
        consent.advance(Status.WITHDRAWN, Event.RENEW)


def test_a_period_ends_by_itself_and_can_be_renewed():
    end = START + dt.timedelta(days=30)
    events = [ConsentEvent(Event.GIVE, START, end)]
    moments = (START - dt.timedelta(1), START, end - dt.timedelta(seconds=1), end)
    found = [consent.status_at(events, moment) for moment in moments]
    assert found == [None, Status.GIVEN, Status.GIVEN, Status.EXPIRED]
    assert consent.holds_until(events, START) == end
    later = end + dt.timedelta(days=3)
    renewed = [*events, ConsentEvent(Event.EXPIRE, end), ConsentEvent(Event.RENEW, later)]
    assert consent.status_at(renewed, later) is Status.RENEWED
    assert consent.holds_until(renewed, later) is None


@given(st.lists(st.tuples(st.sampled_from(Event), st.integers(0, 900), st.none() | st.integers(1, 300)), max_size=8))
def test_no_order_of_events_makes_an_ended_consent_hold_again_without_a_new_yes(steps):
    events, status = [], None
    for event, day, length in sorted(steps, key=lambda step: step[1]):
        at = START + dt.timedelta(days=day)
        until = at + dt.timedelta(days=length) if length and event in (Event.GIVE, Event.RENEW) else None
        try:
            status = consent.advance(consent.status_at(events, at), event)
        except consent.ImpossibleEventError:
            continue
        events.append(ConsentEvent(event, at, until))
        if status in consent.VALID:
            assert event in (Event.GIVE, Event.RENEW)
    for day in range(0, 1200, 50):
        moment = START + dt.timedelta(days=day)
        known = [each for each in events if each.at <= moment]
        if consent.status_at(events, moment) in consent.VALID:
            assert known[-1].event in (Event.GIVE, Event.RENEW)


def test_periods_are_read_and_silly_ones_refused():
    assert consent.period_end(START, "P2Y") == START.replace(year=2028)
    assert consent.period_end(START, "indeterminate") is None
    for silly in ("", "two years", "P0D", "-P1Y"):
        with pytest.raises(consent.InvalidConsent):
            consent.period_end(START, silly)


# The export -----------------------------------------------------------------------------------------------------


def violations(document) -> int:
    graph = Graph().parse(data=json.dumps(document), format="json-ld")
    _, _, text = validate(graph, shacl_graph=str(SHAPES), advanced=True)
    return text.count("Constraint Violation")


def test_a_record_and_its_receipt_satisfy_the_shapes():
    record = make()
    end = START + dt.timedelta(days=400)
    events = [
        ConsentEvent(Event.REQUEST, START - dt.timedelta(9)),
        ConsentEvent(Event.GIVE, START, end),
        ConsentEvent(Event.RENEW, START + dt.timedelta(99)),
        ConsentEvent(Event.WITHDRAW, START + dt.timedelta(100)),
    ]
    assert violations(consent.record_document(record, frame(*events))) == 0
    assert violations(consent.receipt_document(record, frame(*events), START)) == 0
    for level in ("individual", "household", "guardian"):
        assert violations(consent.record_document(make(level=level), frame())) == 0


@pytest.mark.parametrize(
    "dropped",
    [
        "dct:conformsTo", "dct:identifier", "dpv:hasDataSubject", "dpv:hasNotice", "dpv:hasProcess",
        "dpv:hasJurisdiction", "dpv:hasLegalBasis", "dpv:hasConsentControl", "dpv:hasRight", "dpv:hasConsentStatus",
        "dpv:hasEntity",        "cdg:coversDataset",
    ],
)  # fmt: skip
def test_dropping_a_mandatory_part_fails_the_shapes(dropped):
    document = consent.record_document(make(), frame())
    assert dropped in document
    del document[dropped]
    assert violations(document) > 0


@pytest.mark.parametrize(
    "path", ["dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasRecipient", "dpv:hasStorageCondition"]
)
def test_dropping_a_part_of_a_process_fails_the_shapes(path):
    document = consent.record_document(make(), frame())
    del document["dpv:hasProcess"][0][path]
    assert violations(document) > 0


def test_the_export_needs_no_network_and_carries_no_secret_and_no_free_words():
    text = json.dumps(consent.record_document(make(), frame()))
    context = consent.record_document(make(), frame())["@context"]
    assert isinstance(context, dict)
    assert all(isinstance(value, str) for value in context.values())
    assert "Count us" not in text, "the community's own words are theirs, not the export's"


def test_the_status_of_each_event_is_exported_as_dpv_names_it():
    events = [ConsentEvent(Event.GIVE, START), ConsentEvent(Event.REVOKE, START + dt.timedelta(1))]
    document = consent.record_document(make(), frame(*events))
    assert [each["@type"] for each in document["dpv:hasConsentStatus"]] == ["dpv:ConsentGiven", "dpv:ConsentRevoked"]
    by = [each["dpv:isIndicatedBy"]["@id"].rpartition("#")[2] for each in document["dpv:hasConsentStatus"]]
    assert by == ["spoke", "controller"]


def test_only_those_who_agreed_are_said_to_have_done_it_in_the_records_way():
    """A meeting's vote gave it; nobody voted when it was taken back by a link, or when its time passed."""
    later = [START + dt.timedelta(days) for days in (1, 2)]
    events = [ConsentEvent(Event.GIVE, START), *map(ConsentEvent, (Event.RENEW, Event.WITHDRAW), later)]
    told = consent.record_document(make(), frame(*events))["dpv:hasConsentStatus"]
    assert ["dpv:hasIndicationMethod" in each for each in told] == [True, True, False]


@pytest.mark.parametrize(
    ("law", "kind"),
    [("https://example.org/dpdp", "@id"), ("DPDP Act 2023", "dct:title"), ("javascript:x", "dct:title")],
)
def test_a_law_is_an_address_or_a_title(law, kind):
    found = consent.record_document(make(law=law), frame())["dpv:hasApplicableLaw"]
    assert found[kind] == law
    assert violations(consent.record_document(make(law=law), frame())) == 0
