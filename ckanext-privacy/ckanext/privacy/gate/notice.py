"""Telling who saves that the public does not see it yet: in pages as a message, in the API as a header."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import Context
from flask import Response, g

from ckanext.privacy.gate import addresses, audience, released
from ckanext.privacy.said import said

HEADER = "Privacy-Gate"
#: How many files of the dataset have an address that cannot be released; not sent where there is none.
REFUSED_HEADER = "Privacy-Gate-Refused-Addresses"
_NOTICE = "privacy_notice"
_REFUSED = "privacy_refused_addresses"
#: Which texts of an organisation or group reach a single person; not sent where none does.
POINTED_HEADER = "Privacy-Gate-Pointed-At"
_POINTED = "privacy_pointed_at"
_MOST_POINTED = 20
_NO_NAME = re.compile(r"[^A-Za-z0-9_. -]+")


def saved(context: Context, package: dict[str, Any] | str) -> None:
    """Tell whoever sent the current request, once, that what they saved is held. Takes the dataset or its id."""
    if audience.outside_of_requests() or context.get("defer_commit") or hasattr(g, _NOTICE):
        return
    package_id, files = (package["id"], package.get("resources")) if isinstance(package, dict) else (package, None)
    since = released.since(package_id)
    setattr(g, _NOTICE, "pending" if since else "held")
    refused = addresses.objections_to(package_id) if files is None else addresses.objections(files)
    if refused:
        setattr(g, _REFUSED, len(refused))
    if not tk.request.path.startswith("/api"):
        tk.h.flash_notice(" ".join([_sentence(since), *map(said, refused)]))


def pointed_at(fields: list[str]) -> None:
    """Tell whoever sent the current request in which texts that are public now something reaches a single person.

    Pages show it beside the texts.
    """
    if fields and not audience.outside_of_requests():
        # A caller may send fields of any name, and a header is one line of Latin letters.
        setattr(g, _POINTED, ", ".join(_NO_NAME.sub("?", field) for field in fields[:_MOST_POINTED]))


def _sentence(since: dt.datetime | None) -> str:
    if since is None:
        return tk._(
            "Saved and held: nobody outside of your organization's editors and stewards sees it before its release."
        )
    date = tk.h.render_datetime(since.replace(tzinfo=None))
    return tk._("Saved. The public still sees the release of {date} until this change is released.").format(date=date)


def head(response: Response) -> Response:
    """Say in a header whether the request saved something that is now held."""
    state = getattr(g, _NOTICE, None)
    if state:
        response.headers[HEADER] = state
    if hasattr(g, _REFUSED):
        response.headers[REFUSED_HEADER] = str(getattr(g, _REFUSED))
    if hasattr(g, _POINTED):
        response.headers[POINTED_HEADER] = getattr(g, _POINTED)
    return response
