"""What holds for every page and API answer: caches, downloads, and the views that no action stands behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
from ckan import model
from ckan.config.middleware.flask_app import csrf
from ckan.lib import api_token
from ckan.plugins import toolkit as tk
from flask import Blueprint, Response, current_app, g
from werkzeug.http import parse_options_header

from ckanext.privacy.gate import characters, dump, notice, proxy, store, unheard_of

gate = Blueprint("privacy_gate", __name__)


def _check_activity() -> None:
    """CKAN shows a resource as an activity kept it, without asking whether the reader may see that activity.

    Where it asks about the two ends of several changes, it fails on a no.
    """
    named = [(tk.request.view_args or {}).get("activity_id")]
    if (tk.request.endpoint or "").endswith("changes_multiple"):
        named = [tk.request.args.get("old_id") or "none", tk.request.args.get("new_id") or "none"]
    for activity_id in filter(None, named):
        _check("activity_show", {"id": activity_id, "include_data": True})


def _check_token() -> None:
    """A token that was made for a file opens it whatever happened since: ask again who is asking."""
    try:
        claims = api_token.decode_token((tk.request.view_args or {})["token"], audience="trusted_download")
    except jwt.InvalidTokenError:
        return  # the view itself answers that there is nothing
    _check("permission_download_file", {"id": claims.get("sub") or _file_at(claims)})


def _file_at(claims: dict[str, Any]) -> str:
    place = claims.get("location", ""), claims.get("storage", "")
    found = model.Session.scalar(model.File.by_location(*place))
    return found.id if found else ""


def _check(auth: str, data_dict: dict[str, Any]) -> None:
    try:
        tk.check_access(auth, {}, data_dict)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        tk.abort(404, tk._("Not found"))


#: Which view is checked how, by the start of its endpoint's name. A response takes the view's place.
CHECKS: dict[str, Callable[[], Response | None]] = {
    "activity.": _check_activity,
    "datastore.dump": dump.released_dump,
    "file.trusted_download": _check_token,
    "resource_proxy.": proxy.linked_file,
}


@gate.before_app_request
def check_characters() -> Response | None:
    """Refuse a request that holds what no database keeps."""
    return characters.refuse()


@gate.before_app_request
def check_form() -> None:
    """Ask everyone who is known by a cookie for the form's token, so that no other site acts in a steward's name.

    CKAN excuses a view from that for good, and for everybody, once a visitor or a client with an API token has called
    it. An extension that excuses a blueprint of its own means it.
    """
    is_by_cookie = tk.current_user.is_authenticated and not g.get("login_via_auth_header")
    is_excused = current_app.blueprints.get(tk.request.blueprint or "") in csrf._exempt_blueprints
    if current_app.config["WTF_CSRF_ENABLED"] and is_by_cookie and not is_excused:
        csrf.protect()


@gate.before_app_request
def check_views() -> Response | None:
    """Stand in front of the views that show more than their actions would."""
    endpoint = tk.request.endpoint or ""
    return next((check() for start, check in CHECKS.items() if endpoint.startswith(start)), None)


@gate.app_errorhandler(store.StoreDown)
def say_store_is_down(error: store.StoreDown) -> Response:
    """Answer a page or a download that needs the release store with 503: nothing is served from anywhere else."""
    facts = {"code": 503, "name": tk._("Not available just now"), "content": error.sentence}
    return _busy(Response(tk.render("error_document_template.html", facts), content_type="text/html; charset=utf-8"))


def _busy(response: Response) -> Response:
    response.status_code = 503
    response.headers["Retry-After"] = "60"
    return response


def _is_store_down(response: Response) -> bool:
    """Say whether an action could not go on without the release store; CKAN's API calls that a conflict."""
    return (
        response.status_code == 409 and response.is_json and "release_store" in (response.json or {}).get("error", {})
    )


@gate.after_app_request
def set_headers(response: Response) -> Response:
    """Keep working copies out of shared caches, downloads out of the page, and held datasets out of refusals."""
    response = unheard_of.answer(response)
    if getattr(tk.current_user, "is_authenticated", False):
        # CKAN sets the rest of the header after us, and "public" unless it is told so.
        tk.request.environ["__no_cache__"] = True
        response.cache_control.no_store = True
        response.vary.update(("Authorization", "Cookie"))
    if (tk.request.endpoint or "").endswith("resource.download") and response.status_code == 200:
        _as_attachment(response)
    if _is_store_down(response):
        _busy(response)
    return notice.head(response)


def _as_attachment(response: Response) -> None:
    _, options = parse_options_header(response.headers.get("Content-Disposition", ""))
    response.headers.set("Content-Disposition", "attachment", **options)
    response.headers["X-Content-Type-Options"] = "nosniff"
