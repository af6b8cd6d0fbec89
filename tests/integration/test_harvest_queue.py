"""The same runs through ckanext-harvest's queue: what its consumers, its cron command and a crash do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from ckan import model
from ckan.cli.cli import ckan
from ckan.lib.search.common import SearchIndexError
from ckan.plugins import toolkit as tk
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject
from portals import records
from portals.replay import replay
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from support.breaking import postgresql_gone_at, without_redis, without_solr

from ckanext.cityportals import batch, running, saving
from ckanext.privacy.gate import store

pytestmark = pytest.mark.usefixtures("clean_site")


@pytest.fixture
def source(community: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A source of twelve records in batches of five."""
    with replay() as site, pytest.MonkeyPatch.context() as patch:
        patch.setitem(tk.config, "ckanext.cityportals.batch_size", 5)
        site.serve_catalogue([records.hub(number, title=f"Layer {number}") for number in range(1, 13)])
        made = tk.get_action("harvest_source_create")(
            {"user": "officer"},
            {"name": "hub", "title": "Hub", "url": site.url, "source_type": "arcgis-hub", "frequency": "MANUAL",
             "owner_org": community["organization"]["id"]},
        )  # fmt: skip
        tk.get_action("cityportals_source_approve")({"user": "editor"}, {"id": made["id"]})
        yield made | {"site": site}


def start(source: dict[str, Any]) -> str:
    return tk.get_action("harvest_job_create")({"user": "officer", "model": model}, {"source_id": source["id"]})["id"]


def consume(consumer: Any, callback: Any) -> int:
    """Take everything from a queue, as a consumer process does; how many messages there were."""
    taken = 0
    while True:
        method, header, body = consumer.basic_get(queue="")
        if body is None:
            return taken
        consumer.redis.set(consumer.persistance_key(body), "2026-01-01 00:00:00.0")
        callback(consumer, method, header, body)
        taken += 1


def gather() -> int:
    return consume(queue.get_gather_consumer(), queue.gather_callback)


def fetch() -> int:
    return consume(queue.get_fetch_consumer(), queue.fetch_callback)


def cron() -> None:
    """What ``ckan harvester run`` does."""
    tk.get_action("harvest_jobs_run")(
        {"ignore_auth": True, "user": "sysadmin", "model": model, "session": model.Session}, {}
    )


def count() -> int:
    model.Session.rollback()
    return model.Session.query(model.Package).filter_by(type="dataset").count()


def report(source: dict[str, Any]) -> dict[str, Any]:
    return tk.get_action("cityportals_report_show")({"user": "officer"}, {"id": source["id"]})


def test_a_queued_run_is_one_message_a_batch_and_ends(source: dict[str, Any]):
    job = start(source)
    assert gather() == 1
    assert report(source)["state"] == "running"
    assert fetch() == 3
    cron()
    assert HarvestJob.get(job).status == "Finished"
    done = report(source)
    assert (done["added"], done["complete"], done["state"]) == (12, True, "finished")
    stats = tk.get_action("harvest_job_show")({"user": "officer", "model": model}, {"id": job})["stats"]
    assert stats["added"] == 12


def test_the_cron_command_during_a_run_doubles_nothing(source: dict[str, Any]):
    start(source)
    gather()
    cron()
    cron()
    fetch()
    assert count() == 12


@pytest.mark.parametrize(
    "step",
    [
        "portals.dcat_us.paged",  # before the first record
        "reading.Reader._take",  # in the middle of the catalogue
        "gathering.reconcile",  # all read, nothing planned
        "gathering._wake",  # planned, not handed on
        "gathering.errors_of",  # committed, no message sent
    ],
)
def test_a_gathering_that_was_killed_starts_afresh(source: dict[str, Any], monkeypatch: pytest.MonkeyPatch, step: str):
    """Killed at any step: the next consumer reads again, and nothing is lost or doubled."""
    job = start(source)
    with monkeypatch.context() as patch:
        patch.setattr(f"ckanext.cityportals.{step}", _killed)
        with pytest.raises(KeyboardInterrupt):
            gather()
    queue.get_gather_publisher().send({"harvest_job_id": job})
    assert gather() == 1
    fetch()
    cron()
    assert count() == 12
    assert (report(source)["added"], report(source)["state"]) == (12, "finished")


def _killed(*args: Any, **kwargs: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["importing.save_all", "showing.send", "importing._forget_changed"])
def test_a_batch_whose_consumer_was_killed_is_saved_once(
    source: dict[str, Any], monkeypatch: pytest.MonkeyPatch, step: str
):
    """Killed before, while or after it was written: all of the batch or nothing of it is there, and later all of it."""
    start(source)
    gather()
    with monkeypatch.context() as patch:
        patch.setattr(f"ckanext.cityportals.{step}", _killed)
        with pytest.raises(KeyboardInterrupt):
            fetch()
    model.Session.rollback()
    assert count() in (0, 5)
    _requeue_unfinished()
    fetch()
    cron()
    assert count() == 12
    assert report(source)["added"] == 12
    found = tk.get_action("package_search")({"ignore_auth": True}, {"include_private": True, "rows": 0})
    assert found["count"] == 12


