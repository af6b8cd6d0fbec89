"""Bytes: the release store, the Files API, tokens, and what outsiders can know."""

from __future__ import annotations

import io
import threading

import pytest
from ckan import model
from ckan.lib import api_token
from ckan.tests import helpers
from support.releases import WATER, act, make_dataset, upload
from support.releases import release as release_it

from ckanext.privacy.gate import store, uploads
from ckanext.privacy.model import Edit

#: What was never released.
HELD = WATER.replace("W1,", "Asha,")


def test_bytes_are_stored_once_under_their_hash(clean_db):
    """The same bytes from two threads are stored once, and come back as they were."""
    body = b"x" * (3 << 20) + b"end"
    found: list[store.Stored] = []
    threads = [threading.Thread(target=lambda: found.append(store.put(io.BytesIO(body)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert b"".join(store.stream(found[0].sha256)) == body
    with store.local_path(found[0].sha256) as path:
        assert path.stat().st_size == found[0].bytes == len(body)
    assert list((path.parents[1] / "incoming").iterdir()) == []


def test_erased_bytes_are_gone(clean_db):
    """Erasing twice is as good as once; what is gone says so."""
    stored = store.put(io.BytesIO(b"gone"))
    store.remove(stored.sha256)
    store.remove(stored.sha256)
    assert not store.exists(stored.sha256)
    with pytest.raises(store.NotStored):
        list(store.stream(stored.sha256))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64])
def test_only_hashes_are_names(name):
    """Nothing but a SHA-256 leads anywhere in the store."""
    with pytest.raises(ValueError, match="SHA-256"):
        store.location(name)


@pytest.fixture
def owned_file(community):
    """A file of CKAN's Files API that belongs to a dataset of the organisation."""
    package = helpers.call_action(
        "package_create", {"user": "officer"}, name="held", owner_org=community["organization"]["id"]
    )
    file = model.File(name="secret.txt", location="secret.txt", storage="resources", size=6, content_type="text/plain")
    model.Session.add(file)
    model.Session.flush()
    model.Session.add(model.FileOwner(file_id=file.id, owner_id=package["id"], owner_type="package"))
    model.Session.commit()
    return file.id


def test_a_file_of_a_dataset_is_for_its_editors(owned_file, app, anonymous_api, api_as, community):
    """CKAN opens files to whoever sees their dataset; here neither a page, nor an action, nor a token does."""
    token = api_token.encode_token({"sub": owned_file, "aud": "trusted_download"})
    assert anonymous_api("file_show", id=owned_file)[0] in (403, 404)
    assert api_as(community["reader"])("file_show", id=owned_file)[0] in (403, 404)
    assert api_as(community["editor"])("file_show", id=owned_file)[0] == 200
    assert app.get(f"/file/download/{owned_file}").status_code == 404
    assert app.get(f"/file/trusted-download/{token}").status_code == 404


def test_a_link_added_by_an_editor_keeps_its_type(community, api_as):
    """What CKAN guesses about a new link is guessed behind the gate too."""
    ask = api_as(community["officer"])
    ask("package_create", name="links", owner_org=community["organization"]["id"])
    added = ask("resource_create", package_id="links", url="https://example.org/data.csv")[1]["result"]
    assert added["mimetype"] == "text/csv"


def test_a_save_says_that_it_is_held(community, app):
    """A client that knows nothing of the gate gets a plain answer, and a header that says where it stands."""
    headers = {"Authorization": community["officer"]["token"]}
    data = {"name": "plain", "owner_org": community["organization"]["id"], "private": False}
    answer = app.post("/api/3/action/package_create", json=data, headers=headers)
    assert answer.status_code == 200
    assert answer.get_json()["result"]["private"] is True
    assert answer.headers["Privacy-Gate"] == "held"
    assert next(iter(Edit.times(answer.get_json()["result"]["id"]))) == community["officer"]["id"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("field", ["upload", "clear_upload"])
def test_a_stored_field_that_looks_like_an_upload_opens_no_working_file(community, app, field, method):
    """CKAN's uploader knows a save by these fields; a visitor's download must not be taken for one."""
    with app.flask_app.test_request_context("/dataset/any/resource/any/download/file.csv", method=method):
        found = uploads.uploader_for({"id": "a-resource", field: "stored text"})
    assert isinstance(found, uploads.ReleasedUpload)


def take(stranger, api_as, id_: str) -> tuple[int, object]:
    """Somebody of another organisation saves a file under an id that was another's."""
    file = {"id": id_, "url": "water.csv", "url_type": "upload", "name": "mine"}
    return api_as(stranger)("package_patch", id="elsewhere", resources=[file])


@pytest.mark.parametrize("removed", ["now", "and_again", "with_its_dataset"])
def test_the_id_of_a_removed_file_gives_nobody_its_bytes(stranger, community, api_as, app, removed):
    """Files outlive their rows in CKAN; who learned an id while it was public must not read what came after."""
    dataset = make_dataset()
    file = dataset["resources"][0]["id"]
    release_it(dataset["id"])
    act("officer", "resource_patch", id=file, upload=upload(HELD, "water.csv"))
    if removed == "with_its_dataset":
        act("sysadmin", "dataset_purge", id=dataset["id"])
    else:
        act("officer", "package_patch", id=dataset["id"], resources=[])
    if removed == "and_again":
        act("officer", "package_patch", id=dataset["id"], resources=[{"url": "https://example.org/data.csv"}])
    assert take(stranger, api_as, file)[0] == 409
    address = f"/dataset/elsewhere/resource/{file}/download/water.csv"
    assert "Asha" not in app.get(address, headers={"Authorization": stranger["token"]}).get_data(as_text=True)
    if removed != "with_its_dataset":  # the public still reads what was released
        address = f"/dataset/{dataset['id']}/resource/{file}/download/water.csv"
        assert app.get(address).get_data(as_text=True) == WATER


def test_a_file_that_was_removed_for_good_keeps_its_bytes_from_others(stranger, community, api_as):
    """Of what no release shows CKAN drops the row at the second change, and keeps the file."""
    dataset = make_dataset(HELD)
    file = dataset["resources"][0]["id"]
    for resources in ([], [{"url": "https://example.org/data.csv"}]):
        act("officer", "package_patch", id=dataset["id"], resources=resources)
    model.Session.expire_all()
    assert model.Session.get(model.Resource, file) is None
    assert take(stranger, api_as, file)[0] == 409


def test_what_is_taken_out_of_the_working_copy_stays_released(community, app, anonymous_api):
    """However often the working copy changes after that; once the release has ended the row goes as in CKAN."""
    dataset = make_dataset()
    file = dataset["resources"][0]["id"]
    release_it(dataset["id"])
    for url in ("a", "b", "c"):
        act("officer", "package_patch", id=dataset["id"], resources=[{"url": f"https://example.org/{url}.csv"}])
    assert anonymous_api("resource_show", id=file)[0] == 200
    assert app.get(f"/dataset/{dataset['id']}/resource/{file}/download/water.csv").get_data(as_text=True) == WATER
    assert [each["url"][-5:] for each in act("officer", "package_show", id=dataset["id"])["resources"]] == ["c.csv"]
    release_it(dataset["id"])
    act("officer", "package_patch", id=dataset["id"], resources=[])
    model.Session.expire_all()
    assert model.Session.get(model.Resource, file) is None


def test_the_id_of_a_removed_table_gives_nobody_its_rows(stranger, community, api_as):
    """Tables outlive a purged dataset."""
    dataset = make_dataset(None)
    made = act("officer", "datastore_create", resource={"package_id": dataset["id"]}, records=[{"head": "Asha"}])
    act("sysadmin", "dataset_purge", id=dataset["id"])
    assert take(stranger, api_as, made["resource_id"])[0] == 409
    assert api_as(stranger)("datastore_search", resource_id=made["resource_id"])[0] == 404


def test_a_client_may_choose_an_id_that_nobody_had(community, api_as):
    """As CKAN lets it: where another catalogue is copied, ids stay."""
    chosen = model.types.make_uuid()
    dataset = make_dataset(None)
    files = [{"id": chosen, "url": "https://example.org/data.csv"}]
    assert api_as(community["officer"])("package_patch", id=dataset["id"], resources=files)[0] == 200
    assert act("officer", "package_show", id=dataset["id"])["resources"][0]["id"] == chosen


def test_a_view_is_moved_by_nobody_who_may_not_change_its_file(stranger, community, api_as):
    """CKAN asks only about the file that it shall move to, and answers with the whole view."""
    dataset = make_dataset()
    view = {"title": "Table", "view_type": "text_view"}
    made = act("officer", "resource_view_create", resource_id=dataset["resources"][0]["id"], **view)
    release_it(dataset["id"])
    act("officer", "resource_view_update", id=made["id"], resource_id=made["resource_id"], title="Not released")
    added = api_as(stranger)("resource_create", package_id="elsewhere", url="https://example.org/data.csv")
    moved = api_as(stranger)("resource_view_update", id=made["id"], resource_id=added[1]["result"]["id"])
    assert moved[0] == 403
    assert [each["id"] for each in act("officer", "resource_view_list", id=made["resource_id"])] == [made["id"]]
