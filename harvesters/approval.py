"""A source runs once somebody else than its author has looked at it.

Whoever may add datasets to an organisation may add a source, and a source makes this site call another one again and
again. So a second person approves it first: its kind and its address, and when these change, they are approved again.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.cityportals import config, gate, ledger

#: for whose sources approval is needed: ``ckanext.cityportals.approval``
NOBODY, EDITORS, EVERYBODY = "nobody", "editors", "everybody"
#: members of a source that somebody approves
_APPROVED_MEMBERS = ("url", "source_type", "config")


def waits(source_id: str) -> bool:
    """Whether a source waits for somebody to approve it."""
    policy = config.approval()
    if policy == NOBODY:
        return False
    approval = ledger.entry(ledger.package(source_id)).get("approval") or {}
    if approval and approval["members"] == members(source_id):
        return False
    author = model.User.get(author_id(source_id))
    return policy == EVERYBODY or author is None or not author.sysadmin


def members(source_id: str) -> dict[str, Any]:
    """What is approved: kind, address and settings."""
    package = ledger.package(source_id)
    extras = package.extras or {}
    return {name: getattr(package, name, None) or extras.get(name) for name in _APPROVED_MEMBERS}


def fingerprint(source_id: str) -> str:
    """SHA-256 of what is approved, in hex: whoever approves says with it what they looked at."""
    return hashlib.sha256(json.dumps(members(source_id), sort_keys=True).encode()).hexdigest()


def author_id(source_id: str) -> str:
    """Who added a source, or was the last to change what is approved of it."""
    package = ledger.package(source_id)
    return ledger.entry(package).get("author") or package.creator_user_id or ""


def note_author(source_id: str, before: dict[str, Any] | None, user_name: str) -> None:
    """Remember who is responsible for what a source is now, if that has changed. Commits nothing."""
    user = model.User.get(user_name)
    if user is not None and members(source_id) != before:
        ledger.write(ledger.package(source_id), {"author": user.id})


def may_release(source_id: str, user: str) -> bool:
    """Whether this person, by name or id, may let a source's records be released: a steward, and not its author.

    An editor cannot, as she cannot approve a single one of them; nor can whom the author made a steward.
    """
    found, author = model.User.get(user), author_id(source_id)
    if found is None or not found.is_active or found.id == author:
        return False
    organization = ledger.package(source_id).owner_org or ""
    if gate.appointed_by(found, organization) == author:
        return False
    return bool(found.sysadmin or gate.is_steward(found.id, organization))


def may_approve(source_id: str, user_name: str) -> bool:
    """Whether this person may approve the source: an editor or a steward of its organisation, and not its author."""
    user = model.User.get(user_name)
    if user is None or not user.is_active or user.id == author_id(source_id):
        return False
    if may_release(source_id, user.id):
        return True
    try:
        tk.check_access("package_update", {"user": user.name}, {"id": source_id})
    except tk.NotAuthorized:
        return False
    return True


def approve(source_id: str, user_name: str, note: str, *, automatic_release: bool = False) -> dict[str, Any]:
    """Approve a source as it is now. Commits nothing.

    :param automatic_release: what is public at the source, openly licensed and clean may be released without a person
    """
    user = model.User.get(user_name)
    approval = {
        "members": members(source_id),
        "by": user.id if user else "",
        "name": user.display_name if user else user_name,
        "note": note,
        "automatic_release": automatic_release,
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    ledger.write(ledger.package(source_id), {"approval": approval})
    return approval


def sentence() -> str:
    """What to tell who wants to run a source that waits."""
    return tk._("This source waits for approval by somebody else than the person who added it.")
