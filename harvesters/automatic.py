"""Releases without a person, for what a person approved in advance: records of one source, public at their source.

It takes all of these: a second person who is steward approved the source and said that it may; the portal's records are
public; the licence is an open one; the files are the record's own; nobody edited it here; and the gate finds nothing,
neither in the description, contacts included, nor in the files. Everything else waits for a steward. Files that change
at their source afterwards are held again.
"""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestSource

from ckanext.cityportals import approval, gate, ledger, withdrawal
from ckanext.cityportals.portals import PORTALS

log = logging.getLogger(__name__)

NOTE = "Harvested from {title}."


def allowed(source_id: str) -> dict[str, Any] | None:
    """The approval under which records of a source may be released without a person; None where there is none."""
    approved = ledger.entry(ledger.package(source_id)).get("approval") or {}
    if not gate.loaded() or not approved.get("automatic_release"):
        return None
    if not approval.may_release(source_id, approved["by"]):
        return None
    return approved if approved["members"] == approval.members(source_id) else None


def public_elsewhere(package: dict[str, Any]) -> str | None:
    """One sentence on where a harvested dataset is public already and who let it go out; None: a person decides."""
    row = model.Package.get(package.get("id"))
    entry = ledger.entry(row) if row else {}
    source = HarvestSource.get(entry.get("source_id") or "")
    approved = allowed(source.id) if source else None
    if source is None or approved is None or not _is_open(package.get("license_id")):
        return None
    public = PORTALS[source.type].public_at_source and entry.get("public", True) and not entry.get("missing_since")
    if not public or entry.get("twins") or not _files_are_the_records(package, entry) or _is_edited(package["id"]):
        return None
    return (
        f"It is public at {source.url} under an open licence, nothing was found in it, and {approved['name']} "
        "approved that such records of this source are released without a person."
    )


def _is_open(license_id: str | None) -> bool:
    licence = model.Package.get_license_register().get(license_id or "")
    return licence is not None and bool(licence.isopen())


def _is_edited(dataset_id: str) -> bool:
    """Whether a person changed the dataset here, once: what they wrote is not what is public at the source."""
    harvester = model.User.get(withdrawal.harvest_user())
    return bool(gate.editors(dataset_id) - {harvester.id if harvester else ""})


def _files_are_the_records(package: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Whether every file is one that the record itself links to: nothing was uploaded or added here."""
    links = {each.get("url") for each in (entry.get("mapped") or {}).get("resources") or []}
    return all(not each.get("url_type") and each.get("url") in links for each in package.get("resources") or [])


def ask_later(source_id: str, dataset_ids: list[str]) -> None:
    """Queue the requests for release of datasets that were saved just now, where the source may have them."""
    if dataset_ids and allowed(source_id):
        tk.enqueue_job(request_releases, [source_id, dataset_ids], title="Ask for releases of harvested datasets")


def request_releases(source_id: str, dataset_ids: list[str]) -> None:
    """Ask for a release of each dataset. What cannot be asked for stays held."""
    note = NOTE.format(title=ledger.package(source_id).title or "")
    for dataset_id in dataset_ids:
        _request(dataset_id, note)


def _request(dataset_id: str, note: str) -> None:
    try:
        tk.get_action("privacy_release_request")(withdrawal.context(), {"id": dataset_id, "note": note})
    except (tk.ValidationError, tk.ObjectNotFound):
        model.Session.rollback()
        log.info("Dataset %s stays held: its release cannot be asked for as it is.", dataset_id)


# -- files that change at their source
_HARVESTED = sa.text("""
    SELECT id FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id AND state = 'active'
""")


def watch(source_id: str) -> list[str]:
    """Look now at every released file of a source, as the gate does once a day; the ids of the datasets it holds."""
    ids = model.Session.scalars(_HARVESTED, {"key": ledger.KEY, "source_id": source_id})
    return gate.hold_changed([*ids])
