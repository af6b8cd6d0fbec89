"""Bytes: the release store, the Files API, tokens, and what outsiders can know."""

from __future__ import annotations

import io
import threading

import pytest
from ckan import model
from ckan.lib import api_token
from ckan.tests import helpers

from ckanext.privacy.gate import store, uploads
from ckanext.privacy.model import Edit


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


@pytest.mark.parametrize("field", ["upload", "clear_upload"])
def test_a_stored_field_that_looks_like_an_upload_opens_no_working_file(community, app, field):
    """CKAN's uploader knows a save by these fields; a visitor's download must not be taken for one."""
    with app.flask_app.test_request_context("/dataset/any/resource/any/download/file.csv"):
        found = uploads.uploader_for({"id": "a-resource", field: "stored text"})
    assert isinstance(found, uploads.ReleasedUpload)
