"""Fills the demo as a user's script would: everything goes through CKAN's API by ckanapi, and by name, so that a run
that was interrupted can be repeated.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from ckanapi import NotFound, RemoteCKAN

from deploy.demo import files, gate, people

STORIES = Path(__file__).resolve().parent / "stories"
HARVEST = Path(__file__).resolve().parent / "harvest.yaml"

Tell = Callable[[str], None]


def fill(url: str, sysadmin: dict[str, str], portals: str, tell: Tell) -> dict[str, Any]:
    """Create what is missing, by name; give the content of `.run/demo.json`."""
    users = people.make_people(RemoteCKAN(url, apikey=sysadmin["token"]))
    tell(f"{len(users) + 1} people, one organisation")
    apis = {name: RemoteCKAN(url, apikey=user["token"]) for name, user in users.items()}
    for path in sorted(STORIES.glob("*.yaml")):
        tell_story(apis, read_story(path), tell)
    harvest(apis, RemoteCKAN(url, apikey=sysadmin["token"]), portals, tell)
    return {"url": url, "organization": people.ORGANIZATION, "users": {"sysadmin": sysadmin} | users}


def read_story(path: Path) -> dict[str, Any]:
    """A story's file. All values stay text, as a form would send them: dates, numbers, `yes`."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - builds strings only


def tell_story(apis: dict[str, RemoteCKAN], story: dict[str, Any], tell: Tell) -> None:
    """Make one dataset and bring it as far as its story goes: `draft`, `requested` or `released`."""
    dataset = make_dataset(apis["officer"], story)
    write_agreement(apis, dataset, story.get("agreement"))
    ended = story["ends"]
    status = apis["officer"].action.privacy_status_show(id=dataset["id"])
    if ended != "draft" and not status["released"]:
        release = gate.request(apis["officer"], dataset["id"], story.get("note", ""))
        if ended == "released":
            gate.approve([apis[name] for name in people.STEWARDS], release, story["note"])
    if story.get("concern"):
        raise_concern(apis, dataset, story["concern"])
    state = apis["officer"].action.privacy_status_show(id=dataset["id"])["state"]
    tell(f"{dataset['name']}: {state}")


def write_agreement(apis: dict[str, RemoteCKAN], dataset: dict[str, Any], agreement: dict[str, Any] | None) -> None:
    """Write down who agreed to the dataset's release, unless that was done."""
    officer = apis["officer"]
    if agreement and not officer.action.privacy_consent_list(dataset_id=dataset["id"]):
        officer.call_action("privacy_consent_create", {"dataset_id": dataset["id"], **agreement})


def raise_concern(apis: dict[str, RemoteCKAN], dataset: dict[str, Any], text: str) -> None:
    """Have a visitor without an account report a concern, unless one did."""
    steward = apis[people.STEWARDS[0]]
    if not steward.action.privacy_concern_list(dataset=dataset["id"])["count"]:
        RemoteCKAN(steward.address).action.privacy_concern_create(dataset_id=dataset["id"], text=text)


def make_dataset(officer: RemoteCKAN, story: dict[str, Any]) -> dict[str, Any]:
    """Create the dataset and upload the files that it lacks."""
    wanted = story["dataset"]
    try:
        dataset = officer.action.package_show(id=wanted["name"])
    except NotFound:
        dataset = officer.action.package_create(owner_org=people.ORGANIZATION, private=True, **wanted)
    there = {resource["name"] for resource in dataset.get("resources", [])}
    for described in story.get("files", []):
        if described["name"] not in there:
            upload(officer, dataset["id"], described)
    return dataset


def upload(officer: RemoteCKAN, dataset_id: str, described: dict[str, Any]) -> None:
    """Make one file of the story and upload it."""
    fields = dict(described)
    content = io.BytesIO(files.MAKERS[fields.pop("maker")]())
    filename = fields.pop("filename")
    content.name = filename
    officer.call_action(
        "resource_create",
        {"package_id": dataset_id, "format": filename.rsplit(".", 1)[1].upper(), **fields},
        files={"upload": (filename, content)},
    )


def harvest(apis: dict[str, RemoteCKAN], admin: RemoteCKAN, portals: str, tell: Tell) -> None:
    """Run the sources on the replayed portals; release the few records that the stewards have looked at."""
    plan = read_story(HARVEST)
    for source in plan["sources"]:
        report = run_source(admin, source, portals)
        tell(f"{source['title']}: {report['added']} datasets wait at the gate")
    for chosen in plan["released"]:
        described = chosen["dataset"]
        apis["officer"].action.package_patch(id=described["name"], **described)
        tell_story(apis, chosen, tell)


def run_source(admin: RemoteCKAN, source: dict[str, Any], portals: str) -> dict[str, Any]:
    """Create one harvest source and run it to its end."""
    fields = source | {"url": portals + source["url"], "owner_org": people.ORGANIZATION, "frequency": "MANUAL"}
    try:
        known = admin.action.harvest_source_show(id=source["name"])
    except NotFound:
        known = admin.action.harvest_source_create(**fields)
    report = admin.action.cityportals_report_show(id=known["id"])
    return report if report.get("complete") else admin.action.cityportals_run(id=known["id"], wait=True)
