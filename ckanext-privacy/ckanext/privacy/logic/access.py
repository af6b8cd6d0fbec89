"""Asking who may do what, with a trace of who was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Concern, Consent, Release, Scan
from ckanext.privacy.workflow import audit

#: Under which parameters a call names what it is about.
_NAMES = ("id", "resource_id", "dataset_id", "datasets", "organization")
#: Longer than any id or name.
_LONGEST = 200


def check(action: str, context: Context, data_dict: DataDict) -> None:
    """Check access and note in the audit log who was refused what."""
    try:
        tk.check_access(action, context, data_dict)
    except tk.NotAuthorized as error:
        model.Session.rollback()
        user = audience.reader(context)
        audit.record_denied(action, _about(data_dict), str(error), user.id if user else None)
        raise


def _about(data_dict: DataDict) -> str:
    """Return the id of what a call is about, or nothing where there is no such thing.

    A caller can write whatever they like there, and what stands in the log stands there for good.
    """
    return next((found for named in _named(data_dict) if (found := _id_of(named))), "")


def _named(data_dict: DataDict) -> Iterator[str]:
    for name in _NAMES:
        value: Any = data_dict.get(name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and 0 < len(each) <= _LONGEST:
                yield each


def _id_of(named: str) -> str | None:
    """Return the id of a release, agreement, concern or organisation; scans and files count as their dataset."""
    for kind in (Release, Consent, Concern):
        if kind.get(named):
            return named
    scan = Scan.get(named)
    if scan is not None:
        return scan.package_id
    found = audience.dataset(named) or audience.package_of(named) or model.Group.get(named)
    return found.id if found else None
