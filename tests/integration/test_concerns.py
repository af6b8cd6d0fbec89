"""Concerns, holds, tombstones and erasing: what anybody can set off, and what is left afterwards."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.common import config
from ckan.lib.redis import connect_to_redis
from ckan.lib.search.common import make_connection
from ckan.plugins import get_plugin
from ckan.plugins import toolkit as tk
from ckanext.datastore.backend.postgres import get_write_engine
from flask import Flask
from rdflib import DCAT, FOAF, RDF, Graph
from support.releases import act, add_file, make_dataset, public_sees, release, request, upload, work

from ckanext.privacy.gate import leak_check
from ckanext.privacy.model import AuditEntry, Concern, Release
from ckanext.privacy.workflow import audit, concerns, notify

pytestmark = pytest.mark.usefixtures("community")

SECRET = "zanzibarsecret"
STARTED = time.time()


@pytest.fixture
def released():
    dataset = make_dataset()
    return {**dataset, "release": release(dataset["id"])}


def report(dataset_id: str, **data):
    return act("", "privacy_concern_create", **{"dataset_id": dataset_id, "text": f"Row 7: {SECRET}", **data})


# Concerns --------------------------------------------------------------------------------------------------------


def test_anybody_reports_a_concern_and_follows_it_by_the_receipt(released, caplog):
    caplog.set_level(logging.DEBUG)
    receipt = report(released["id"], contact="worried@example.org")
    assert receipt["url"].endswith(receipt["token"])
    followed = act("", "privacy_concern_show", token=receipt["token"])
    assert (followed["state"], followed["due"], "text" in followed, "contact" in followed) == (
        "open", receipt["due"], False, False,
    )  # fmt: skip
    shown = act("steward1", "privacy_concern_show", id=receipt["id"])
    assert (shown["contact"], SECRET in shown["text"]) == ("worried@example.org", True)
    assert act("steward1", "privacy_concern_list", state="open")["count"] == 1
    assert SECRET not in caplog.text
    assert "worried@" not in caplog.text
    assert SECRET not in str(model.Session.execute(sa.select(AuditEntry.data)).all())


def test_what_is_not_public_does_not_exist_for_who_reports():
    with pytest.raises(tk.ObjectNotFound):
        report(make_dataset()["id"])


@pytest.mark.parametrize("user", ["officer", "reader", ""])
def test_only_stewards_read_what_was_written(released, user):
    receipt = report(released["id"])
    for action, data in (
        ("show", {"id": receipt["id"]}),
        ("list", {}),
        ("resolve", {"id": receipt["id"], "reason": "x"}),
    ):
        with pytest.raises(tk.NotAuthorized):
            act(user, f"privacy_concern_{action}", **data)


def send(app, dataset_id, times, address):
    place, text = "/api/3/action/privacy_concern_create", {"dataset_id": dataset_id, "text": "Worrying."}
    return [app.post(place, json=text, environ_overrides={"REMOTE_ADDR": address}) for _ in range(times)]


def test_one_address_reports_a_few_times_an_hour(released, app):
    sent = send(app, released["id"], config["ckanext.privacy.concerns_per_hour"] + 1, "185.12.64.1")
    assert [answer.status_code for answer in sent[:-1]] == [200] * (len(sent) - 1)
    assert sent[-1].status_code == 409
    assert "wait an hour" in sent[-1].get_data(as_text=True)
    assert b"185.12.64.1" not in b"".join(connect_to_redis().keys("*privacy:concerns*"))
    assert send(app, released["id"], 1, "185.12.64.2")[0].status_code == 200


def test_one_sender_behind_a_proxy_does_not_silence_the_others(released, app, monkeypatch):
    """All have the proxy's address there: they share more."""
    monkeypatch.setitem(config, "ckanext.privacy.concerns_per_hour", 1)
    monkeypatch.setattr(concerns, "_TOGETHER", 3)
    for address in ("127.0.0.1", "10.0.0.7"):
        assert [answer.status_code for answer in send(app, released["id"], 4, address)] == [200, 200, 200, 409]


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "185.12.64.2"), (2, "185.12.64.1")])
def test_the_address_comes_from_as_many_proxies_as_the_site_names(proxies, seen):
    site = Flask("site")
    site.add_url_rule("/", view_func=lambda: tk.request.remote_addr)
    behind = get_plugin("privacy").make_middleware(site, {"ckanext.privacy.trusted_proxies": proxies})
    forwarded = {"X-Forwarded-For": "6.6.6.6, 185.12.64.1, 185.12.64.2"}
    assert behind.test_client().get("/", headers=forwarded).get_data(as_text=True) == seen


