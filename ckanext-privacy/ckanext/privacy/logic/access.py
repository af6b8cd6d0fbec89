"""Asking who may do what, with a trace of who was refused."""

from __future__ import annotations

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.workflow import audit


def check(action: str, context: Context, data_dict: DataDict, object_id: str = "") -> None:
    """Check access and note in the audit log who was refused what."""
    try:
        tk.check_access(action, context, data_dict)
    except tk.NotAuthorized as error:
        user = model.User.get(context.get("user") or "")
        model.Session.rollback()
        audit.record_denied(action, object_id, str(error), user.id if user else None)
        raise
