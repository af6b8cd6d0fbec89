"""Who was refused what stands in the audit log, and nothing that the refused could choose."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from support.agreeing import RECORD, agree
from support.releases import act, add_file, make_dataset, release, work
from werkzeug.datastructures import FileStorage

from ckanext.privacy.logic.action import get_actions
from ckanext.privacy.model import AuditEntry, Scan
from ckanext.privacy.workflow import audit

#: What everyone may call; what it tells depends on who asks.
OPEN = {
    "privacy_concern_create", "privacy_register_list", "privacy_scanner_show", "privacy_status_show",
    "privacy_release_list", "privacy_release_approve_bulk", "privacy_reminder_list", "privacy_steward_change_list",
}  # fmt: skip

SECRET = "Asha Kamble, 12 River Lane"


def _release(world: Any, **more: Any) -> dict[str, Any]:
    return {"id": world.release["id"], "reason": "no", **more}


def _look(world: Any) -> dict[str, Any]:
    return {"id": world.release["id"], "snapshot_sha256": world.release["snapshot_sha256"], "resources": [world.file]}


def _dataset(world: Any) -> dict[str, Any]:
    return {"id": world.dataset}


def _file(world: Any) -> dict[str, Any]:
    return {"resource_id": world.file, "plan": {"steps": []}}


def _agreement(world: Any) -> dict[str, Any]:
    return {"id": world.agreement, "upload": FileStorage(io.BytesIO(b"signed"), "signed.txt")}


def _steward(world: Any) -> dict[str, Any]:
    return {"username": "reader", "organization": "city-lab"}


CALLS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "privacy_scan_create": _dataset,
    "privacy_scan_list": _dataset,
    "privacy_scan_show": lambda world: {"id": world.scan},
    "privacy_release_request": _dataset,
    **dict.fromkeys(("privacy_release_show", "privacy_release_diff", "privacy_release_approve"), _look),
    "privacy_release_narrow": _look,
    **{
        f"privacy_release_{step}": _release
        for step in ("confirm", "return", "reject", "appeal", "cancel", "withdraw", "hold", "resume")
    },
    "privacy_override": lambda world: {"id": world.dataset, "reason": "no"},
    **{f"privacy_remediation_{step}": _file for step in ("suggest", "preview", "apply")},
    "privacy_consent_create": lambda world: {"dataset_id": world.dataset, **RECORD},
    "privacy_consent_list": lambda world: {"dataset_id": world.dataset},
    **{f"privacy_consent_{step}": _agreement for step in ("show", "withdraw", "renew", "evidence_create")},
    "privacy_concern_show": lambda world: {"id": world.concern},
    "privacy_concern_list": lambda world: {},
    "privacy_concern_resolve": lambda world: {"id": world.concern, "reason": "no"},
    **{f"privacy_steward_{step}": _steward for step in ("add", "remove", "list")},
    **dict.fromkeys(("privacy_audit_list", "privacy_audit_verify", "privacy_leak_check"), lambda world: {}),
}


@pytest.fixture
def world(community: dict[str, Any]) -> Any:
    """A released dataset with all that can be about one."""
    dataset = make_dataset()
    file = add_file(dataset["id"], "street,lamps\nHill Road,12\n", "lamps.csv")
    agreement = agree(dataset["id"])
    released = release(dataset["id"])
    concern = act("", "privacy_concern_create", dataset_id=dataset["id"], text="Is that me?")
    scan = model.Session.scalars(sa.select(Scan.id).where(Scan.package_id == dataset["id"])).first()
    return SimpleNamespace(
        dataset=dataset["id"], file=file["id"], agreement=agreement["id"], concern=concern["id"], scan=scan,
        release=act("steward1", "privacy_release_show", id=released["id"]), organization=dataset["organization"]["id"],
    )  # fmt: skip


def _refused() -> list[AuditEntry]:
    model.Session.rollback()
    query = sa.select(AuditEntry).where(AuditEntry.event == "denied").order_by(AuditEntry.seq)
    return list(model.Session.scalars(query))


def test_every_action_is_looked_at_here():
    assert CALLS.keys() | OPEN == get_actions().keys()
    assert not CALLS.keys() & OPEN


def test_whoever_is_refused_stands_in_the_log_with_what_it_was_about(world):
    known = {world.dataset, world.release["id"], world.agreement, world.concern, world.organization, ""}
    for number, (action, parameters) in enumerate(CALLS.items(), 1):
        with pytest.raises(tk.NotAuthorized):
            act("reader", action, **parameters(world))
        entries = _refused()
        assert len(entries) == number, action
        assert (model.User.get(entries[-1].actor).name, entries[-1].object_id in known) == ("reader", True), action
        assert bool(entries[-1].object_id) == bool(parameters(world)), action


def test_a_steward_reads_who_was_refused_at_her_organizations_datasets(world):
    with pytest.raises(tk.NotAuthorized):
        act("reader", "privacy_release_request", id=world.dataset)
    found = act("steward1", "privacy_audit_list", event="denied")["results"]
    assert [entry["object_id"] for entry in found] == [world.dataset]


@pytest.mark.parametrize("action", ["privacy_release_request", "privacy_release_reject", "privacy_override"])
@pytest.mark.parametrize("user", [None, "reader"])
def test_nobody_writes_words_of_their_own_into_the_log(app, world, community, action, user, caplog):
    headers = {"Authorization": community[user]["token"]} if user else {}
    for words in (SECRET, SECRET * 500):
        app.post(f"/api/3/action/{action}", json={"id": words, "reason": "x"}, headers=headers)
    rows = [{**entry.data, "object_id": entry.object_id} for entry in _refused()]
    assert SECRET not in str(rows)
    assert SECRET not in caplog.text


def test_a_visitor_cannot_fill_the_log(app, world, monkeypatch):
    monkeypatch.setattr(audit, "MOST_REFUSED", 3)
    for _ in range(6):
        app.post("/api/3/action/privacy_release_request", json={"id": world.dataset})
    assert [entry.actor for entry in _refused()] == [None] * 3
    with pytest.raises(tk.NotAuthorized):
        act("reader", "privacy_release_request", id=world.dataset)
    assert len(_refused()) == 4


# Words for everyone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["withdraw", "hold"])
def test_a_reason_that_the_register_tells_holds_no_number_of_a_person(world, step):
    user = "officer" if step == "withdraw" else "steward1"
    with pytest.raises(tk.ValidationError) as refused:
        act(user, f"privacy_release_{step}", id=world.release["id"], reason="María asked: +91 98200 12345")
    assert "98200 12345" not in str(refused.value.error_dict)
    assert "Everyone can read this" in refused.value.error_dict["reason"][0]
    assert act("steward1", "privacy_release_show", id=world.release["id"])["state"] == "released"


def test_the_note_of_an_approval_holds_none_either_and_the_page_says_so_at_the_field(app, community):
    dataset = make_dataset()
    add_file(dataset["id"], "street,lamps\nHill Road,12\n", "lamps.csv")
    asked = act("officer", "privacy_release_request", id=dataset["id"])
    work()
    sha256 = act("steward1", "privacy_release_show", id=asked["id"])["snapshot_sha256"]
    form = {"snapshot_sha256": sha256, "note": "ask asha.kamble@gmail.com"}
    headers = {"Authorization": community["steward1"]["token"]}
    page = app.post(f"/privacy/release/{asked['id']}/approve", data=form, headers=headers)
    assert page.status_code == 409
    assert 'href="#approve-note"' in page.body
    assert act("steward1", "privacy_release_show", id=asked["id"])["state"] == "in_review"