def test_a_steward_closes_at_once_and_shows_again(released):
    receipt = report(released["id"])
    held = act("steward2", "privacy_release_hold", id=released["release"]["id"], reason="Somebody is worried.")
    assert held["state"] == "held"
    assert not public_sees(released["id"])
    assert leak_check.find_leaks() == []
    assert act("", "privacy_concern_show", token=receipt["token"])["on_hold"]
    assert act("", "privacy_status_show", id=released["id"])["state"] == "held"
    act("officer", "package_patch", id=released["id"], name="another-name", url="https://example.org/new")
    settled = act("steward1", "privacy_concern_resolve", id=receipt["id"], reason="Nobody can be found in it.")
    assert (settled["state"], settled["outcome"], settled["contact"]) == ("resolved", "kept", None)
    assert public_sees(released["id"])
    shown = act("", "package_show", id=released["id"])
    assert (shown["name"], shown.get("url")) == (released["name"], released.get("url")), "exactly as it was"
    assert act("", "privacy_concern_show", token=receipt["token"])["answer"] == "Nobody can be found in it."
    events = [entry["event"] for entry in act("", "privacy_register_list")["results"]]
    assert events == ["resume", "hold", "release"]
    assert leak_check.find_leaks() == []


def test_the_answer_is_between_the_steward_and_who_reported(released, app):
    """The register says that a concern was looked into, and not a word of the answer."""
    receipt, second = report(released["id"]), report(released["id"])
    act("steward1", "privacy_release_hold", id=released["release"]["id"], reason="Somebody is worried.")
    answer = {"outcome": "kept", "reason": f"Dear Maria, {SECRET} is no number of yours."}
    act("steward1", "privacy_concern_resolve", id=second["id"], **answer)
    act("steward1", "privacy_concern_resolve", id=receipt["id"], **answer)
    third = report(released["id"])
    act("steward1", "privacy_concern_resolve", id=third["id"], **{**answer, "outcome": "taken_down"})
    assert SECRET in act("", "privacy_concern_show", token=third["token"])["answer"]
    told = act("", "privacy_register_list")
    assert [entry["event"] for entry in told["results"]] == ["withdraw", "resume", "hold", "release"]
    assert told["results"][0]["reason"].startswith("Somebody reported a concern;")
    shown = [app.get(path).get_data(as_text=True) for path in ("/privacy/register.atom", f"/dataset/{released['id']}")]
    assert SECRET not in json.dumps(told) + "".join(shown)


def test_a_second_concern_erases_what_the_first_took_down(released):
    first, second = report(released["id"]), report(released["id"])
    act("steward1", "privacy_concern_resolve", id=first["id"], outcome="taken_down", reason="You were right.")
    act("steward1", "privacy_concern_resolve", id=second["id"], outcome="taken_down", reason="It is gone.", erase=True)
    found = Release.get(released["release"]["id"])
    assert (found.state, found.snapshot["erased"], found.snapshot["resources"]) == ("withdrawn", True, {})


def test_who_asked_for_the_release_cannot_show_it_again(released):
    act("admin", "privacy_steward_add", username="officer", organization="city-lab")
    act("steward1", "privacy_release_hold", id=released["release"]["id"], reason="Somebody is worried.")
    with pytest.raises(tk.NotAuthorized):
        act("officer", "privacy_release_resume", id=released["release"]["id"], reason="It is fine.")
    assert not public_sees(released["id"])


def test_a_new_release_takes_the_place_of_one_on_hold(released):
    act("steward1", "privacy_release_hold", id=released["release"]["id"], reason="Somebody is worried.")
    act("officer", "package_patch", id=released["id"], notes_translated={"en": "Counted anew."})
    release(released["id"])
    assert public_sees(released["id"])
    assert Release.get(released["release"]["id"]).state == "superseded"


# The register ----------------------------------------------------------------------------------------------------


def test_the_register_is_a_page_a_feed_and_figures_by_month(released, app):
    act("steward1", "privacy_release_hold", id=released["release"]["id"], reason="Somebody is worried.")
    months = act("", "privacy_register_list")["months"]
    assert (len(months), months[-1]["counts"], months[0]["counts"]) == (12, {"release": 1, "hold": 1}, {})
    page = app.get("/privacy/register").get_data(as_text=True)
    assert "Somebody is worried." in page
    feed = app.get("/privacy/register.atom")
    assert feed.content_type.startswith("application/atom+xml")
    assert feed.get_data(as_text=True).count("<entry>") == 2
    only = app.get("/privacy/register.atom?event=hold").get_data(as_text=True)
    assert (only.count("<entry>"), "On hold" in only) == (1, True)


