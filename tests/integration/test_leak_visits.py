"""The whole look of the leak check: a stranger walks through the catalogue, and all that is read is compared."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from ckan import model
from ckan.lib.app_globals import app_globals
from support.releases import act, add_file, make_dataset, release, upload
from support.survey import WATER
from support.time import Clock

from ckanext.privacy.gate import leak_check, leak_visits, store
from ckanext.privacy.model import Release
from ckanext.privacy.workflow import leak_watch, notify, people

pytestmark = pytest.mark.usefixtures("community")

HELD = "Nobody has been told about the settlement behind the old mill"


@pytest.fixture
def catalogue():
    """A released dataset with a file, a table, a view and a pending change; one that is held, one taken down."""
    told = {"notes_translated": {"en": "Where the water of the quarter is drawn, counted by neighbours each spring."}}
    dataset = make_dataset(name="wells-of-the-quarter", **told)
    file = dataset["resources"][0]["id"]
    act("officer", "resource_view_create", resource_id=file, title="Wells as a table of rows", view_type="text_view")
    act(
        "officer",
        "datastore_create",
        resource={"package_id": dataset["id"], "name": "Rows of the wells"},
        fields=[{"id": "note", "type": "text"}],
        records=[{"note": "dry, and\nlow"}, {"note": "deep"}],
    )
    made = release(dataset["id"])
    act("officer", "package_patch", id=dataset["id"], notes_translated={"en": HELD})
    act("officer", "resource_patch", id=file, upload=upload(WATER.replace("W", "X"), "other.csv"))
    add_file(dataset["id"], "a,b\n1,2\n", "late.csv")
    held = make_dataset(name="held-one-2026", title_translated={"en": HELD})
    gone = make_dataset(name="gone-one-2026")
    act("steward1", "privacy_release_withdraw", id=release(gone["id"])["id"], reason="Wrong file.")
    return {"id": dataset["id"], "file": file, "release": made["id"], "held": held["id"]}


def test_who_asks_by_the_api_has_the_catalogue_read_by_a_stranger_still(catalogue, anonymous_api, api_as, community):
    """A request within a request would be that of whoever asked, who may read everything."""
    status, answer = api_as(community["sysadmin"])("privacy_leak_check", whole=True)
    assert (status, answer["result"]["leaks"]) == (200, [])


def test_whatever_is_read_that_no_release_shows_is_told(catalogue, app, monkeypatch):
    """Nothing at first; then words on a page, a field too many, bytes that differ, a dataset that opens."""

    def found(steps=None) -> list[str]:
        note = (lambda: None) if steps is None else lambda: steps.append(1)
        return [f"{each['where']}: {each['what']}" for each in leak_visits.find_leaks(note, app.flask_app)]

    steps: list[int] = []
    assert found(steps) == []
    assert len(steps) == leak_visits.how_many() == 3
    with monkeypatch.context() as patch:
        patch.setattr(app_globals, "site_title", f"News: {HELD}!")
        assert any(each.startswith("/: It shows words of") for each in found())
    answered = leak_visits.Stranger.result

    def with_more(self, path):
        said = answered(self, path)
        return {**said, "maintainer": "Asha"} if path.startswith("package_show") else said

    with monkeypatch.context() as patch:
        patch.setattr(leak_visits.Stranger, "result", with_more)
        assert any(each.startswith("package_show: What is answered about") for each in found())
    with monkeypatch.context() as patch:
        patch.setattr(leak_check, "public_ids", set)
        assert any("/download/file: It is answered" in each for each in found())
    entry = Release.get(catalogue["release"]).snapshot["resources"][catalogue["file"]]
    with store.local_path(entry["sha256"]) as path:
        body = Path(path).read_bytes()
        path.chmod(0o600)
        path.write_bytes(body + b"more")
    assert any("are not the released bytes" in each for each in found())
    store.remove(entry["sha256"])
    assert any("cannot be downloaded: 404" in each for each in found())
    stored = [each["what"] for each in leak_check.find_leaks()]
    assert any("is not in the release store any more" in each for each in stored), "the quick look knows it, too"


def test_whoever_runs_the_site_is_told_once_a_day_and_reads_it_in_the_queue(app, community, monkeypatch):
    clock, sent = Clock(monkeypatch), []
    monkeypatch.setattr(notify, "_queue", lambda readers, about, _id: sent.append((about, set(readers))))
    headers = {"Authorization": community["sysadmin"]["token"]}

    def queue(who=headers):
        return app.get("/privacy/queue", headers=who).get_data(as_text=True)

    assert "Nobody has looked for leaks for two days" in queue()
    answer = app.post("/api/3/action/privacy_leak_check", json={"whole": True}, headers=headers)
    assert (answer.status_code, answer.get_json()["result"]) == (200, {"leaks": []})
    assert "The public reads what is released and nothing else." in queue()
    leaks = [{"where": "package_show?id=x", "what": f"The dataset '{HELD}' is shown."}]
    monkeypatch.setattr(leak_visits, "find_leaks", lambda _progress: leaks)
    assert leak_watch.look() == leaks
    leak_watch.look()
    assert leak_watch.look(quick=True) == []
    assert sent == [("leaks_found", people.sysadmins())]
    assert "1 place shows what no release shows" in queue()
    assert HELD not in (model.get_system_info(leak_watch.KEY) or "")
    clock.pass_(days=1, minutes=1)
    leak_watch.look()
    assert len(sent) == 2
    monkeypatch.setattr(leak_visits, "find_leaks", lambda _progress: [])
    leak_watch.look()
    looked = clock.time
    clock.pass_(days=2, minutes=1)
    assert "Nobody has looked for leaks for two days" in queue()
    assert "Nobody has looked" not in queue({"Authorization": community["steward1"]["token"]})
    assert clock.time - (leak_watch.last().at or clock.time) == dt.timedelta(days=2, minutes=1), looked
