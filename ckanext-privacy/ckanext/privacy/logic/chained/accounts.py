"""Accounts of stewards: who can act in a steward's name leaves a trace.

A sysadmin can, and nothing in CKAN prevents it: the audit log tells it to the organisation's stewards.
"""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Steward
from ckanext.privacy.workflow import audit


def _noted(event: str, original: Action, context: Context, data_dict: DataDict, user: model.User | None) -> Any:
    """Note, in the transaction of the step itself, that somebody else takes it with a steward's account."""
    actor = audience.account(context)
    is_own = user is not None and actor is not None and actor.id == user.id
    organizations = Steward.organizations(user.id) if user is not None and not is_own else []
    if user is None or not organizations:
        return original(context, data_dict)
    tk.check_access(_STEPS[event], context.copy(), data_dict)
    for organization_id in organizations:
        audit.record(event, "organization", organization_id, {"user": user.id}, actor.id if actor else None)
    try:
        return original(context, data_dict)
    except BaseException:
        model.Session.rollback()  # what was noted did not happen
        raise


#: Event in the log -> the action that it tells of.
_STEPS = {"steward.token": "api_token_create", "steward.account": "user_update"}


@tk.chained_action
def api_token_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Make a token. One that somebody else makes for a steward is noted: who holds it decides in the steward's name."""
    return _noted("steward.token", original, context, data_dict, model.User.get(data_dict.get("user")))


@tk.chained_action
def user_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Change an account. A password or an address that somebody else gives a steward is noted."""
    user = model.User.get(data_dict.get("id"))
    new_address = user is not None and data_dict.get("email", user.email) != user.email
    opens = new_address or data_dict.get("password") or data_dict.get("password1")
    return _noted("steward.account", original, context, data_dict, user if opens else None)
