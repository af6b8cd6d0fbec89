"""Scans through the API: who sees them, what they tell, and links that are fetched first."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ckan import model
from ckan.common import config
from ckan.plugins import toolkit as tk
from support.releases import PEOPLE, WATER, act, add_file, approve, make_dataset, request, work

from ckanext.privacy.gate import leak_check, rows, store
from ckanext.privacy.model import Release
from ckanext.privacy.workflow import scans, timetable

pytestmark = pytest.mark.usefixtures("community")

ALLOWED = "ckanext.privacy.allowed_private_hosts"
AGENTS: list[str] = []
FILES = {"/water.csv": WATER, "/people.csv": PEOPLE}


class Elsewhere(BaseHTTPRequestHandler):
    """Another site: a file, a way to it, a way into the private network, and what goes wrong."""

    def do_GET(self):
        AGENTS.append(self.headers["User-Agent"])
        port = self.server.server_address[1]
        ways = {"/moved.csv": f"http://127.0.0.1:{port}/water.csv", "/inside.csv": "http://10.1.2.3/secret.csv"}
        if self.path in ways:
            self.send_response(302)
            self.send_header("Location", ways[self.path])
            self.end_headers()
            return
        body = FILES.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Say nothing."""


@pytest.fixture
def elsewhere(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"127.0.0.1:{server.server_address[1]}"
    monkeypatch.setitem(config, ALLOWED, [address])
    yield f"http://{address}"
    server.shutdown()
    server.server_close()


def scan_of(dataset, user="officer"):
    (scan,) = act(user, "privacy_scan_list", id=dataset["id"])
    return scan


def linked(url):
    dataset = make_dataset(None)
    act("officer", "resource_create", package_id=dataset["id"], name="Linked", url=url, format="CSV")
    act("officer", "privacy_scan_create", id=dataset["id"])
    work()
    return scan_of(dataset)


def test_a_scan_tells_columns_and_people_without_quoting_them():
    dataset = make_dataset(PEOPLE, "people.csv")
    answer = act("officer", "privacy_scan_create", id=dataset["name"])
    assert ([scan["status"] for scan in answer["scans"]], answer["message"]) == (["queued"], None)
    work()
    scan = act("officer", "privacy_scan_show", id=answer["scans"][0]["id"])
    assert (scan["status"], scan["progress"], scan["failure"]) == ("done", 1.0, None)
    columns = {column["name"]: column for table in scan["report"]["tables"] for column in table["columns"]}
    assert columns["email"]["sensitive"]
    assert scan["quality"]["valid"] is True
    assert "asha.patil@mail.example.com" not in str(scan)
    assert "Asha Patil" not in str(scan)


def test_one_file_can_be_scanned_alone():
    dataset = make_dataset()
    more = add_file(dataset["id"], PEOPLE, "people.csv")
    (scan,) = act("officer", "privacy_scan_create", resource_id=more["id"])["scans"]
    assert scan["name"] == "people.csv"


def test_only_editors_and_stewards_of_the_organization_see_a_scan():
    dataset = make_dataset()
    (scan,) = act("officer", "privacy_scan_create", id=dataset["id"])["scans"]
    for user in ("editor", "admin", "steward2", "sysadmin"):
        assert act(user, "privacy_scan_show", id=scan["id"])["id"] == scan["id"]
        assert scan_of(dataset, user)["id"] == scan["id"]
    for user in ("reader", ""):
        with pytest.raises(tk.NotAuthorized):
            act(user, "privacy_scan_show", id=scan["id"])
        with pytest.raises(tk.NotAuthorized):
            act(user, "privacy_scan_list", id=dataset["id"])
        with pytest.raises(tk.NotAuthorized):
            act(user, "privacy_scan_create", id=dataset["id"])


def test_a_change_of_the_policy_makes_old_scans_useless(monkeypatch, tmp_path):
    from ckanext.privacy.engine.policy import DEFAULT

    dataset = make_dataset()
    first = request(dataset["id"])["scans"]
    stricter = tmp_path / "policy.yaml"
    stricter.write_text(DEFAULT.read_text("utf-8").replace("name: default", "name: stricter"), "utf-8")
    monkeypatch.setitem(config, "ckanext.privacy.policy", str(stricter))
    act("officer", "package_patch", id=dataset["id"], url="https://example.org/water")
    second = request(dataset["id"])["scans"]
    assert second[0]["id"] != first[0]["id"]
    assert second[0]["report"]["policy"]["name"] == "stricter"


@pytest.mark.parametrize("path", ["/water.csv", "/moved.csv"])
def test_a_linked_file_is_fetched_kept_and_scanned(elsewhere, path):
    scan = linked(elsewhere + path)
    assert (scan["status"], scan["kind"]) == ("done", "link")
    assert b"".join(store.stream(scan["sha256"])) == WATER.encode()
    assert "ckanext-privacy" in AGENTS[-1]


@pytest.fixture
def loaded(elsewhere):
    """A link whose rows were loaded into the datastore, as xloader and the datapusher leave it."""
    dataset = make_dataset(None)
    link = act("officer", "resource_create", package_id=dataset["id"], name="Linked", url=elsewhere + "/water.csv")
    act("officer", "datastore_create", resource_id=link["id"], force=True, fields=[{"id": "point", "type": "text"}],
        records=[{"point": "W1"}])  # fmt: skip
    return {"package": dataset["id"], "id": link["id"], "site": elsewhere}


def test_a_link_is_scanned_beside_its_rows(loaded):
    """Both are released, so both are looked at; neither changes without the other's reviewers."""
    asked = request(loaded["package"])
    assert sorted(scan["kind"] for scan in asked["scans"]) == ["link", "rows"]
    assert approve(asked)["state"] == "released"
    assert act("", "datastore_search", resource_id=loaded["id"])["total"] == 1
    assert leak_check.find_leaks() == []
    # Only the address changes, to a file about people.
    act("officer", "resource_patch", id=loaded["id"], url=loaded["site"] + "/people.csv")
    assert request(loaded["package"])["state"] == "blocked"
    (shown,) = act("", "package_show", id=loaded["package"])["resources"]
    assert shown["url"].endswith("/water.csv")


def test_parts_of_a_link_with_rows_are_kept_and_compared(loaded):
    """A release that comes back is whole only with its rows; what it needs is not pruned."""
    release = Release.get(approve(request(loaded["package"]))["id"], for_update=False)
    entry = release.snapshot["resources"][loaded["id"]]
    assert timetable._why_return(release) is None
    assert timetable._hashes(release) == {entry["rows"]["sha256"]}
    assert rows.copies_of([loaded["id"]]) == {entry["rows"]["table"]}


def test_rows_released_alone_before_are_still_read(loaded):
    """Releases of earlier versions name only the rows of such a link."""
    release = Release.get(approve(request(loaded["package"]))["id"], for_update=False)
    alone = release.snapshot["resources"][loaded["id"]]["rows"]
    release.snapshot = {**release.snapshot, "resources": {loaded["id"]: alone}}
    release.scans = {loaded["id"]: release.scans[f"{loaded['id']}/rows"]}
    model.Session.commit()
    assert act("", "datastore_search", resource_id=loaded["id"])["total"] == 1
    assert leak_check.find_leaks() == []
    assert timetable._hashes(release) == {alone["sha256"]}


@pytest.mark.parametrize(
    ("path", "words"), [("/inside.csv", "10.1.2.3"), ("/missing.csv", "404")], ids=["into the network", "not there"]
)
def test_a_link_that_leads_nowhere_good_says_why(elsewhere, path, words):
    scan = linked(elsewhere + path)
    assert (scan["status"], scan["outcome"]) == ("failed", "two_stewards")
    assert words in scan["failure"]


def test_private_addresses_are_refused_unless_the_site_names_them(elsewhere, monkeypatch):
    monkeypatch.setitem(config, ALLOWED, [])
    before = len(AGENTS)
    scan = linked(elsewhere + "/water.csv")
    assert scan["status"] == "failed"
    assert "private address" in scan["failure"]
    assert scan["failure"].endswith(f"{ALLOWED}.")
    assert len(AGENTS) == before


def test_a_linked_file_over_the_limit_is_not_kept(elsewhere, monkeypatch):
    monkeypatch.setitem(config, "ckanext.privacy.link_max_mb", 0)
    assert "larger than" in linked(elsewhere + "/water.csv")["failure"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/data/list.csv?token=secret", "list.csv"),
        ("https://example.org/", "Lists"),
        ("water.csv", "water.csv"),
    ],
)
def test_a_scan_names_a_file_as_people_know_it(url, name):
    assert scans.file_name({"id": "1", "name": "Lists", "url": url}, {}) == name
