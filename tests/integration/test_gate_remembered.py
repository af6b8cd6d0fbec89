"""What is remembered while a session only reads, and that no write leaves it behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers
from ckanext.activity.model import Activity

from ckanext.privacy.gate import audience, labels, remembered, working
from ckanext.privacy.logic.chained import auth

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
    assert audience.works_on_named(officer, "wells")

    leave()

    assert not audience.works_on(officer, package)
    assert not audience.works_on_named(officer, "wells")


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


@pytest.fixture
def people(community) -> dict[str, str]:
    """Accounts by what ties them to the officer's datasets."""
    organization = community["organization"]["id"]
    above = factories.Organization()
    helpers.call_action("member_create", id=organization, object=above["id"], object_type="group", capacity="public")
    tied = {each: factories.User()["name"] for each in ("above", "edits above", "collaborates", "looks on", "member")}
    for who, where, role in (
        ("above", above["id"], "admin"),
        ("edits above", above["id"], "editor"),
        ("member", organization, "member"),
    ):
        helpers.call_action("member_create", id=where, object=tied[who], object_type="user", capacity=role)
    return {**tied, **{each: each for each in ("officer", "admin", "steward1", "reader")}}


WORKS = {"officer", "admin", "steward1", "above", "collaborates"}


def test_who_works_on_a_dataset_is_whoever_has_a_label_of_it(dataset, people):
    """What is asked in one statement, by id or name, says the same as all labels that CKAN would gather."""
    for who, capacity in (("collaborates", "editor"), ("looks on", "member")):
        user = model.User.get(people[who])
        helpers.call_action("package_collaborator_create", id=dataset["id"], user_id=user.id, capacity=capacity)
    package = model.Package.get(dataset["id"])
    of_dataset = set(labels.working_labels(package))

    for who, name in people.items():
        user = model.User.get(name)
        answers = []
        for ask in (
            lambda user=user: audience.works_on(user, package),
            lambda user=user: audience.works_on_named(user, package.id),
            lambda user=user: audience.works_on_named(user, package.name),
            lambda user=user: bool(of_dataset.intersection(labels.user_labels(user))),
        ):
            model.Session.rollback()  # nothing is remembered
            answers.append(ask())
        assert answers == [who in WORKS] * 4, who


def test_who_made_a_dataset_without_organisation_works_on_it(dataset, people):
    package = model.Package.get(dataset["id"])
    package.owner_org = None
    model.Session.flush()

    assert audience.works_on_named(model.User.get("officer"), package.id)
    assert not audience.works_on_named(model.User.get("admin"), package.id)


def test_an_id_goes_before_a_name(dataset, community):
    """Somebody's own dataset, named as another's id is, opens nothing."""
    stranger = factories.User()
    own = factories.Organization(users=[{"name": stranger["name"], "capacity": "admin"}])
    helpers.call_action("package_create", {"user": stranger["name"]}, name="decoy", owner_org=own["id"])
    taken = model.package_table.update().where(model.package_table.c.name == "decoy").values(name=dataset["id"])
    model.Session.execute(taken)

    assert not audience.works_on_named(model.User.get(stranger["name"]), dataset["id"])


def test_a_name_that_is_anothers_id_is_not_remembered(dataset, community):
    """Who may change the dataset of that name is not taken for somebody who works on the one with that id."""
    stranger = factories.User()
    own = factories.Organization(users=[{"name": stranger["name"], "capacity": "admin"}])
    decoy = helpers.call_action("package_create", {"user": stranger["name"]}, name="decoy", owner_org=own["id"])
    model.Session.execute(
        model.package_table.update().where(model.package_table.c.name == "decoy").values(name=dataset["id"])
    )
    context = {"user": stranger["name"], "auth_user_obj": model.User.get(stranger["name"])}

    assert tk.check_access("package_update", context, {"id": decoy["id"]})
    with pytest.raises(tk.ObjectNotFound):
        helpers.call_action("package_show", {**context, "ignore_auth": False}, id=dataset["id"])


def test_rules_of_other_plugins_are_asked_of_everybody(dataset):
    def refuses(context, data_dict):
        return {"success": False}

    for function in (auth.package_show, auth.package_update):
        assert not function(refuses, {"user": "officer"}, {"id": dataset["id"]})["success"]


def test_other_plugins_cannot_let_in_who_does_not_work_on_it(dataset):
    def lets_in(context, data_dict):
        return {"success": True}

    assert not auth.package_update(lets_in, {"user": "reader"}, {"id": dataset["id"]})["success"]


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
