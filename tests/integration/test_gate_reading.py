"""Two audiences: editors read the working copy, everyone else the last release and nothing else."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers
from support.releasing import end, release
from werkzeug.datastructures import FileStorage

from ckanext.privacy.gate import leak_check
from ckanext.privacy.model import Release
from ckanext.privacy.model.columns import now

OLD, NEW = "Rainfall of the year", "Unreleased draft title"


@pytest.fixture
def dataset(community):
    """A dataset of the officer with one uploaded file, never released."""
    officer = {"user": "officer"}
    package = helpers.call_action(
        "package_create", officer, name="rainfall", title=OLD, owner_org=community["organization"]["id"], private=False
    )
    upload = FileStorage(io.BytesIO(b"year,mm\n2020,81\n"), filename="rainfall.csv")
    helpers.call_action(
        "resource_create",
        officer,
        package_id=package["id"],
        name="Rain",
        format="CSV",
        url="rainfall.csv",
        upload=upload,
    )
    return helpers.call_action("package_show", officer, id=package["id"])


def change(package: dict) -> None:
    """Change title and file of a dataset as its officer."""
    officer = {"user": "officer"}
    helpers.call_action("package_patch", officer, id=package["id"], title=NEW, tag_string="secret-tag")
    upload = FileStorage(io.BytesIO(b"year,mm,name\n2021,90,Asha\n"), filename="rainfall.csv")
    resource = package["resources"][0]
    helpers.call_action(
        "resource_patch", officer, id=resource["id"], upload=upload, url="rainfall.csv", description=NEW
    )


def test_saving_as_public_is_held_and_the_answer_says_so(dataset):
    """Nothing that is saved becomes public by being saved."""
    assert dataset["private"] is True
    assert model.Package.get("rainfall").private is True


def test_nobody_outside_learns_that_a_held_dataset_exists(dataset, anonymous_api, api_as, community):
    """A visitor and a stranger get the same answer as for a name that was never used."""
    for ask in (anonymous_api, api_as(community["reader"])):
        assert ask("package_show", id="rainfall")[0] == 404
        assert ask("resource_show", id=dataset["resources"][0]["id"])[0] == 404
        assert ask("package_list")[1]["result"] == []
        assert ask("package_search", include_private=True)[1]["result"]["count"] == 0


@pytest.mark.parametrize("person", ["officer", "editor", "admin", "steward1", "sysadmin"])
def test_those_who_work_on_it_see_the_working_copy(dataset, api_as, community, person):
    """Editors, administrators, stewards and sysadmins see and find a held dataset."""
    ask = api_as(community[person])
    assert ask("package_show", id="rainfall")[1]["result"]["title"] == OLD
    assert ask("package_search", include_private=True)[1]["result"]["count"] == 1


def test_a_member_without_editing_rights_is_the_public(dataset, api_as, community):
    """To belong to an organisation does not open its held datasets."""
    member = factories.UserWithToken()
    helpers.call_action(
        "member_create", {"user": "sysadmin"}, id="city-lab", object=member["id"], object_type="user", capacity="member"
    )
    ask = api_as(member)
    assert ask("package_show", id="rainfall")[0] == 404
    assert ask("package_search", include_private=True)[1]["result"]["count"] == 0


def test_the_public_keeps_the_release_while_a_change_waits(dataset, app, anonymous_api):
    """Metadata, search and bytes stay those of the release until the next one."""
    release(dataset["id"])
    change(dataset)
    shown = anonymous_api("package_show", id="rainfall")[1]["result"]
    assert (shown["title"], shown["private"]) == (OLD, False)
    found = anonymous_api("package_search", q="rainfall")[1]["result"]["results"]
    assert [each["title"] for each in found] == [OLD]
    assert anonymous_api("package_search", q="draft")[1]["result"]["count"] == 0
    assert anonymous_api("package_list")[1]["result"] == ["rainfall"]
    assert anonymous_api("tag_list")[1]["result"] == []
    answer = app.get(shown["resources"][0]["url"])
    assert answer.data == b"year,mm\n2020,81\n"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert NEW not in app.get("/dataset/rainfall").get_data(as_text=True)
    assert leak_check.find_leaks() == []


def test_a_search_learns_nothing_of_what_it_does_not_find(dataset, anonymous_api):
    """Values that no public dataset has are not listed, and nothing is counted or ordered over the whole index."""
    release(dataset["id"])
    change(dataset)
    helpers.call_action("package_create", {"user": "officer"}, name="hidden-name", owner_org=dataset["owner_org"])
    every_value = {"facet.field": ["name", "tags", "text", "title_string"], "facet.mincount": 0, "facet.limit": -1}
    told = anonymous_api("package_search", rows=0, **every_value)[1]["result"]["facets"]
    assert (set(told["name"]), told["tags"]) == ({"rainfall"}, {})
    assert "hidden" not in told["text"]
    for asked in (
        {"fl": ["id", "n:docfreq(text,'hidden')"]},
        {"fl": "id score"},
        {"fl": ["[explain]"]},
        {"sort": "if(gt(docfreq(text,'hidden'),0),1,0) desc"},
        {"sort": "ord(name) asc"},
        {"defType": "func", "q": "maxdoc()"},
    ):
        assert anonymous_api("package_search", **asked)[0] == 400, asked
    assert anonymous_api("package_search", sort="title_string asc, metadata_modified desc")[0] == 200


def test_editors_get_their_own_bytes(dataset, app, community):
    """The working file and the released file are two files."""
    release(dataset["id"])
    change(dataset)
    headers = {"Authorization": community["officer"]["token"]}
    answer = app.get(
        f"/dataset/rainfall/resource/{dataset['resources'][0]['id']}/download/rainfall.csv", headers=headers
    )
    assert b"Asha" in answer.data
    cache = set(answer.headers["Cache-Control"].split(", "))
    assert cache >= {"private", "no-store"}
    assert "public" not in cache
    assert {"Authorization", "Cookie"} <= set(answer.vary)


def test_a_new_release_shows_the_change(dataset, app, anonymous_api):
    """What waited becomes public with the next release, bytes and all."""
    release(dataset["id"])
    change(dataset)
    release(dataset["id"])
    shown = anonymous_api("package_show", id="rainfall")[1]["result"]
    assert shown["title"] == NEW
    assert b"Asha" in app.get(shown["resources"][0]["url"]).data
    assert leak_check.find_leaks() == []


def test_a_resource_outside_of_the_release_does_not_exist(dataset, app, anonymous_api):
    """A resource that was added after the release is not there for the public."""
    release(dataset["id"])
    added = helpers.call_action(
        "resource_create", {"user": "officer"}, package_id=dataset["id"], url="https://example.org/x", name=NEW
    )
    assert anonymous_api("resource_show", id=added["id"])[0] == 404
    assert app.get(f"/dataset/rainfall/resource/{added['id']}").status_code == 404
    assert anonymous_api("resource_search", query="name:Unreleased")[1]["result"]["count"] == 0
    assert anonymous_api("resource_search", query="name:Rain")[1]["result"]["count"] == 1


def test_a_withdrawn_release_is_gone_at_once(dataset, app, anonymous_api):
    """Withdrawal closes metadata, search, bytes and activities together."""
    made = release(dataset["id"])
    url = anonymous_api("package_show", id="rainfall")[1]["result"]["resources"][0]["url"]
    end(made)
    assert anonymous_api("package_show", id="rainfall")[0] == 404
    assert anonymous_api("package_search")[1]["result"]["count"] == 0
    assert app.get(url).status_code == 404
    assert anonymous_api("recently_changed_packages_activity_list")[1]["result"] == []
    assert leak_check.find_leaks() == []


def test_a_release_ends_at_its_date_whatever_the_index_says(dataset, anonymous_api, app):
    """The end date needs no job to take effect on what is shown and found."""
    url = f"/dataset/rainfall/resource/{dataset['resources'][0]['id']}/download/rainfall.csv"
    made = release(dataset["id"])
    assert app.get(url).status_code == 200
    model.Session.execute(sa.update(Release).where(Release.id == made.id).values(expires=now()))
    model.Session.commit()
    assert anonymous_api("package_show", id="rainfall")[0] == 404
    assert anonymous_api("package_list")[1]["result"] == []
    assert anonymous_api("package_search", q="rainfall")[1]["result"]["results"] == []
    assert anonymous_api("package_search", q="rainfall", fl=["title", "notes"])[1]["result"]["results"] == []
    assert anonymous_api("package_autocomplete", q="rain")[1]["result"] == []
    assert app.get(url).status_code == 404


def test_what_changed_between_two_activities_is_told_to_who_may_read_both(dataset, app, community):
    """CKAN asks about the later one. Before that of a part's release stands one of the whole working copy."""
    officer = {"user": "officer"}
    file = dataset["resources"][0]["id"]
    helpers.call_action("resource_patch", officer, id=file, description=NEW)
    release(dataset["id"], left_out=[file])
    stored = [each["id"] for each in helpers.call_action("package_activity_list", officer, id=dataset["id"])]
    compared = [f"/api/3/action/activity_diff?object_type=package&id={each}" for each in stored]
    compared += [f"/dataset/changes/{each}" for each in stored]
    compared += [f"/dataset/changes_multiple?old_id={old}&new_id={stored[0]}" for old in stored[1:]]
    compared.append("/dataset/changes_multiple")
    with helpers.changed_config("ckan.auth.public_activity_stream_detail", True):
        for address in compared:
            answer = app.get(address)
            assert (answer.status_code, NEW in answer.get_data(as_text=True)) == (404, False), address
    headers = {"Authorization": community["officer"]["token"]}
    assert NEW in app.get(compared[0], headers=headers).get_data(as_text=True)


def test_the_front_page_does_not_search_with_all_rights(dataset, app):
    """CKAN searches for featured organisations without checking anything."""
    assert OLD not in app.get("/").get_data(as_text=True)
    assert OLD not in app.get("/organization/city-lab").get_data(as_text=True)


def test_without_the_gate_the_catalogue_is_closed(dataset, community):
    """Taking the plugin away opens nothing: the row of a released dataset is closed too."""
    release(dataset["id"])
    row = model.Session.execute(sa.text("SELECT private FROM package WHERE name = 'rainfall'")).scalar_one()
    assert row is True
