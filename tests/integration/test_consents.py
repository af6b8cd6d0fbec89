"""Agreements: what a release needs of them, what it is bound to, and that taking one back closes everything at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from pyshacl import validate
from rdflib import Graph
from sqlalchemy.exc import InternalError
from support.agreeing import FOR_EVERYONE, FOR_THE_CITY, RECORD, agree, community_dataset
from support.releases import act, make_dataset, public_sees, release, request, upload

from ckanext.privacy.engine import consent as rules
from ckanext.privacy.gate import evidence, leak_check, removal
from ckanext.privacy.model import AuditEntry, Consent, ConsentChange, Release
from ckanext.privacy.workflow import agreeing, audit, timetable

pytestmark = [pytest.mark.usefixtures("community"), pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SHAPES = Path(rules.__file__).with_name("shapes.ttl")


@pytest.fixture
def dataset():
    return community_dataset()


def run_out(record_id: str) -> None:
    """Let the time of an agreement pass."""
    moment = dt.datetime.now(dt.timezone.utc) - dt.timedelta(minutes=1)
    query = sa.update(Consent).where(Consent.id == record_id).values(until=moment)
    model.Session.execute(query)
    model.Session.execute(sa.update(Release).where(Release.expires.is_not(None)).values(expires=moment))
    model.Session.commit()
    model.Session.expire_all()


# What a release needs --------------------------------------------------------------------------------------------


def test_a_release_that_rests_on_consent_needs_a_record_and_is_bound_to_it(dataset):
    with pytest.raises(tk.ValidationError, match="Write down who agreed"):
        act("officer", "privacy_release_request", id=dataset["id"])
    record = agree(dataset["id"])
    assert (record["status"], record["valid"], record["allows_release"]) == ("ConsentGiven", True, True)
    released = release(dataset["id"])
    assert released["state"] == "released"
    assert released["consents"] == [{"id": record["id"], "sha256": record["sha256"]}]
    entry = model.Session.scalars(sa.select(AuditEntry).where(AuditEntry.event == "release.release")).one()
    assert entry.data["consents"] == released["consents"]
    assert released["expires"][:10] == record["until"][:10], "the release ends when the agreement does"
    assert public_sees(dataset["id"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"processes": [FOR_THE_CITY]}, "other uses"),
        (
            {"processes": [{**FOR_EVERYONE, "recipients": ["city"]}, {**FOR_THE_CITY, "recipients": ["public"]}]},
            "other",
        ),
        ({"status": "requested"}, "not given yet"),
        ({"status": "refused"}, "community said no"),
        ({"level": "individual"}, "names others"),
    ],
)
def test_any_other_consent_does_not_count(dataset, changes, says):
    agree(dataset["id"], **changes)
    with pytest.raises(tk.ValidationError, match=says):
        act("officer", "privacy_release_request", id=dataset["id"])


def test_other_legal_bases_need_no_consent_but_a_communitys_no_is_heard():
    dataset = make_dataset(
        legal_basis=["public-interest"],
        personal_data=["pseudonymised"],
        notice_form=["oral"],
        notice_languages=["es"],
        withdrawal_contact="The office",
        consent_level="not-needed",
        consent_note="The water law asks for this table.",
        retention_period="Three years",
    )
    assert release(dataset["id"])["state"] == "released"
    asked = agree(dataset["id"], status="requested")
    assert public_sees(dataset["id"])
    refused = act("", "privacy_consent_withdraw", token=asked["token"])
    assert refused["status"] == "ConsentRefused"
    assert not public_sees(dataset["id"])
    with pytest.raises(tk.ValidationError, match="community said no"):
        act("officer", "privacy_release_request", id=dataset["id"])


@pytest.mark.parametrize(
    ("answer", "opens"),
    [
        ({"at": "2026-02-01"}, False),
        ({"at": "2026-03-01", "spoken_by": {"name": "Traders' union"}}, False),
        ({"at": "2026-03-01", "processes": [FOR_THE_CITY]}, False),
        ({"at": "2026-03-01", "spoken_by": {"name": "residents'  Committee"}}, True),
    ],
    ids=["earlier", "others", "other uses", "later"],
)
def test_only_a_later_yes_of_the_same_community_lifts_its_no(dataset, answer, opens):
    agree(dataset["id"], status="refused", at="2026-02-22")
    agree(dataset["id"], valid_for="P5Y", **answer)
    if opens:
        assert release(dataset["id"])["state"] == "released"
        return
    with pytest.raises(tk.ValidationError, match="community said no"):
        act("officer", "privacy_release_request", id=dataset["id"])


def test_an_old_no_that_is_written_down_late_does_not_undo_a_later_yes(dataset):
    agree(dataset["id"], at="2026-03-01", valid_for="P5Y")
    release(dataset["id"])
    agree(dataset["id"], status="refused", at="2026-02-22")
    assert public_sees(dataset["id"])


def test_a_record_says_what_is_missing_in_sentences_and_stores_nothing(dataset):
    with pytest.raises(tk.ValidationError) as caught:
        act("officer", "privacy_consent_create", dataset_id=dataset["id"], level="collective")
    assert {"notice.languages", "processes", "meeting.decision_rule"} <= set(caught.value.error_dict)
    assert Consent.covering(dataset["id"]) == []


@pytest.mark.parametrize("user", ["reader", "steward1", ""])
def test_only_editors_write_agreements_down(dataset, user):
    with pytest.raises(tk.NotAuthorized):
        agree(dataset["id"], user=user)
    denied = model.Session.scalars(sa.select(AuditEntry).where(AuditEntry.event == "denied")).one()
    assert denied.data["attempt"] == "privacy_consent_create"


@pytest.mark.parametrize("user", ["reader", ""])
def test_outsiders_read_no_record(dataset, user):
    record = agree(dataset["id"])
    for action, asked in (("show", {"id": record["id"]}), ("list", {"dataset_id": dataset["id"]})):
        with pytest.raises(tk.NotAuthorized):
            act(user, f"privacy_consent_{action}", **asked)


@pytest.mark.parametrize("renamed", [False, True])
def test_the_id_of_a_purged_dataset_is_nobodys_name(dataset, stranger, api_as, renamed):
    """CKAN goes by names where there is no such id: who took it would keep what the gate knows of that dataset."""
    agree(dataset["id"])
    release(dataset["id"])
    act("sysadmin", "dataset_purge", id=dataset["id"])
    ask = api_as(stranger)
    names = {"id": "elsewhere"} if renamed else {"owner_org": "other-org"}
    status, answer = ask("package_patch" if renamed else "package_create", name=dataset["id"], **names)
    assert (status, "name" in answer["error"]) == (409, True)
    free = model.types.make_uuid()
    assert ask("package_patch", id="elsewhere", name=free)[0] == 200
    assert ask("package_patch", id=free, title="Mine")[0] == 200


def test_who_has_the_id_of_a_purged_dataset_as_a_name_reads_nothing_of_it(dataset, stranger, api_as):
    """Whatever way the name came there; another dataset of the same agreement stays as it is."""
    alive = community_dataset()
    record = act("officer", "privacy_consent_create", **{**RECORD, "datasets": [dataset["id"], alive["id"]]})
    release(alive["id"])
    released = release(dataset["id"])
    scan = act("officer", "privacy_scan_list", id=dataset["id"])[0]
    act("sysadmin", "dataset_purge", id=dataset["id"])
    named = sa.update(model.Package).where(model.Package.name == "elsewhere").values(name=dataset["id"])
    model.Session.execute(named)
    model.Session.commit()
    ask = api_as(stranger)
    for action, id_ in (
        ("privacy_release_show", released["id"]),
        ("privacy_release_diff", released["id"]),
        ("privacy_release_withdraw", released["id"]),
        ("privacy_scan_show", scan["id"]),
        ("privacy_consent_show", record["id"]),
        ("privacy_consent_renew", record["id"]),
        ("privacy_consent_withdraw", record["id"]),
    ):
        assert ask(action, id=id_, reason="Mine.", valid_for="P1Y")[0] in (403, 404), action
    assert public_sees(alive["id"])
    shown = act("steward1", "privacy_consent_show", id=record["id"])
    assert [each["status"] for each in shown["events"]] == ["ConsentGiven"]


# Taking it back --------------------------------------------------------------------------------------------------


def test_whoever_has_the_link_takes_it_back_without_an_account_and_everything_closes(dataset, anonymous_api):
    record = agree(dataset["id"])
    release(dataset["id"])
    status, answer = anonymous_api("privacy_consent_withdraw", token=record["token"])
    assert (status, answer["result"]["status"]) == (200, "ConsentWithdrawn")
    assert answer["result"]["datasets"] == [{"id": dataset["id"], "title": "Water points", "public": False}]
    assert not public_sees(dataset["id"])
    assert leak_check.find_leaks() == []
    shown = act("steward1", "privacy_consent_show", id=record["id"])
    assert [each["status"] for each in shown["events"]] == ["ConsentGiven", "ConsentWithdrawn"]
    assert (shown["events"][1]["role"], shown["valid"]) == ("community", False)
    again = anonymous_api("privacy_consent_withdraw", token=record["token"])[1]["result"]
    assert again["receipt"] == answer["result"]["receipt"]
    last = act("", "privacy_register_list")["results"][0]
    assert (last["event"], last["role"]) == ("withdraw", "community")
    assert "took their agreement back" in last["reason"]
    assert audit.verify()["ok"]
    told = act("steward1", "privacy_audit_list", object_id=record["id"])["results"]
    assert [entry["event"] for entry in told] == ["consent.withdraw", "consent.give"]


def test_withdrawn_and_revoked_are_different_events(dataset):
    ends = {}
    for by in ("subject", "controller"):
        record = agree(dataset["id"])
        ends[by] = act("officer", "privacy_consent_withdraw", id=record["id"], by=by)["status"]
    assert ends == {"subject": "ConsentWithdrawn", "controller": "ConsentRevoked"}


def test_a_request_in_review_is_blocked_and_a_new_one_goes_on_with_a_new_agreement(dataset):
    first = agree(dataset["id"])
    asked = request(dataset["id"])
    assert asked["state"] == "in_review"
    act("", "privacy_consent_withdraw", token=first["token"])
    blocked = act("steward1", "privacy_release_show", id=asked["id"])
    assert blocked["state"] == "blocked"
    assert "community said no" in blocked["reasons"][0]["sentence"]
    with pytest.raises(tk.ValidationError):
        act("sysadmin", "privacy_override", id=asked["id"], reason="In a hurry.")
    agree(dataset["id"])
    again = request(dataset["id"])
    assert (again["state"], again["id"] != asked["id"]) == ("in_review", True), "nobody has looked at this agreement"
    assert release(dataset["id"])["state"] == "released"


def test_a_communitys_no_that_is_written_down_anew_closes_everything(dataset):
    agree(dataset["id"])
    release(dataset["id"])
    waits, held = community_dataset(), community_dataset()
    for each in (waits, held):
        agree(each["id"])
    asked, shown = request(waits["id"]), release(held["id"])
    act("steward1", "privacy_release_hold", id=shown["id"], reason="The committee is worried.")
    said = {**_record(), "datasets": [dataset["id"], waits["id"], held["id"]]}
    record = act("officer", "privacy_consent_create", status="refused", **said)
    assert (record["status"], bool(record["token"])) == ("ConsentRefused", True)
    assert not public_sees(dataset["id"])
    assert leak_check.find_leaks() == []
    last = act("", "privacy_register_list")["results"][0]
    assert (last["event"], last["role"]) == ("withdraw", "editor")
    assert "said no" in last["reason"]
    assert act("steward1", "privacy_release_show", id=asked["id"])["state"] == "blocked"
    with pytest.raises(tk.ValidationError):
        act("steward2", "privacy_release_resume", id=shown["id"], reason="It is fine.")
    assert Release.latest(held["id"]).state == "withdrawn"


def test_a_hold_does_not_end_against_a_communitys_no(dataset):
    """Whatever left the release standing, such as a no that was written down before it closed anything."""
    agree(dataset["id"])
    shown = release(dataset["id"])
    act("steward1", "privacy_release_hold", id=shown["id"], reason="The committee is worried.")
    record = agree(dataset["id"], status="requested")
    model.Session.execute(sa.update(Consent).where(Consent.id == record["id"]).values(status="ConsentRefused"))
    model.Session.commit()
    with pytest.raises(tk.ValidationError, match="community said no"):
        act("steward2", "privacy_release_resume", id=shown["id"], reason="It is fine.")
    assert Release.latest(dataset["id"]).state == "held"
    assert not public_sees(dataset["id"])


def test_a_wrong_token_opens_nothing(dataset):
    agree(dataset["id"])
    for action in ("show", "withdraw"):
        with pytest.raises(tk.ObjectNotFound):
            act("", f"privacy_consent_{action}", token="guessed")


def test_one_person_of_many_takes_it_back():
    dataset = community_dataset(consent_level="individual")
    first, second = (agree(dataset["id"], level="individual", principal_key=f"house {n}") for n in (1, 2))
    assert first["principal"].startswith("hmac-sha256:")
    assert len({first["principal"], second["principal"]}) == 2
    release(dataset["id"])
    act("", "privacy_consent_withdraw", token=first["token"])
    assert not public_sees(dataset["id"])
    again = release(dataset["id"])
    assert [each["id"] for each in again["consents"]] == [second["id"]], "who said no is no longer relied on"


def test_who_was_written_down_after_the_release_takes_it_back():
    dataset = community_dataset(consent_level="household-head")
    agree(dataset["id"], level="household", principal_key="house 1")
    release(dataset["id"])
    for_the_city = agree(dataset["id"], level="household", principal_key="house 2", processes=[FOR_THE_CITY])
    act("", "privacy_consent_withdraw", token=for_the_city["token"])
    agree(dataset["id"], level="household", principal_key="house 3", status="refused")
    assert public_sees(dataset["id"]), "it does not rest on other uses, nor on who never agreed to be in it"
    later = agree(dataset["id"], level="household", principal_key="house 4")
    act("", "privacy_consent_withdraw", token=later["token"])
    assert not public_sees(dataset["id"])


def test_one_record_covers_several_datasets_and_closes_them_together(dataset):
    other = community_dataset()
    record = act("officer", "privacy_consent_create", datasets=[dataset["id"], other["id"]], **_record())
    for each in (dataset, other):
        release(each["id"])
    act("", "privacy_consent_withdraw", token=record["token"])
    assert not public_sees(dataset["id"])
    assert not public_sees(other["id"])


# Time ------------------------------------------------------------------------------------------------------------


def test_the_end_closes_by_itself_and_the_clock_notes_it(dataset):
    record = agree(dataset["id"], valid_for="P1M")
    release(dataset["id"])
    run_out(record["id"])
    with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
        act("", "package_show", id=dataset["id"])
    assert act("officer", "privacy_consent_show", id=record["id"])["status"] == "ConsentExpired"
    assert agreeing.expire() == [record["id"]]
    assert (agreeing.expire(), timetable.end()) == ([], [])
    assert [each.status for each in ConsentChange.of(record["id"])] == ["ConsentGiven", "ConsentExpired"]
    assert Release.latest(dataset["id"]).state == "expired"


def test_renewing_lets_a_release_go_on(dataset):
    record = agree(dataset["id"], valid_for="P1M")
    released = release(dataset["id"])
    renewed = act("officer", "privacy_consent_renew", id=record["id"], valid_for="P2Y")
    assert renewed["status"] == "RenewedConsentGiven"
    later = act("steward1", "privacy_release_show", id=released["id"])["expires"]
    assert later[:10] == renewed["until"][:10] > released["expires"][:10]


def test_what_was_taken_back_is_not_renewed(dataset):
    record = agree(dataset["id"])
    act("", "privacy_consent_withdraw", token=record["token"])
    with pytest.raises(tk.ValidationError, match="Taken back"):
        act("officer", "privacy_consent_renew", id=record["id"])


def test_people_are_reminded_once(dataset):
    record = agree(dataset["id"], valid_for="P20D")
    assert agreeing.remind() == [record["id"]]
    assert agreeing.remind() == []
    act("officer", "privacy_consent_renew", id=record["id"], valid_for="P25D")
    assert agreeing.remind() == [record["id"]]


# What is kept, and what is told ----------------------------------------------------------------------------------


def test_evidence_is_kept_privately_and_its_hash_is_in_the_log(dataset, app, community):
    record = agree(dataset["id"], upload=upload(b"61 thumbprints", "meeting.pdf"))
    (kept,) = record["evidence"]
    assert b"".join(evidence.stream(kept["id"])) == b"61 thumbprints"
    entry = model.Session.scalars(sa.select(AuditEntry).where(AuditEntry.event == "consent.give")).one()
    assert entry.data["evidence_sha256"] == [kept["sha256"]]
    address = f"/privacy/consent/{record['id']}/evidence/{kept['id']}"
    assert app.get(address, follow_redirects=False).status_code == 302
    headers = {"Authorization": community["steward1"]["token"]}
    answer = app.get(address, headers=headers)
    assert (answer.status_code, answer.data) == (200, b"61 thumbprints")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert app.get(address, headers={"Authorization": community["reader"]["token"]}).status_code == 404


def test_evidence_that_comes_later_is_kept_beside_the_record(dataset, app, community):
    """The record and its hash stay; the file is private, its hash in export and log, and it cannot be unsaid."""
    record = agree(dataset["id"], upload=upload(b"61 thumbprints", "meeting.pdf"))
    address = f"/privacy/consent/{record['id']}/evidence"
    officer, steward, reader = (
        {"Authorization": community[name]["token"]} for name in ("officer", "steward1", "reader")
    )
    form = {"upload": (io.BytesIO(b"the minutes"), "minutes.pdf")}
    answer = app.post(address, data=form, headers=officer, content_type="multipart/form-data")
    assert "only editors and stewards of the dataset can open it" in answer.get_data(as_text=True)
    assert app.post(address, data={}, headers=officer).status_code == 409
    after = act("steward1", "privacy_consent_show", id=record["id"])
    first, later = after["evidence"]
    assert (first, after["sha256"]) == (record["evidence"][0], record["sha256"])
    assert (later["filename"], later["sha256"]) == ("minutes.pdf", hashlib.sha256(b"the minutes").hexdigest())
    assert app.get(f"{address}/{later['id']}", headers=steward).data == b"the minutes"
    assert app.get(f"{address}/{later['id']}", headers=reader).status_code == 404
    assert later["sha256"] in json.dumps(act("officer", "privacy_consent_show", id=record["id"], format="jsonld"))
    assert "minutes" not in json.dumps(act("", "privacy_consent_show", token=record["token"]))
    entry = model.Session.scalars(sa.select(AuditEntry).where(AuditEntry.event == "consent.evidence")).one()
    assert entry.data["evidence_sha256"] == [later["sha256"]]
    assert ("evidence", later["id"]) in removal.needed(model.Session.execute)
    with pytest.raises(tk.NotAuthorized):
        act("reader", "privacy_consent_evidence_create", id=record["id"], upload=upload(b"mine", "mine.pdf"))
    with pytest.raises(InternalError, match="append-only"), model.ensure_engine().begin() as connection:
        connection.execute(sa.text("DELETE FROM privacy_consent_evidence"))


def test_a_form_can_send_a_record_with_a_file(dataset, app, community):
    data = {name: json.dumps(value) if isinstance(value, (dict, list)) else value for name, value in _record().items()}
    data |= {"dataset_id": dataset["id"], "upload": (io.BytesIO(b"paper"), "paper.jpg")}
    headers = {"Authorization": community["officer"]["token"]}
    answer = app.post("/api/3/action/privacy_consent_create", data=data, headers=headers,
                      content_type="multipart/form-data")  # fmt: skip
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["result"]["withdraw_url"].startswith("http")


@pytest.mark.parametrize("form", ["jsonld", "receipt"])
def test_the_export_satisfies_the_shapes_and_gives_no_secret_away(dataset, form):
    record = agree(dataset["id"], upload=upload(b"paper", "asha-patil.jpg"))
    document = json.dumps(act("officer", "privacy_consent_show", id=record["id"], format=form))
    _, _, report = validate(Graph().parse(data=document, format="json-ld"), shacl_graph=str(SHAPES))
    assert "Constraint Violation" not in report, report
    assert record["token"] not in document
    assert "asha" not in document


def test_the_holder_of_the_link_reads_what_was_agreed_and_nothing_of_the_file(dataset):
    record = agree(dataset["id"], upload=upload(b"paper", "asha-patil.jpg"))
    told = act("", "privacy_consent_show", token=record["token"])
    assert told["words"] == "Count us, do not name us."
    assert {"evidence", "principal", "events", "record"}.isdisjoint(told)
    assert "/es/privacy/withdraw/" in record["withdraw_url"], "in the first language of the notice that CKAN has"


def test_what_happened_cannot_be_rewritten(dataset):
    record = agree(dataset["id"])
    model.Session.rollback()
    for statement in ("UPDATE privacy_consent_event SET status = 'x'", "DELETE FROM privacy_consent_event",
                      "TRUNCATE privacy_consent_event"):  # fmt: skip
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), model.ensure_engine().begin() as connection:
            connection.execute(sa.text(statement))
    assert len(ConsentChange.of(record["id"])) == 1


def _record():
    from support.agreeing import RECORD

    return dict(RECORD)