def test_everyone_reads_the_scanners_entry(app):
    entry = act("", "privacy_scanner_show")
    assert 0.5 < entry["recall"]["es"] <= 1
    assert entry["measured"]["sentences"]["fa"]["PERSON"]["recall"] < 0.5, "what it does badly is told as well"
    assert "update may go out by itself" in entry["decides"]
    assert {"en", "es", "hi"} <= set(entry["languages"])
    assert entry["known_misses"][0] in app.get("/privacy/about").get_data(as_text=True)


# Tombstones ------------------------------------------------------------------------------------------------------


def test_what_was_taken_down_leaves_a_tombstone_in_pages_api_and_feed(released, app):
    taken = {"id": released["release"]["id"], "reason": "People in the data can be recognised."}
    act("steward1", "privacy_release_withdraw", **taken)
    status = act("", "privacy_status_show", id=released["id"])
    assert (status["state"], status["released"], status["reason"]) == ("withdrawn", False, taken["reason"])
    for address in (released["id"], released["name"]):
        page = app.get(f"/dataset/{address}")
        assert (page.status_code, taken["reason"] in page.get_data(as_text=True)) == (410, True)
        assert released["title"] not in page.get_data(as_text=True)
    rdf = app.get(f"/dataset/{released['id']}.ttl")
    assert (rdf.status_code, "Withdrawn" in rdf.get_data(as_text=True)) == (410, True)
    catalog = Graph().parse(data=app.get("/catalog.ttl").get_data(as_text=True), format="turtle")
    (record,) = catalog.subjects(RDF.type, DCAT.CatalogRecord)
    dataset = catalog.value(record, FOAF.primaryTopic)
    assert str(dataset).endswith(released["id"])
    assert (dataset, RDF.type, DCAT.Dataset) not in catalog, "a harvester must not find it among the datasets"


def test_what_was_never_public_leaves_no_trace(app):
    dataset = make_dataset()
    assert app.get(f"/dataset/{dataset['id']}").status_code == 404
    with pytest.raises(tk.ObjectNotFound):
        act("", "privacy_status_show", id=dataset["id"])


def test_a_release_after_all_ends_the_tombstone(released, app):
    act("steward1", "privacy_release_withdraw", id=released["release"]["id"], reason="Wrong file.")
    release(released["id"])
    assert app.get(f"/dataset/{released['name']}").status_code == 200
    assert "Withdrawn" not in app.get("/catalog.ttl").get_data(as_text=True)


# Erasing ---------------------------------------------------------------------------------------------------------

WITH_SECRET = "point,note\n" + "".join(f"W{n},{SECRET if n == 7 else 'dry'}\n" for n in range(40))


def places_with(word: str, since: float = STARTED) -> list[str]:
    """Everywhere a word can be found: every table of both databases, the storage folder, Solr, Redis."""
    model.Session.rollback()
    found = []
    for name, engine in (("database", model.ensure_engine()), ("datastore", get_write_engine())):
        with engine.connect() as connection:
            tables = sa.text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
            for table in connection.execute(tables).scalars().all():
                query = f"SELECT count(*) FROM {table} AS t WHERE t::text ILIKE :word"
                if connection.execute(sa.text(query), {"word": f"%{word}%"}).scalar():
                    found.append(f"{name}: {table}")
    # The folder outlives a run of the tests; what an earlier run left in it is not this one's.
    files = (each for each in Path(config["ckan.storage_path"]).rglob("*") if each.is_file())
    files = (each for each in files if each.stat().st_mtime >= since)
    found += [f"storage: {path}" for path in files if word.encode() in path.read_bytes()]
    if word in str(make_connection().search("*:*", rows=1000, fl="*").docs):
        found.append("solr")
    redis = connect_to_redis()
    found += [f"redis: {key}" for key in redis.keys("*") if word.encode() in (redis.dump(key) or b"")]
    return found


