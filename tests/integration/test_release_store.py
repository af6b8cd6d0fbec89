"""The release store on an object store that speaks S3, and whatever holds it when it does not answer."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
import responses
import sqlalchemy as sa
from ckan import model
from ckan.common import config
from ckan.exceptions import CkanConfigurationException
from ckan.lib import api_token, files
from ckan.lib.app_globals import _CONFIG_CACHE
from ckan.plugins import toolkit as tk
from ckan.tests import helpers
from click.testing import CliRunner
from moto.server import ThreadedMotoServer
from portals.replay import Answer, replay
from support.agreeing import agree, community_dataset
from support.releases import WATER, act, approve, make_dataset, public_sees, release, request, upload, work
from support.time import Clock

from ckanext.privacy.cli import privacy
from ckanext.privacy.gate import evidence, leak_check, removal, rows, store
from ckanext.privacy.model import AuditEntry, Release, Removal, Scan
from ckanext.privacy.workflow import audit, scans, timetable

pytestmark = pytest.mark.usefixtures("community")

BUCKET, FOLDER = "catalogue", "released"
STORAGE = "ckan.files.storage.releases"
CHANGED = WATER.replace("W1,", "W1x,")


class ObjectStore:
    """A server on this machine that speaks S3; it can be stopped and comes back with what it had."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        self.port = self.server.get_host_and_port()[1]
        self.client = boto3.client(
            "s3",
            endpoint_url=self.address,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket=BUCKET)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()

    def holds(self) -> dict[str, bytes]:
        """Everything in the bucket, by key."""
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", ())
        return {each["Key"]: self.client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed}


def settings(objects: ObjectStore) -> dict[str, Any]:
    return {
        "ckan.plugins": "privacy activity datastore text_view resource_proxy",
        "ckanext.privacy.release_store": "releases",
        f"{STORAGE}.type": "privacy:s3",
        f"{STORAGE}.bucket": BUCKET,
        f"{STORAGE}.path": FOLDER,
        f"{STORAGE}.key": "test",
        f"{STORAGE}.secret": "test",
        f"{STORAGE}.region": "us-east-1",
        f"{STORAGE}.endpoint": objects.address,
        f"{STORAGE}.timeout": 2,
    }


@pytest.fixture(scope="module", autouse=True)
def objects(forget_shared_app):
    """The catalogue of this module keeps what it released in a bucket."""
    objects = ObjectStore()
    wanted = settings(objects)
    before = {key: config[key] for key in wanted if key in config}
    config.update(wanted)
    _CONFIG_CACHE.clear()
    forget_shared_app()
    yield objects
    for key in [*wanted, *(key for key in config if key.startswith(STORAGE))]:
        config.pop(key, None)
    config.update(before)
    _CONFIG_CACHE.clear()
    forget_shared_app()
    objects.stop()


@pytest.fixture(scope="module")
def app(objects):
    """The site with a bucket. The shared one would put the settings of the ini back after the first test."""
    return helpers._get_test_app()


@pytest.fixture(autouse=True)
def bucket(objects):
    """An empty bucket, and settings that name it whatever a page put back."""
    config["ckanext.privacy.release_store"] = "releases"
    for key in objects.holds():
        objects.client.delete_object(Bucket=BUCKET, Key=key)
    return objects


@pytest.fixture
def down(bucket):
    """The object store is out of reach from ``down.stop()`` on, until ``down.start()`` or the end of the test."""
    yield bucket
    try:
        bucket.client.head_bucket(Bucket=BUCKET)
    except Exception:  # noqa: BLE001 - whatever says that nobody listens
        bucket.start()


def download(app: Any, dataset: dict[str, Any], token: str = "") -> Any:
    file = dataset["resources"][0]["id"]
    headers = {"Authorization": token} if token else {}
    return app.get(f"/dataset/{dataset['id']}/resource/{file}/download/water.csv", headers=headers)


def change_file(dataset: dict[str, Any]) -> None:
    act("officer", "resource_patch", id=dataset["resources"][0]["id"], upload=upload(CHANGED, "water.csv"))


