"""What ends a release: deletion, unpublishing, purging, another organisation. Nothing revives it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib.search import rebuild
from ckan.lib.search.common import make_connection
from ckan.tests import factories, helpers
from click.testing import CliRunner
from support.releasing import end, release
from werkzeug.datastructures import FileStorage

from ckanext.privacy.cli import privacy
from ckanext.privacy.gate import leak_check, store
from ckanext.privacy.model import AuditEntry, Edit, Release
from ckanext.privacy.workflow import publishing

SYSADMIN = {"user": "sysadmin"}


@pytest.fixture
def dataset(community):
    """A released dataset of the officer with one file."""
    officer = {"user": "officer"}
    package = helpers.call_action(
        "package_create", officer, name="rainfall", title="Rain", owner_org=community["organization"]["id"]
    )
    upload = FileStorage(io.BytesIO(b"year,mm\n2020,81\n"), filename="rain.csv")
    helpers.call_action(
        "resource_create", officer, package_id=package["id"], name="Rain", url="rain.csv", upload=upload
    )
    release(package["id"])
    return helpers.call_action("package_show", officer, id=package["id"])


def delete(dataset: dict) -> None:
    helpers.call_action("package_delete", SYSADMIN.copy(), id=dataset["id"])


def unpublish(dataset: dict) -> None:
    helpers.call_action("package_patch", SYSADMIN.copy(), id=dataset["id"], state="draft")


def purge(dataset: dict) -> None:
    helpers.call_action("dataset_purge", SYSADMIN.copy(), id=dataset["id"])


def move(dataset: dict) -> None:
    other = factories.Organization()
    helpers.call_action("package_owner_org_update", SYSADMIN.copy(), id=dataset["id"], organization_id=other["id"])


def delete_in_the_model(dataset: dict) -> None:
    package = model.Package.get(dataset["id"])
    package.state = "deleted"
    model.Session.commit()
    rebuild(dataset["id"])


@pytest.mark.parametrize("act", [delete, unpublish, purge, move, delete_in_the_model])
def test_the_release_ends_with_what_it_showed(dataset, anonymous_api, app, act: Callable[[dict], None]):
    """The release ends in the same transaction, with a reason and an entry in the log."""
    url = anonymous_api("package_show", id="rainfall")[1]["result"]["resources"][0]["url"]
    act(dataset)
    ended = model.Session.scalars(sa.select(Release).where(Release.package_id == dataset["id"])).one()
    model.Session.refresh(ended)
    assert ended.state == "withdrawn"
    assert ended.ended_reason
    assert model.Session.scalars(sa.select(AuditEntry).where(AuditEntry.object_id == ended.id)).all()
    assert anonymous_api("package_show", id="rainfall")[0] == 404
    assert anonymous_api("package_search")[1]["result"]["count"] == 0
    assert app.get(url).status_code == 404
    assert leak_check.find_leaks() == []


@pytest.mark.parametrize("act", [delete, purge])
def test_what_an_approval_at_the_same_moment_left_in_the_index_goes(dataset, act: Callable[[dict], None]):
    """The approval wrote its document after CKAN had taken out the one that was there; the clock takes it out."""
    index = make_connection(decode_dates=False)
    [document] = index.search(f"id:{dataset['id']}", fl="*").docs
    act(dataset)
    index.add([{name: value for name, value in document.items() if name != "_version_"}], commit=True)
    assert [leak["where"] for leak in leak_check.find_leaks()] == ["search index"]
    assert CliRunner().invoke(privacy, ["expire"]).exit_code == 0
    assert leak_check.find_leaks() == []


def test_undeleting_revives_nothing(dataset, anonymous_api):
    """A dataset that comes back is held until it is released anew."""
    delete(dataset)
    helpers.call_action("package_patch", SYSADMIN.copy(), id=dataset["id"], state="active")
    assert anonymous_api("package_show", id="rainfall")[0] == 404
    assert anonymous_api("package_search")[1]["result"]["count"] == 0


def test_raw_sql_cannot_open_or_rename(dataset, anonymous_api):
    """The database keeps rows closed and released names in place."""
    model.Session.execute(sa.text("UPDATE package SET private = false, name = 'leaked'"))
    model.Session.commit()
    model.Session.remove()
    assert model.Package.get(dataset["id"]).private is True
    assert anonymous_api("package_list")[1]["result"] == ["rainfall"]


def test_a_released_name_stays(dataset, anonymous_api):
    """Renaming waits for the end of the release: links to it keep working."""
    saved = helpers.call_action("package_patch", {"user": "officer"}, id=dataset["id"], name="something-else")
    assert saved["name"] == "rainfall"
    assert anonymous_api("package_show", id="rainfall")[0] == 200


def test_what_an_organization_released_is_found_under_its_new_name(dataset, anonymous_api):
    """CKAN leaves the old name in the index; the clock brings it in line, and neither is taken for a leak."""
    helpers.call_action("organization_patch", SYSADMIN.copy(), id="city-lab", name="town-lab", title="Town lab")
    assert leak_check.find_leaks() == []
    assert len(publishing.catch_up()) == 1
    found = anonymous_api("package_search", fq="organization:town-lab")[1]["result"]
    assert [each["organization"]["title"] for each in found["results"]] == ["Town lab"]
    assert leak_check.find_leaks() == []


def test_a_collaborator_without_editing_rights_sees_the_release(dataset, api_as):
    """Sharing a dataset for reading opens nothing that is held."""
    friend = factories.UserWithToken()
    helpers.call_action(
        "package_collaborator_create", SYSADMIN.copy(), id=dataset["id"], user_id=friend["id"], capacity="member"
    )
    helpers.call_action("package_patch", {"user": "officer"}, id=dataset["id"], title="Held title")
    assert api_as(friend)("package_show", id="rainfall")[1]["result"]["title"] == "Rain"


def test_every_save_makes_the_last_editor(dataset, community):
    """Whoever saves last is known, whatever they saved."""
    resource = dataset["resources"][0]["id"]
    steps = [
        ("officer", "package_patch", {"id": dataset["id"], "title": "New"}),
        ("editor", "resource_patch", {"id": resource, "description": "New"}),
        ("officer", "resource_view_create", {"resource_id": resource, "title": "V", "view_type": "text_view"}),
        ("editor", "package_revise", {"match": {"id": dataset["id"]}, "update": {"notes": "New"}}),
        ("officer", "resource_delete", {"id": resource}),
        ("editor", "package_delete", {"id": dataset["id"]}),
    ]
    for person, action, data in steps:
        helpers.call_action(action, {"user": person}, **data)
        assert next(iter(Edit.times(dataset["id"]))) == community[person]["id"], action


def test_erasing_removes_bytes_that_no_release_needs(dataset):
    """Bytes go for good, unless another dataset's release shows the same ones."""
    made = Release.public(dataset["id"])
    entry = made.snapshot["resources"][dataset["resources"][0]["id"]]
    end(made, erase=True)
    assert not store.exists(entry["sha256"])
    erased = Release.get(made.id)
    model.Session.refresh(erased)
    assert erased.snapshot["resources"] == {}


def test_the_activity_stream_tells_the_public_of_the_release_alone(dataset, anonymous_api):
    """One public activity a dataset; saving adds none."""
    helpers.call_action("package_patch", {"user": "officer"}, id=dataset["id"], title="Held title")
    stream = anonymous_api("package_activity_list", id=dataset["id"])[1]["result"]
    assert [each["data"]["package"]["title"] for each in stream] == ["Rain"]
    end(Release.public(dataset["id"]))
    assert anonymous_api("recently_changed_packages_activity_list")[1]["result"] == []