@pytest.mark.parametrize(
    "gone",
    [without_solr(), postgresql_gone_at(1), postgresql_gone_at(60), postgresql_gone_at(120)],
    ids=["Solr", "PostgreSQL", "PostgreSQL in a batch", "PostgreSQL later in a batch"],
)
def test_a_batch_while_a_service_is_gone_is_saved_once_when_it_is_back(source: dict[str, Any], gone: Any):
    """The consumer says what it met, or dies of it; the public sees nothing, and later all of it is there."""
    start(source)
    gather()
    with gone, suppress(SearchIndexError, DBAPIError, PendingRollbackError, OSError):
        fetch()
    model.Session.remove()
    _requeue_unfinished()
    fetch()
    cron()
    if count() < 12:
        start(source)
        gather()
        fetch()
        cron()
    assert (count(), report(source)["complete"]) == (12, True)
    assert tk.get_action("package_search")({"user": ""}, {})["count"] == 0
    found = tk.get_action("package_search")({"ignore_auth": True}, {"include_private": True, "rows": 0})
    assert found["count"] == 12


def test_a_harvest_asks_no_release_store(source: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "storage", lambda: pytest.fail("The release store was asked."))
    start(source)
    gather()
    fetch()
    assert count() == 12


def test_a_run_asked_for_without_redis_is_handed_over_when_it_is_back(source: dict[str, Any]):
    with without_redis(), suppress(RedisError):
        start(source)
        cron()
    model.Session.remove()
    (job,) = model.Session.query(HarvestJob)
    job.created -= running.NOT_BEGUN * 2
    model.Session.commit()
    cron()
    cron()
    assert gather() == 1, "Its message is there once."
    fetch()
    cron()
    assert (count(), report(source)["complete"]) == (12, True)


def _requeue_unfinished() -> None:
    """As ckanext-harvest does with what was taken from the queue and never acknowledged."""
    connection = queue.get_connection()
    for key in connection.keys(queue.get_fetch_routing_key() + ":*"):
        queue.get_fetch_publisher().send({"harvest_object_id": key.rpartition(":")[2]})


def test_a_batch_delivered_twice_is_saved_once(source: dict[str, Any]):
    start(source)
    gather()
    leaders = [each.id for each in model.Session.query(HarvestObject).filter_by(state="WAITING")]
    fetch()
    for leader in leaders:
        queue.get_fetch_publisher().send({"harvest_object_id": leader})
    fetch()
    assert count() == 12
    assert model.Session.query(HarvestObject).filter_by(current=True).count() == 12


def test_a_batch_that_was_given_up_does_not_keep_its_job_running(source: dict[str, Any]):
    job = start(source)
    gather()
    for leader in model.Session.query(HarvestObject).filter_by(state="WAITING"):
        leader.retry_times = 4
    model.Session.commit()
    fetch()
    cron()
    assert HarvestJob.get(job).status == "Finished"
    assert len([each for each in report(source)["errors"] if "five attempts" in each["reason"]]) == 9


@pytest.mark.parametrize("step", ["checked", "written"])
def test_a_record_that_is_refused_costs_only_itself_and_says_why(
    source: dict[str, Any], monkeypatch: pytest.MonkeyPatch, step: str
):
    """Whether this site's schema refuses it or the database does."""
    check, package = saving._check, batch._package

    def refuse_one(record: Any, *arguments: Any) -> Any:
        dataset, errors = check(record, *arguments)
        bad = {"name": ["of someone@example.org"]} if record.fields["title"] == "Layer 3" else errors
        return dataset, bad

    def fail_one(dataset: Any, *arguments: Any) -> Any:
        if dataset["title"] == "Layer 3":
            raise ValueError("of someone@example.org")
        return package(dataset, *arguments)

    start(source)
    gather()
    if step == "checked":
        monkeypatch.setattr("ckanext.cityportals.saving._check", refuse_one)
    else:
        monkeypatch.setattr("ckanext.cityportals.batch._package", fail_one)
    fetch()
    cron()
    done = report(source)
    assert done["added"] == count() == 11
    assert len(done["errors"]) == 1
    assert "does not fit" in done["errors"][0]["reason"] or "could not be saved" in done["errors"][0]["reason"]
    assert "someone@example.org" not in done["errors"][0]["reason"]


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What is mailed about runs that had errors; the site's administrator has an address."""
    sent: list[dict[str, str]] = []
    monkeypatch.setattr("ckan.lib.mailer.mail_recipient", lambda **mail: sent.append(mail))
    monkeypatch.setitem(tk.config, "ckan.harvest.status_mail.errored", True)
    model.User.get("sysadmin").email = "root@example.org"
    model.Session.commit()
    return sent


def test_a_run_that_failed_is_mailed_once_with_its_reason(
    app: Any, source: dict[str, Any], mails: list[dict[str, str]]
):
    """The portal is gone, then it is back."""
    listed, source["site"].answers = source["site"].answers, {}
    for answers, said in (({}, ["status 404"]), (listed, [])):
        mails.clear()
        source["site"].answers = answers
        start(source)
        gather()
        fetch()
        with app.flask_app.test_request_context():
            cron()
            cron()
        to_root = [mail["body"] for mail in mails if mail["recipient_email"] == "root@example.org"]
        assert len(to_root) == len(said)
        assert all(word in body for word, body in zip(said, to_root, strict=True))


def test_a_run_on_the_command_line_mails_too(cli: Any, source: dict[str, Any], mails: list[dict[str, str]]):
    source["site"].answers = {}
    done = cli.invoke(ckan, ["cityportals", "run", source["name"]])
    assert done.exit_code == 0, done.output
    assert "status 404" in mails[0]["body"]
    for command in ("preview", "watch"):
        refused = cli.invoke(ckan, ["cityportals", command, "nope"])
        assert refused.exit_code == 1
        assert "no harvest source 'nope'" in refused.output