def test_what_is_released_lies_in_the_bucket_and_nowhere_else(bucket, app, community):
    """Released, changed, released again: visitors get the bytes of the release in force, whole and as they were."""
    dataset = make_dataset()
    before = set(Path(config["ckan.storage_path"]).glob("privacy/releases/*/*"))
    release(dataset["id"])
    answer = download(app, dataset)
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, WATER)
    assert int(answer.headers["Content-Length"]) == len(WATER)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    sha256 = Release.public(dataset["id"]).snapshot["resources"][dataset["resources"][0]["id"]]["sha256"]
    assert bucket.holds()[f"{FOLDER}/{sha256[:2]}/{sha256}"] == WATER.encode()
    assert all(re.fullmatch(rf"{FOLDER}/[0-9a-f]{{2}}/[0-9a-f]{{64}}", key) for key in bucket.holds())
    assert set(Path(config["ckan.storage_path"]).glob("privacy/releases/*/*")) == before
    change_file(dataset)
    assert download(app, dataset).get_data(as_text=True) == WATER
    assert download(app, dataset, community["editor"]["token"]).get_data(as_text=True) == CHANGED
    assert request(dataset["id"])["state"] == "released", "The same columns need no person."
    assert download(app, dataset).get_data(as_text=True) == CHANGED
    assert leak_check.find_leaks() == []


def test_a_take_down_closes_every_way_to_the_bytes_and_erasing_empties_the_bucket(bucket, app):
    dataset = make_dataset()
    made = release(dataset["id"])
    change_file(dataset)
    act("officer", "privacy_scan_create", id=dataset["id"])
    work()
    assert len(bucket.holds()) == 2
    act("steward1", "privacy_release_withdraw", id=made["id"], reason="A test")
    assert download(app, dataset).status_code in (404, 410)
    assert len(bucket.holds()) == 2
    act("steward1", "privacy_release_withdraw", id=made["id"], reason="A test", erase=True)
    assert bucket.holds() == {}


def test_no_link_leads_past_the_gate(bucket, app):
    """Neither a token for a place, nor the address of a public storage, nor a signed link of the object store."""
    dataset = make_dataset()
    release(dataset["id"])
    (key,) = bucket.holds()
    place = key.removeprefix(f"{FOLDER}/")
    token = api_token.encode_token({"location": place, "storage": "releases", "aud": "trusted_download"})
    assert app.get(f"/file/trusted-download/{token}").status_code == 404
    assert app.get(f"/file/public-download/releases/{place}").status_code == 403
    capable = store.storage().supports
    links = (files.Capability.LINK_PERMANENT, files.Capability.LINK_TEMPORARY, files.Capability.SIGNED)
    assert not any(map(capable, links))


def test_the_resource_proxy_gets_what_a_visitor_gets(bucket, app, community, monkeypatch):
    """CKAN's proxy asks the catalogue itself, without a log-in: released bytes or nothing, whoever looks."""
    dataset = make_dataset()
    address = f"/dataset/{dataset['id']}/resource/{dataset['resources'][0]['id']}/proxy"

    for name, value in {"max_file_size": 1 << 20, "chunk_size": 4096, "timeout": 5}.items():
        monkeypatch.setitem(config, f"ckan.resource_proxy.{name}", value)

    def through_the_catalogue(asked: Any) -> tuple[int, dict[str, str], bytes]:
        with ThreadPoolExecutor(1) as apart:  # Flask shares who is logged in with a request inside of a request
            answer = apart.submit(app.get, asked.path_url).result()
        body = b"" if asked.method == "HEAD" else answer.get_data()
        return answer.status_code, {"Content-Type": answer.content_type}, body

    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        web.add_passthru("http://127.0.0.1")
        for method in (responses.HEAD, responses.GET):
            web.add_callback(method, re.compile(re.escape(config["ckan.site_url"])), through_the_catalogue)
        officer = {"Authorization": community["officer"]["token"]}
        assert app.get(address).status_code in (403, 404)
        release(dataset["id"])
        change_file(dataset)
        assert app.get(address).get_data(as_text=True) == WATER
        assert app.get(address, headers=officer).get_data(as_text=True) == WATER


def test_the_resource_proxy_fetches_links_from_vetted_addresses_alone(bucket, app, community, monkeypatch):
    """A redirect into the own network is none for it, nor a private address that the site does not name."""
    for name, value in {"max_file_size": 100, "timeout": 5}.items():
        monkeypatch.setitem(config, f"ckan.resource_proxy.{name}", value)
    monkeypatch.setitem(config, "ckanext.privacy.allowed_private_hosts", [])
    dataset = make_dataset(None)
    officer = {"Authorization": community["officer"]["token"]}

    def fetched(path: str, headers: Any = officer) -> Any:
        file = act("officer", "resource_create", package_id=dataset["id"], name=path, url=site.url + path)
        return app.get(f"/dataset/{dataset['id']}/resource/{file['id']}/proxy", headers=headers)

    with replay() as site:
        page = Answer(b"<script>1</script>", headers={"Content-Type": "text/html"})
        inside = Answer(status=302, headers={"Location": "http://10.1.2.3/secret"})
        site.answers = {"/page": page, "/inside": inside, "/large": Answer(b"x" * 101)}
        assert fetched("/page").status_code == 409
        assert site.requests == []
        monkeypatch.setitem(config, "ckanext.privacy.allowed_private_hosts", [site.url.removeprefix("http://")])
        shown = fetched("/page")
        assert (shown.data, shown.headers["Content-Security-Policy"]) == (b"<script>1</script>", "sandbox")
        assert [fetched(path).status_code for path in ("/inside", "/large")] == [409, 409]
        assert "10.1.2.3" not in fetched("/inside").get_data(as_text=True)
        assert fetched("/page", headers={}).status_code in (403, 404), "it is not released"


