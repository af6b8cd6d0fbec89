"""The working copy that a save has just answered with, for the activity stream, which asks for it once more.

CKAN takes the dataset from its index there. Ours holds the release, so each save would read the dataset twice.
"""

from __future__ import annotations

import copy
from typing import Any

from ckan import model
from ckan import plugins as p
from ckan.types import Context, DataDict

from ckanext.privacy.gate import remembered

Package = dict[str, Any]

#: What the activity stream asks with, and no call that reads in order to write.
_ASKED_WITH = {"id", "include_tracking"}


def keep(package: Package) -> None:
    """Keep what a save answered with until the session writes, or somebody has taken it."""
    if p.plugin_loaded("activity"):
        remembered.keep(("saved", package["id"]), copy.deepcopy(package))


def just_saved(context: Context, data_dict: DataDict) -> Package | None:
    """Return what this session has just saved, if the call is the activity stream's and the row is still the same."""
    if not context.get("ignore_auth") or context.get("for_view") or data_dict.keys() != _ASKED_WITH:
        return None
    saved = remembered.take(("saved", data_dict["id"]))
    package = model.Package.get(data_dict["id"]) if saved else None
    same = package is not None and saved["metadata_modified"] == package.metadata_modified.isoformat()
    return saved if same else None
