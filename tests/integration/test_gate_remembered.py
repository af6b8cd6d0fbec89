"""What is remembered while a session only reads, and that no write leaves it behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import helpers
from ckanext.activity.model import Activity

from ckanext.privacy.gate import audience, remembered, working

pytestmark = pytest.mark.usefixtures("community")

ASKED_BY_ACTIVITIES = {"ignore_auth": True, "for_view": False}


@pytest.fixture
def dataset(community) -> dict:
    """A dataset of the officer that was never released."""
    organization = community["organization"]["id"]
    return helpers.call_action(
        "package_create", {"user": "officer"}, name="wells", title="Wells", owner_org=organization
    )


def _member() -> sa.ColumnElement[bool]:
    officer = model.User.get("officer")
    return sa.and_(model.Member.table_id == officer.id, model.Member.table_name == "user")


def leave_by_object() -> None:
    member = model.Session.scalars(sa.select(model.Member).where(_member())).one()
    member.state = "deleted"
    model.Session.flush()


def leave_by_statement() -> None:
    model.Session.query(model.Member).filter(_member()).update({"state": "deleted"}, synchronize_session=False)


def leave_by_deletion() -> None:
    model.Session.query(model.Member).filter(_member()).delete(synchronize_session=False)


def leave_by_sql_and_commit() -> None:
    model.Session.execute(sa.text("UPDATE member SET state = 'deleted' WHERE capacity = 'editor'"))
    model.Session.commit()


@pytest.mark.parametrize("leave", [leave_by_object, leave_by_statement, leave_by_deletion, leave_by_sql_and_commit])
def test_who_leaves_an_organisation_works_on_nothing_of_it(dataset, leave: Callable[[], None]):
    officer, package = model.User.get("officer"), model.Package.get(dataset["id"])
    assert audience.works_on(officer, package)

    leave()

    assert not audience.works_on(officer, package)


def test_a_rollback_forgets(dataset):
    """What was true in a transaction that did not happen must not outlive it."""
    officer, package = model.User.get("officer"), model.Package.get(dataset["id"])
    leave_by_object()
    assert not audience.works_on(officer, package)

    model.Session.rollback()

    assert audience.works_on(officer, package)


def test_a_savepoint_that_is_rolled_back_forgets(dataset):
    officer, package = model.User.get("officer"), model.Package.get(dataset["id"])
    savepoint = model.Session.begin_nested()
    leave_by_object()
    assert not audience.works_on(officer, package)

    savepoint.rollback()

    assert audience.works_on(officer, package)


def test_a_question_is_asked_once_while_nothing_is_written():
    asked: list[int] = []

    answers = [remembered.once("question", lambda: asked.append(1) or "answer") for _ in range(3)]

    assert (answers, len(asked)) == (["answer"] * 3, 1)


@pytest.mark.parametrize("change", ["package_patch", "package_update", "package_revise"])
def test_the_activity_stream_keeps_what_was_saved(dataset, change: str):
    """The activity's copy of the dataset is the one that package_show answers with after the save."""
    wanted = {"title": f"Wells, by {change}", "resources": [{"name": "Map", "url": "https://example.org/map.csv"}]}
    data = {"match": {"id": dataset["id"]}, "update": wanted} if change == "package_revise" else {**dataset, **wanted}
    helpers.call_action(change, {"user": "officer"}, **data)

    newest = sa.select(Activity).where(Activity.object_id == dataset["id"]).order_by(Activity.timestamp.desc()).limit(1)
    told = model.Session.scalars(newest).one()

    shown = helpers.call_action("package_show", {"user": "officer"}, id=dataset["id"])
    assert (told.activity_type, told.data["package"]) == ("changed package", shown)
    assert told.data["package"]["title"] == wanted["title"]


def _ask(dataset: dict, **context: object) -> dict | None:
    data = {"id": dataset["id"], "include_tracking": False}
    return working.just_saved({**ASKED_BY_ACTIVITIES, **context}, data)


def test_what_was_saved_is_given_once_and_as_a_copy(dataset):
    shown = helpers.call_action("package_show", {"user": "officer"}, id=dataset["id"])
    working.keep(shown)
    shown["title"] = "changed by whoever got the answer"

    first, second = _ask(dataset), _ask(dataset)

    assert first is not None
    assert (first["title"], second) == ("Wells", None)


@pytest.mark.parametrize("write", ["model", "sql"])
def test_what_was_saved_is_forgotten_with_a_write_past_the_actions(dataset, write: str):
    working.keep(helpers.call_action("package_show", {"user": "officer"}, id=dataset["id"]))

    if write == "model":
        model.Package.get(dataset["id"]).title = "By the model"
        model.Session.flush()
    else:
        with model.meta.engine.begin() as elsewhere:
            elsewhere.execute(sa.text("UPDATE package SET title = 'By SQL', metadata_modified = now()"))
        model.Session.expire_all()

    assert _ask(dataset) is None


@pytest.mark.parametrize("context", [{"ignore_auth": False}, {"for_view": True}])
def test_what_was_saved_is_for_nobody_else(dataset, context: dict):
    working.keep(helpers.call_action("package_show", {"user": "officer"}, id=dataset["id"]))

    assert _ask(dataset, **context) is None