# When the object store does not answer ----------------------------------------------------------------------------


def test_a_download_says_in_one_sentence_that_the_store_is_down(down, app):
    dataset = make_dataset()
    release(dataset["id"])
    down.stop()
    answer = download(app, dataset)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    text = answer.get_data(as_text=True)
    assert "The store of released files does not answer just now." in text
    assert "W1," not in text, "The working file must not stand in."
    assert app.get(f"/dataset/{dataset['id']}").status_code == 200
    assert [leak["where"] for leak in leak_check.find_leaks()] == ["download"]
    down.start()
    assert download(app, dataset).get_data(as_text=True) == WATER


def test_a_request_without_the_store_changes_nothing_and_can_be_repeated(down, app, community):
    dataset = make_dataset()
    down.stop()
    headers = {"Authorization": community["officer"]["token"]}
    answer = app.post("/api/3/action/privacy_release_request", json={"id": dataset["id"]}, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "does not answer" in answer.get_json()["error"]["release_store"][0]
    assert Release.latest(dataset["id"]) is None
    page = app.post(f"/dataset/{dataset['id']}/release", data={"note": ""}, headers=headers)
    assert "does not answer just now" in page.get_data(as_text=True)
    down.start()
    assert release(dataset["id"])["state"] == "released"


def test_an_approval_asks_no_store(down, app):
    """What was looked at lies there already; a download says in one sentence that it has to wait."""
    dataset = make_dataset()
    asked = request(dataset["id"])
    down.stop()
    assert approve(asked, *("steward1", "steward2")[: max(1, asked["needs"])])["state"] == "released"
    assert download(app, dataset).status_code == 503
    down.start()
    assert download(app, dataset).get_data(as_text=True) == WATER


def test_a_scan_waits_for_the_store(down):
    """Nothing is wrong with the file: it is not held as faulty, and goes on when the store is back."""
    dataset = make_dataset()
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    down.stop()
    work()
    (scan,) = (Scan.get(each) for each in Release.get(asked["id"]).scans.values())
    assert (scan.status, scan.attempts, Release.get(asked["id"]).state) == ("queued", 0, "scanning")
    down.start()
    assert scans.pick_up()[0] == 1
    work()
    approve(act("steward1", "privacy_release_show", id=asked["id"]))
    assert public_sees(dataset["id"])


def test_what_could_not_be_erased_is_erased_later(down, app):
    dataset = make_dataset()
    made = release(dataset["id"])
    down.stop()
    act("steward1", "privacy_release_withdraw", id=made["id"], reason="A test", erase=True)
    assert download(app, dataset).status_code in (404, 410)
    assert removal.finish() == 1
    down.start()
    assert len(down.holds()) == 1
    assert removal.finish() == 0
    assert down.holds() == {}


def test_what_does_not_need_the_store_goes_on_without_it(down, app):
    """An edit and an upload are saved; an agreement is taken back by its link; a concern is taken and holds."""
    agreed, worrying = community_dataset(), make_dataset()
    record = agree(agreed["id"])
    release(agreed["id"])
    made = release(worrying["id"])
    down.stop()
    act("officer", "package_patch", id=worrying["id"], url="https://example.org/only-for-editors")
    change_file(worrying)
    assert act("", "privacy_consent_withdraw", token=record["token"])["status"] == "ConsentWithdrawn"
    assert not public_sees(agreed["id"])
    assert app.post(f"/privacy/withdraw/{record['token']}").status_code == 200, "The page says that it is done."
    act("", "privacy_concern_create", dataset_id=worrying["id"], text="Row 7 names a person.")
    act("steward1", "privacy_release_hold", id=made["id"], reason="Somebody is worried.")
    assert not public_sees(worrying["id"])


def test_a_day_that_comes_without_the_store_is_kept_later(down, monkeypatch):
    clock, dataset = Clock(monkeypatch), make_dataset()
    approve(request(dataset["id"], public_on=clock.after(days=2)))
    clock.pass_(days=3)
    down.stop()
    assert timetable.release_due() == []
    assert not public_sees(dataset["id"])
    down.start()
    assert len(timetable.release_due()) == 1
    assert public_sees(dataset["id"])


def test_bytes_that_came_back_into_use_are_not_removed(bucket):
    """Between the decision and the removal somebody may have asked for the release of the same bytes again."""
    dataset = make_dataset()
    request(dataset["id"])
    ((kind, name),) = removal.content(Release.open(dataset["id"]).snapshot)
    removal.ask([(kind, name)])
    model.Session.commit()
    assert len(bucket.holds()) == 1
    assert model.Session.query(Removal).count() == 0


def test_evidence_lies_in_the_bucket_and_can_be_read_back(bucket):
    dataset = make_dataset()
    record = agree(dataset["id"], upload=upload(b"signed", "signatures.pdf"))
    (key,) = bucket.holds()
    assert key.startswith(f"{FOLDER}/evidence/")
    assert b"".join(evidence.stream(record["evidence"][0]["id"])) == b"signed"


@pytest.mark.parametrize(
    ("name", "sentence"), [("nowhere", "names the storage 'nowhere', and there is none"), ("open", "not public")]
)
def test_a_store_that_cannot_keep_releases_is_refused(monkeypatch, name, sentence):
    """An unknown storage and one that serves files without a log-in stop the catalogue at its start."""
    monkeypatch.setitem(config, "ckanext.privacy.release_store", name)
    open_storage = files.make_storage("open", {"type": "ckan:memory", "public": True})
    monkeypatch.setattr(files.storages, "get", {"open": open_storage}.get)
    with pytest.raises(CkanConfigurationException, match=sentence):
        store.storage()


# Pruning ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def prune():
    """``prune(days, remove=…)`` -> what the command says; exit code 0."""

    def call(days: int, *, remove: bool = False) -> str:
        options = ["prune", "--days", str(days), *(["--remove"] if remove else [])]
        answer = CliRunner().invoke(privacy, options)
        assert answer.exit_code == 0, answer.output
        return answer.output

    return call


def content_of(objects: ObjectStore) -> set[bytes]:
    return set(objects.holds().values())


def test_pruning_lists_first_and_takes_only_what_nothing_needs(bucket, prune, app):
    """An older version, a refused request and a scan alone go; what is public, waits, or shows an agreement stays."""
    dataset = make_dataset()
    release(dataset["id"])
    change_file(dataset)
    assert request(dataset["id"])["state"] == "released"
    refused = request(make_dataset("kind,count\n" + "well,3\n" * 40)["id"])
    act("steward1", "privacy_release_reject", id=refused["id"], reason="A test")
    waits = request(make_dataset("kind,count\n" + "tap,5\n" * 40)["id"])
    agree(dataset["id"], upload=upload(b"signed", "signatures.pdf"))
    store.storage().upload(files.Location("incoming/" + "0" * 32), files.make_upload(b"half of it"))
    before = bucket.holds()
    assert "1 things" in prune(30), "What ended lately is kept; what a dead process left is not."
    listed = prune(0)
    for reason in ("superseded since then", "never released (rejected)", "half written by a process that died"):
        assert reason in listed
    assert "3 things" in listed
    assert "Nothing was removed" in listed
    assert bucket.holds() == before
    assert "Removed." in prune(0, remove=True)
    kept = {b"signed", CHANGED.encode(), b"kind,count\n" + b"tap,5\n" * 40}
    assert content_of(bucket) == kept
    (entry,) = model.Session.scalars(sa.select(AuditEntry).where(AuditEntry.event == "store.pruned"))
    assert len(entry.data["parts"]) == 3
    assert audit.verify()["ok"]
    assert "0 things" in prune(0)
    assert download(app, dataset).get_data(as_text=True) == CHANGED
    assert approve(act("steward1", "privacy_release_show", id=waits["id"]))["state"] == "released"
    with pytest.raises(tk.ValidationError, match="not kept any more"):
        act("officer", "privacy_release_appeal", id=refused["id"], reason="Please look again")


def test_copies_of_rows_are_pruned_too(bucket, prune):
    dataset = make_dataset(None)
    fields = {"fields": [{"id": "point", "type": "text"}], "records": [{"point": f"W{n}"} for n in range(40)]}
    act("officer", "datastore_create", resource={"package_id": dataset["id"], "name": "Rows"}, **fields)
    asked = request(dataset["id"])
    (copy,) = rows.tables()
    assert "0 things" in prune(0)
    act("officer", "privacy_release_cancel", id=asked["id"])
    assert copy in prune(0, remove=True)
    assert rows.tables() == set()
    assert bucket.holds() == {}
