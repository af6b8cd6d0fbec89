"""A whole catalogue in a folder: records, organisations, RDF, vocabulary, releases, agreements without names.

Files themselves are not in it. Reading it into an empty catalogue gives the same RDF; what was released there is held
here until somebody here releases it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.dcat.processors import RDFSerializer
from rdflib import Graph

from ckanext.communitydata import config, requirements, skos
from ckanext.communitydata.views.vocabulary import translations

PAGE = 200
MANIFEST = "manifest.json"
#: What of an agreement leaves the catalogue: nothing that says who agreed.
CONSENT_FACTS = ("level", "status", "valid", "allows_release", "until", "created")
EVENT_FACTS = ("event", "status", "at", "until")
#: What CKAN works out by itself, or what belongs to the place where a record is kept.
NOT_COPIED = (
    "metadata_created",
    "metadata_modified",
    "creator_user_id",
    "num_resources",
    "num_tags",
    "organization",
    "relationships_as_subject",
    "relationships_as_object",
    "isopen",
    "license_title",
    "license_url",
    "groups",
    "state",
    "private",
)
ORGANIZATION_FACTS = ("id", "name", "title", "description")


def export(folder: Path, *, everything: bool) -> dict[str, int]:
    """Write the catalogue into a folder that is empty or not there; return how many there are of each.

    ``everything`` takes what is held as well; otherwise the folder holds what the public can see.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. Name a folder that is empty or not there yet.")
    context = _context(everything)
    records = list(_records(context, everything))
    organizations = {r["owner_org"]: _organization(context, r["owner_org"]) for r in records if r.get("owner_org")}
    for record in records:
        _write(folder / "records" / record["type"] / f"{record['name']}.json", record)
    _write(folder / "organizations.json", [*organizations.values()])
    _write(folder / "releases.json", _releases(context))
    _write(folder / "agreements.json", _agreements(records))
    (folder / "catalogue.ttl").write_text(graph(records).serialize(format="longturtle"), encoding="utf-8")
    vocabulary = skos.graph(config.namespace(), translations())
    (folder / "vocabulary.ttl").write_text(vocabulary.serialize(format="longturtle"), encoding="utf-8")
    _write_manifest(folder)
    return {"records": len(records), "organizations": len(organizations)}


def graph(records: list[dict[str, Any]]) -> Graph:
    """All records in one graph, by the site's own profiles."""
    serializer = RDFSerializer(profiles=tk.aslist(tk.config["ckanext.dcat.rdf.profiles"]))
    for record in records:
        serializer.graph_from_dataset(json.loads(json.dumps(record)))
    return Graph().parse(data=serializer.g.serialize(format="nt"), format="nt")


def _context(everything: bool) -> dict[str, Any]:
    if everything:
        user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        return {"user": user, "ignore_auth": True}
    return {"user": "", "ignore_auth": False}


def _call(action: str, context: dict[str, Any], data_dict: dict[str, Any]) -> Any:
    """Call an action with a context of its own: actions leave things in theirs."""
    fresh: Any = {**context}
    return tk.get_action(action)(fresh, data_dict)


def _records(context: dict[str, Any], everything: bool) -> Iterator[dict[str, Any]]:
    types = " OR ".join(requirements.SCHEMA_FILES)
    asked = {"fq": f"dataset_type:({types})", "rows": PAGE, "sort": "name asc", "include_private": everything}
    start = 0
    while True:
        found = _call("package_search", context, {**asked, "start": start})["results"]
        yield from (_call("package_show", context, {"id": record["id"]}) for record in found)
        start += PAGE
        if len(found) < PAGE:
            return


def _organization(context: dict[str, Any], id_: str) -> dict[str, Any]:
    shown = _call("organization_show", context, {"id": id_, "include_users": False, "include_datasets": False})
    return {name: shown.get(name) for name in ORGANIZATION_FACTS}


def _releases(context: dict[str, Any]) -> Any:
    """The public register of the gate, where there is one."""
    return _call("privacy_register_list", context, {}) if p.plugin_loaded("privacy") else []


def _agreements(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is on record about agreements, without anything that tells who agreed."""
    try:
        tk.get_action("privacy_consent_list")
    except KeyError:
        return []
    context = _context(everything=True)
    return [
        {
            "dataset": record["id"],
            **{name: agreement.get(name) for name in CONSENT_FACTS},
            "events": [{name: event.get(name) for name in EVENT_FACTS} for event in agreement.get("events", [])],
        }
        for record in records
        for agreement in _call("privacy_consent_list", context, {"dataset_id": record["id"]})
    ]


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")


def _write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    _write(
        folder / MANIFEST,
        {"format": "ckanext-communitydata catalogue 1", "site": tk.config["ckan.site_url"], "sha256": sums},
    )


# -- Reading it again
def load(folder: Path) -> dict[str, int]:
    """Create what a folder holds in this catalogue; what is here already under the same id stays as it is."""
    check(folder)
    context = _context(everything=True)
    organizations = _create_all(context, "organization", json.loads((folder / "organizations.json").read_text("utf-8")))
    paths = sorted((folder / "records").rglob("*.json"))
    records = _create_all(context, "package", [_copy(json.loads(path.read_text("utf-8"))) for path in paths])
    return {"records": records, "organizations": organizations}


def check(folder: Path) -> None:
    """Refuse a folder that is no export, or in which a file was changed or is missing."""
    try:
        sums = json.loads((folder / MANIFEST).read_text("utf-8"))["sha256"]
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{folder} holds no {MANIFEST}, so it is no export of a catalogue.") from None
    for name, expected in sums.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise ValueError(f"{name} is missing in {folder}.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ValueError(f"{name} in {folder} was changed after the export.")


def _create_all(context: dict[str, Any], kind: str, wanted: list[dict[str, Any]]) -> int:
    known = {"organization": model.Group, "package": model.Package}[kind]
    missing = [values for values in wanted if known.get(values["id"]) is None]
    for values in missing:
        _call(f"{kind}_create", context, values)
    return len(missing)


def _copy(record: dict[str, Any]) -> dict[str, Any]:
    """A record as it is to be created: its dates become said, since CKAN would set its own."""
    kept = {name: value for name, value in record.items() if name not in NOT_COPIED}
    kept.setdefault("issued", record["metadata_created"])
    kept.setdefault("modified", record["metadata_modified"])
    kept["resources"] = [_copy_file(resource) for resource in record.get("resources", [])]
    return {**kept, "private": True}


def _copy_file(resource: dict[str, Any]) -> dict[str, Any]:
    """A file stays where it is: its address is kept, its bytes are not copied."""
    local = ("url_type", "package_id", "datastore_active", "position", "created", "metadata_modified", "last_modified")
    kept = {name: value for name, value in resource.items() if name not in local and value not in (None, "")}
    return {
        **kept,
        "issued": resource.get("created"),
        "modified": resource.get("last_modified") or resource.get("metadata_modified"),
    }
