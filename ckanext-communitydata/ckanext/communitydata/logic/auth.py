"""Who may call our actions."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

__all__ = ["communitydata_import"]


def communitydata_import(context: Any, data_dict: dict[str, Any]) -> Any:
    """Whoever may describe data may have a file read for it."""
    return {"success": _may_describe(context)}


def _may_describe(context: Any) -> bool:
    try:
        return tk.check_access("package_create", context, {})
    except tk.NotAuthorized:
        return False
