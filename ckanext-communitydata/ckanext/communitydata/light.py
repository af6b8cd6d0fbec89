"""Light pages: what a visitor reads comes without CKAN's scripts, without a cookie, and works on a slow line.

CKAN sends every visitor about 330 KB of compressed assets and a session cookie for a token that only forms need. A
visitor who reads needs neither. The forms that everybody may send, from a slow line too, do without the scripts and
keep the token. Whoever is logged in, and every other page with a form that is posted, gets CKAN's own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import webassets_tools
from flask import Response
from flask_login import current_user

#: Pages that a visitor only reads. A page with a form that is posted must not be among them: it has no form token.
READING_PAGES = frozenset(
    {
        "home.index",
        "home.about",
        "dataset.search",
        "dataset.read",
        "dataset.groups",
        "dataset_resource.read",
        "resource.read",
        "city-practice.search",
        "city-practice.read",
        "city-practice.groups",
        "city-practice_resource.read",
        "organization.index",
        "organization.read",
        "organization.about",
        "group.index",
        "group.read",
        "group.about",
        "communitydata.vocabulary",
        "communitydata_look.page",
        "communitydata_look.on_map",
        "communitydata_places.index",
        "communitydata_places.page",
        "communitydata_places.on_map",
        "communitydata_map.page",
        "privacy.about",
        "privacy.register",
        "static",  # CKAN's catch-all: the page that says that there is no such page
    }
)

#: Forms for everybody that need no script: to report a concern, to take an agreement back.
PLAIN_FORMS = frozenset(
    {
        "privacy.concern_form",
        "privacy.concern_send",
        "privacy.concern_receipt",
        "privacy.withdraw_start",
        "privacy.withdraw",
        "privacy.withdraw_submit",
    }
)

#: Assets that such a page does without; what only they would load stays away with them.
LEFT_OUT = (
    "base/main",
    "base/ckan",
    "ckanext-activity/activity",
    "ckanext-activity/activity-css",
    "ckanext-harvest/harvest_css",
    "ckanext-scheming/scheming_css",
)


def is_light() -> bool:
    """Say whether the page being answered goes to a visitor who needs none of CKAN's scripts for it."""
    return _goes_to_a_visitor(READING_PAGES | PLAIN_FORMS)


def _goes_to_a_visitor(pages: Collection[str]) -> bool:
    return bool(tk.request) and tk.request.endpoint in pages and not current_user.is_authenticated


def leave_out_assets() -> str:
    """Keep CKAN's scripts off this page: what counts as included already is not included again."""
    webassets_tools.include_asset(tk.h.get_rtl_theme() if tk.h.is_rtl_language() else tk.g.theme)
    tk.g._webassets["included"].update(LEFT_OUT)
    return ""


def form_token() -> dict[str, Any]:
    """Give a page that is only read an empty form token: to make one is what starts a session."""
    return {"csrf_token": lambda: ""} if _goes_to_a_visitor(READING_PAGES) else {}


def keep_assets(response: Response) -> Response:
    """Let browsers keep scripts and styles for a year: their addresses change with what is in them."""
    if tk.request.endpoint == "webassets.index" and response.status_code in {200, 304}:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def prepare(app: Any) -> Any:
    """Let templates of light pages see the empty token. Whoever comes after Flask-WTF has the last word."""
    app.context_processor(form_token)
    # Flask runs these backwards: CKAN's, which forbids keeping anything, must come before ours.
    app.after_request_funcs.setdefault(None, []).insert(0, keep_assets)
    return app
