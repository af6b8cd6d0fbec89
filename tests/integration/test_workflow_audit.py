"""The audit log: nothing can be changed, left out or put in without the chain showing it."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from support.agreeing import agree
from support.releases import act, make_dataset, release

from ckanext.privacy.model import AuditEntry
from ckanext.privacy.workflow import audit

pytestmark = pytest.mark.usefixtures("community")


@pytest.fixture
def log():
    for number in range(5):
        audit.record("test", "thing", f"thing-{number}", {"number": number, "what": "ünïcode"}, None)
    model.Session.commit()
    length = audit.verify()["length"]
    model.Session.rollback()
    return length


def behind_the_triggers(statement: str) -> None:
    """Do what only the database's owner can: change the log itself."""
    model.Session.rollback()
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text(statement))


def test_an_untouched_log_verifies(log):
    found = audit.verify()
    assert (found["ok"], found["first_broken"]) == (True, None)
    assert audit.head() == {"length": log, "head": found["head"]}


@pytest.mark.parametrize(
    "statement", ["UPDATE privacy_audit SET event = 'x'", "DELETE FROM privacy_audit", "TRUNCATE privacy_audit"]
)
def test_the_database_refuses_every_change(log, statement):
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), model.ensure_engine().begin() as connection:
        connection.execute(sa.text(statement))
    assert audit.verify()["length"] == log


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE privacy_audit SET actor = 'somebody' WHERE seq = {n}",
        """UPDATE privacy_audit SET data = '{{"number": 9}}' WHERE seq = {n}""",
        "DELETE FROM privacy_audit WHERE seq = {n}",
        "UPDATE privacy_audit SET seq = seq + 100 WHERE seq >= {n}",
    ],
)
def test_a_tampered_log_names_the_first_broken_entry(log, statement):
    number = log - 2
    behind_the_triggers(statement.format(n=number))
    found = act("sysadmin", "privacy_audit_verify")
    assert (found["ok"], found["first_broken"]) == (False, number)


@pytest.mark.parametrize("step", ["release", "agreement"])
def test_a_log_whose_end_was_cut_off_does_not_verify(log, step):
    """The chain still fits, but releases and agreements tell of steps that are not in it."""
    dataset = make_dataset()
    if step == "release":
        release(dataset["id"])
    else:
        agree(dataset["id"])
    assert audit.verify()["ok"]
    behind_the_triggers(f"DELETE FROM privacy_audit WHERE seq >= {audit.verify()['length']}")
    found = act("sysadmin", "privacy_audit_verify")
    assert (found["ok"], found["first_broken"]) == (False, found["length"] + 1)


def test_writers_at_the_same_moment_leave_no_gap(log):
    def write(number):
        for _ in range(5):
            audit.record("race", "thing", str(number), {}, None)
            model.Session.commit()
        model.Session.remove()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert audit.verify() | {"head": ""} == {"ok": True, "length": log + 20, "head": "", "first_broken": None}


def test_what_is_rolled_back_was_never_in_the_log(log):
    audit.record("test", "thing", "undone", {}, None)
    model.Session.rollback()
    assert audit.verify()["length"] == log


def test_an_entry_holds_nothing_that_the_database_would_round():
    with pytest.raises(TypeError):
        audit.record("test", "thing", "1", {"share": 0.1}, None)
    model.Session.rollback()


def test_stewards_read_what_concerns_their_organization(log):
    assert {entry["event"] for entry in act("steward1", "privacy_audit_list")["results"]} == {"steward.added"}
    found = act("sysadmin", "privacy_audit_list", event="test", limit=2)
    assert (found["count"], [entry["object_id"] for entry in found["results"]]) == (5, ["thing-4", "thing-3"])
    for user in ("officer", "reader", ""):
        with pytest.raises(tk.NotAuthorized):
            act(user, "privacy_audit_list")


def test_every_entry_carries_the_hash_before_it(log):
    rows = model.Session.scalars(sa.select(AuditEntry).order_by(AuditEntry.seq)).all()
    assert [row.prev_hash for row in rows] == [audit.GENESIS, *(row.hash for row in rows[:-1])]
