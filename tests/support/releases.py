"""Walks datasets through the gate: people, files, jobs, decisions, as plain functions."""

from __future__ import annotations

import io
from typing import Any

import rq
from ckan import model
from ckan.lib import jobs
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers
from werkzeug.datastructures import FileStorage

from support.survey import ABOUT_WATER, WATER

#: Names and e-mail addresses of people who do not exist.
PEOPLE = "name,email,litres\n" + "".join(
    f"{first} {last},{first.lower()}.{last.lower()}@mail.example.com,{len(first + last)}\n"
    for first in ("Asha", "Carlos", "Lucia", "Ravi", "Maria", "Sunita")
    for last in ("Patil", "Garcia", "Rossi", "Kumar", "Fernandez")
)
#: What a dataset must say of itself where the community fields are on.
DESCRIBED = {"title_translated": {"en": "Water points"}, **ABOUT_WATER}


def act(user: str, action: str, **data: Any) -> Any:
    """Call an action as a user, with the user's own rights."""
    model.Session.expire_all()
    context = {"user": user, "ignore_auth": False}
    return helpers.call_action(action, context, **data)


def make_dataset(
    text: str | bytes | None = WATER, filename: str = "water.csv", user: str = "officer", **fields: Any
) -> Any:
    """Create a dataset of the organisation with one uploaded file."""
    name = fields.pop("name", factories.Dataset.stub().name)
    described = DESCRIBED if plugin_loaded("communitydata") else {"title": "Water points", "notes": "Where water is."}
    data = {"name": name, "owner_org": "city-lab", **described, **fields}
    dataset = act(user, "package_create", **data)
    if text is not None:
        add_file(dataset["id"], text, filename, user=user)
    return act(user, "package_show", id=dataset["id"])


def upload(text: str | bytes, filename: str) -> FileStorage:
    """A file as a form would send it."""
    body = text.encode() if isinstance(text, str) else text
    return FileStorage(io.BytesIO(body), filename=filename)


def add_file(dataset_id: str, text: str | bytes, filename: str, user: str = "officer") -> Any:
    """Upload one more file to a dataset."""
    data = {"package_id": dataset_id, "name": filename, "url": filename, "upload": upload(text, filename)}
    return act(user, "resource_create", **data)


def request(dataset_id: str, user: str = "officer", **data: Any) -> Any:
    """Ask for a release and let the workers do their part; return the release as it stands then."""
    release = act(user, "privacy_release_request", id=dataset_id, **data)
    work()
    return act("sysadmin", "privacy_release_show", id=release["id"])


def approve(release: dict[str, Any], *stewards: str) -> Any:
    """Approve a release as it was looked at; return it."""
    for steward in stewards or ("steward1",):
        release = act(steward, "privacy_release_approve", id=release["id"], snapshot_sha256=release["snapshot_sha256"])
    return release


def release(dataset_id: str) -> Any:
    """Ask for a release and give it as many approvals as it needs; return it."""
    asked = request(dataset_id)
    return approve(asked, *("steward1", "steward2")[: max(1, asked["needs"])])


def work() -> None:
    """Run the jobs that wait, in this process."""
    worker = jobs.Worker()
    worker.execute_job = rq.SimpleWorker.execute_job.__get__(worker)
    worker.work(burst=True)
    model.Session.expire_all()


def public_sees(dataset_id: str) -> bool:
    """Say whether a visitor finds the dataset, by address and by search."""
    try:
        act("", "package_show", id=dataset_id)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        shown = False
    else:
        shown = True
    found = act("", "package_search", q=f"id:{dataset_id}")["count"]
    assert bool(found) is shown, "The index and the database say different things."
    return shown
