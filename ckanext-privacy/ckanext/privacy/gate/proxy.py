"""CKAN's resource proxy, which fetches what a link leads to for previews, behind the same checks as a scan.

The plugin itself follows links and redirects to any address, those inside the own network too, for whoever asks.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from ckan.plugins import toolkit as tk
from flask import Response

from ckanext.privacy import config, remote

#: Kinds of files that the catalogue keeps itself: the plugin asks the catalogue for them, as a visitor.
_OWN = frozenset({"upload", "datastore"})


def linked_file() -> Response | None:
    """Answer with what a link leads to that the reader may see; None leaves other files, and refusals, to CKAN."""
    resource = _resource()
    if resource is None or resource.get("url_type") in _OWN:
        return None
    limits = replace(
        config.link_limits(),
        max_bytes=tk.config["ckan.resource_proxy.max_file_size"],
        timeout=tk.config["ckan.resource_proxy.timeout"],
        seconds=tk.config["ckan.resource_proxy.timeout"] * 4,
        retries=0,
    )
    body = io.BytesIO()
    try:
        found = remote.fetch(resource["url"], body, limits)
    except remote.FetchError:
        # Why is nothing for visitors: it may tell of machines inside the network.
        return tk.abort(409, tk._("This file cannot be shown here: open it where it is kept."))
    response = Response(body.getvalue(), content_type=found.content_type or "application/octet-stream")
    # Scripts read it. A browser that is led here runs nothing of it in the catalogue's name.
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _resource() -> dict[str, Any] | None:
    context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    try:
        return tk.get_action("resource_show")(context, {"id": (tk.request.view_args or {})["resource_id"]})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None
