"""A person removes a withdrawn dataset for good. Nothing else in this extension deletes anything.

What is left is a tombstone with the source: which dataset it was, what its record was called, who removed it and why,
and an entry in the gate's audit log. Of what the record said nothing is left, here or in ckanext-harvest's objects.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from ckanext.harvest.model import HarvestObject, HarvestObjectError, HarvestObjectExtra

from ckanext.cityportals import gate, ledger

#: tombstones that a source keeps
KEPT = 1000


def refusal(package: model.Package) -> str | None:
    """Why this dataset may not be purged; None when it may."""
    if not ledger.entry(package).get("withdrawn"):
        return tk._("Only a dataset that was withdrawn because its record is gone can be purged.")
    if gate.is_released(package.id):
        return tk._("This dataset is released. Withdraw its release first.")
    return None


def purge(context: Context, package: model.Package, reason: str) -> dict[str, Any]:
    """Remove a dataset from the database, the index and the harvest objects; its tombstone. Commits."""
    entry = ledger.entry(package)
    user = model.User.get(context.get("user", ""))
    tombstone = {
        "dataset_id": package.id,
        "name": package.name,
        "remote_id": entry["remote_ids"][0],
        "missing_since": entry.get("missing_since"),
        "by": user.id if user else "",
        "by_name": user.display_name if user else context.get("user", ""),
        "reason": reason,
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    source = model.Package.get(entry["source_id"])
    if source is not None:
        ledger.write(source, {"purged": [*ledger.entry(source).get("purged", []), tombstone][-KEPT:]})
    gate.note_purge(tombstone, entry["source_id"])
    _forget_objects(package.id)
    tk.get_action("dataset_purge")(tk.fresh_context(context), {"id": package.id})
    return tombstone


def tombstones(source_id: str) -> list[dict[str, Any]]:
    """What was purged of a source, the newest first."""
    return list(reversed(ledger.entry(ledger.package(source_id)).get("purged") or []))


def _forget_objects(package_id: str) -> None:
    """ckanext-harvest's objects hold whole records, and would keep CKAN from purging the dataset."""
    ids = sa.select(HarvestObject.id).where(HarvestObject.package_id == package_id)
    for part in (HarvestObjectExtra, HarvestObjectError):
        model.Session.execute(sa.delete(part).where(part.harvest_object_id.in_(ids)))
    model.Session.execute(sa.delete(HarvestObject).where(HarvestObject.package_id == package_id))
