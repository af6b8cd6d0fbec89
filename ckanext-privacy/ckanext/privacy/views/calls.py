"""How pages ask: every answer comes from an action, with the reader's own rights."""

from __future__ import annotations

from typing import Any, cast

from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.privacy.logic import access


def context() -> Context:
    """Return a fresh context with the reader's rights and nothing else."""
    return cast("Context", {"user": tk.current_user.name, "auth_user_obj": tk.current_user})


def act(action: str, **data: Any) -> Any:
    """Call an action as the reader; refusals and validation errors are the caller's."""
    return tk.get_action(action)(context(), data)


def may(auth: str, **data: Any) -> bool:
    """Say whether the reader may do something; a thing that does not exist may not be touched."""
    try:
        return bool(tk.check_access(auth, context(), data))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False


def working_copy(id: str, auth: str = "privacy_scan_list") -> dict[str, Any]:
    """Return a dataset as its editors have it, for readers with the right ``auth``; others are refused."""
    access.check(auth, context(), {"id": id})
    return act("package_show", id=id)