def test_erasing_reaches_every_place():
    """The word is in cells and columns, names of files, resources and the dataset, its text, and what people wrote."""
    told = {"title_translated": {"en": f"Water of {SECRET}"}, "notes_translated": {"en": f"About {SECRET}."}}
    dataset = make_dataset(WITH_SECRET, f"{SECRET}.csv", name=f"about-{SECRET}", **told)
    rows = act(
        "officer",
        "datastore_create",
        resource={"package_id": dataset["id"], "name": f"Rows {SECRET}"},
        fields=[{"id": f"note_{SECRET}", "type": "text"}],
        records=[{f"note_{SECRET}": SECRET}],
    )
    add_file(dataset["id"], b"%PDF-1.4 nothing", f"{SECRET}.pdf")
    refused = request(dataset["id"], note=f"Please, {SECRET} waits.")
    assert SECRET in json.dumps(refused["reasons"]), "the reason that holds it names the file"
    act("steward1", "privacy_release_return", id=refused["id"], reason=f"Not with {SECRET}.")
    act("officer", "resource_delete", id=act("officer", "package_show", id=dataset["id"])["resources"][-1]["id"])
    first = release(dataset["id"])
    receipt = report(dataset["id"])
    assert {"database: privacy_release", "database: activity"} <= set(places_with(SECRET))
    # It is down when the officers put their working copy right; what was released before is still there.
    act("steward1", "privacy_release_withdraw", id=first["id"], reason=f"{SECRET} can be recognised.")
    put_right(dataset, rows["resource_id"])
    assert len(places_with(SECRET)) > 3
    answer = {"id": receipt["id"], "outcome": "taken_down", "reason": "You were right.", "erase": True}
    assert act("steward1", "privacy_concern_resolve", **answer)["message"] is None
    assert places_with(SECRET) == []
    assert Release.get(first["id"]).state == "withdrawn"
    assert Concern.get(receipt["id"]).answer == "You were right."
    assert act("", "privacy_status_show", id=dataset["id"])["reason"].startswith("Somebody reported a concern;")
    assert audit.verify()["ok"]
    assert release(dataset["id"])["state"] == "released", "What was put right can be released."


def put_right(dataset, rows_id) -> None:
    """Take the word out of everything that the officers can change."""
    file = {
        "id": dataset["resources"][0]["id"],
        "name": "Water",
        "upload": upload(WITH_SECRET.replace(SECRET, "dry"), "w.csv"),
    }
    act("officer", "resource_patch", **file)
    act("officer", "resource_delete", id=rows_id)
    for gone in model.Session.query(model.Resource).filter_by(package_id=dataset["id"], state="deleted"):
        gone.purge()
    model.Session.commit()
    told = {"title_translated": {"en": "Water"}, "notes_translated": {"en": "About water."}}
    act("officer", "package_patch", id=dataset["id"], name="put-right", **told)
    act("officer", "privacy_scan_create", id=dataset["id"])


def test_a_request_for_what_is_erased_is_taken_back(released):
    """One that is for other files stays, and the answer says so."""
    act("officer", "package_patch", id=released["id"], notes_translated={"en": "Counted anew."})
    asked = request(released["id"])
    taken = {"id": released["release"]["id"], "reason": "Asked for.", "erase": True}
    assert act("steward1", "privacy_release_withdraw", **taken)["message"] is None
    assert (Release.get(asked["id"]).state, Release.get(asked["id"]).snapshot["resources"]) == ("cancelled", {})
    file = released["resources"][0]["id"]
    act("officer", "resource_patch", id=file, upload=upload(WITH_SECRET, "water.csv"))
    waits = request(released["id"])
    assert "stays" in act("steward1", "privacy_release_withdraw", **taken)["message"]
    assert Release.get(waits["id"]).snapshot["resources"][file]["sha256"]


@pytest.mark.parametrize("step", ["reject", None])
def test_what_was_never_public_is_erased_on_demand(step):
    """Whatever became of a request, and while it waits; a version that is public meanwhile stays as it is."""
    began = time.time()
    dataset = make_dataset(WITH_SECRET, notes_translated={"en": f"About {SECRET}."})
    asked = request(dataset["id"], note=f"For {SECRET}.")
    if step:
        act("steward1", f"privacy_release_{step}", id=asked["id"], reason=SECRET)
    act("officer", "resource_patch", id=dataset["resources"][0]["id"], upload=upload("a,b\n1,2\n", "water.csv"))
    act("officer", "package_patch", id=dataset["id"], notes_translated={"en": "About water."})
    public = release(dataset["id"]) if step else None
    with pytest.raises(tk.NotAuthorized):
        act("officer", "privacy_release_withdraw", id=asked["id"], reason="Mine.", erase=True)
    answer = act("steward1", "privacy_release_withdraw", id=asked["id"], reason="Asked for.", erase=True)
    assert places_with(SECRET, since=began) == []
    assert Release.get(asked["id"]).snapshot["erased"]
    assert bool(answer["message"]) is bool(public)
    assert public_sees(dataset["id"]) is bool(public)
    assert leak_check.find_leaks() == []


