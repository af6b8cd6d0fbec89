"""Scans: ask for one, follow it, read what was found."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.logic import access, schema
from ckanext.privacy.logic.auth.datasets import package_of
from ckanext.privacy.model import Scan
from ckanext.privacy.workflow import people, requesting, scans


@schema.accepts(schema.scan_create)
def privacy_scan_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Scan the files of a dataset, or one file, for data about people.

    The scan runs in the background; follow it with ``privacy_scan_show``. Bytes that a scan is under way for already
    are not queued twice.

    :param id: the dataset, by id or name
    :param resource_id: one file; instead of ``id``
    :returns: ``{scans: [scan, ...], message}``; ``message`` is one sentence when the scans have to wait, else None
    """
    access.check("privacy_scan_create", context, data_dict)
    package = package_of(data_dict)
    created = requesting.scan(package.id, people.current_user(context), data_dict.get("resource_id"))
    _, message = scans.pick_up(package.id)
    return {"scans": [scans.dictize(scan, report=False) for scan in created], "message": message}


@tk.side_effect_free
@schema.accepts(schema.record_id)
def privacy_scan_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Tell how far a scan is and what it found.

    :param id: the scan
    :returns: ``{id, package_id, resource_id, kind, sha256, name, status, progress, outcome, failure, report, quality,
        created, started, finished}``; ``status`` is ``queued``, ``running``, ``done`` or ``failed``, ``progress`` 0..1
    """
    access.check("privacy_scan_show", context, data_dict)
    scan = Scan.get(data_dict["id"])
    if scan is None:
        raise tk.ObjectNotFound(tk._("There is no such scan."))
    model.Session.refresh(scan)
    return scans.dictize(scan)


@tk.side_effect_free
@schema.accepts(schema.scan_list)
def privacy_scan_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List the newest scan of each file of a dataset, or of one file.

    :param id: the dataset, by id or name
    :param resource_id: one file; instead of ``id``
    :param all: older scans too; their reports are left out
    """
    access.check("privacy_scan_list", context, data_dict)
    query = sa.select(Scan).where(Scan.package_id == package_of(data_dict).id)
    if data_dict.get("resource_id"):
        query = query.where(Scan.resource_id == data_dict["resource_id"])
    if data_dict.get("all"):
        found = model.Session.scalars(query.order_by(Scan.created.desc()).limit(1000))
        return [scans.dictize(scan, report=False) for scan in found]
    newest = query.distinct(Scan.resource_id, Scan.kind).order_by(Scan.resource_id, Scan.kind, Scan.created.desc())
    return [scans.dictize(scan) for scan in model.Session.scalars(newest)]