def test_a_steward_erases_on_the_page_of_what_has_ended(released, app, community):
    """What was refused has a form for it; the page says what stays, and offers it once."""
    act("officer", "package_patch", id=released["id"], notes_translated={"en": "Counted anew."})
    asked = request(released["id"])
    act("steward1", "privacy_release_reject", id=asked["id"], reason="No.")
    steward = {"Authorization": community["steward1"]["token"]}
    address = f"/privacy/release/{asked['id']}"
    assert f'{address}/erase"' in app.get(address, headers=steward).get_data(as_text=True)
    page = app.post(f"{address}/erase", data={"picked": "0"}, headers=steward).get_data(as_text=True)
    assert "Another version of this dataset is public" in page
    assert f'{address}/erase"' not in page
    assert public_sees(released["id"])


def test_purging_a_dataset_erases_what_the_gate_kept_of_it(app):
    dataset = make_dataset(WITH_SECRET, name=f"about-{SECRET}", notes_translated={"en": f"About {SECRET}."})
    made = release(dataset["id"])
    act("officer", "package_patch", id=dataset["id"], version=SECRET)
    request(dataset["id"], note=SECRET)
    act("sysadmin", "dataset_purge", id=dataset["id"])
    kept = [place for place in places_with(SECRET) if "privacy" in place or "solr" in place]
    assert kept == []
    stone = app.get(f"/dataset/{dataset['id']}")
    assert (stone.status_code, "was purged" in stone.get_data(as_text=True)) == (410, True)
    told = sa.select(AuditEntry.event).where(AuditEntry.data["package"].astext == dataset["id"])
    assert "release.erased" in model.Session.scalars(told).all()
    assert audit.verify()["ok"]
    assert Release.get(made["id"]).snapshot["erased"]


def test_mails_wait_in_the_queue_without_a_word_about_the_dataset(released, monkeypatch):
    """What they say is looked up when they are sent: a queue keeps its jobs, and erasing does not reach there."""
    monkeypatch.setitem(config, "smtp.server", "localhost")
    monkeypatch.setitem(config, "smtp.mail_from", "catalogue@example.org")
    sent = []
    monkeypatch.setattr(notify, "mail_user", lambda user, subject, body: sent.append((user.name, subject, body)))
    told = {"title_translated": {"en": f"Water of {SECRET}"}}
    asked = request(make_dataset(name="mailed", **told)["id"])
    assert {name for name, _, _ in sent} == {"steward1", "steward2"}
    assert all(SECRET in subject and "/dataset/" in body for _, subject, body in sent)
    act("steward1", "privacy_release_reject", id=asked["id"], reason="No.")
    assert not [place for place in places_with(SECRET) if "redis" in place]
    act("steward1", "privacy_release_withdraw", id=asked["id"], reason="Asked for.", erase=True)
    report(released["id"])
    sent.clear()
    work()
    assert sent
    assert SECRET not in str(sent)


def test_what_was_only_scanned_is_erased_too(released):
    late = add_file(released["id"], WITH_SECRET, "late.csv")
    request(released["id"])
    act("officer", "privacy_release_cancel", id=Release.open(released["id"]).id)
    act("officer", "resource_delete", id=late["id"])
    act("steward1", "privacy_release_withdraw", id=released["release"]["id"], reason="Asked for.", erase=True)
    released_bytes = Path(config["ckan.storage_path"]) / "privacy"
    assert [path for path in released_bytes.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()] == []


def test_bytes_that_another_dataset_shows_stay_and_the_answer_says_so(released):
    other = make_dataset()
    release(other["id"])
    taken = {"id": released["release"]["id"], "reason": "Asked for.", "erase": True}
    answer = act("steward1", "privacy_release_withdraw", **taken)
    assert other["name"] in answer["message"]
    file = act("", "package_show", id=other["id"])["resources"][0]
    assert leak_check.find_leaks() == []
    assert Release.public(other["id"]).snapshot["resources"][file["id"]]["sha256"]
    act("steward1", "privacy_release_withdraw", id=Release.public(other["id"]).id, reason="Asked for.", erase=True)
    assert json.dumps(Release.latest(other["id"]).snapshot["resources"]) == "{}"


def test_editors_cannot_erase(released):
    with pytest.raises(tk.NotAuthorized):
        act("officer", "privacy_release_withdraw", id=released["release"]["id"], reason="Mine.", erase=True)
    assert public_sees(released["id"])
