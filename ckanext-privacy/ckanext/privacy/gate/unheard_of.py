"""Whether something held exists is told to nobody: a refusal sounds the same for what is hidden and for what never was.

CKAN looks for an object first and asks who may do what afterwards, so that "not authorized" in place of "not found"
tells that a held dataset exists. Each action and page does so in its own words. So they are left as they are, and a
request that failed is looked at once more: if it names a dataset, file or view that whoever asks cannot know of, it is
answered with one "not found". What was public once is known to everybody, and refused in CKAN's words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from flask import Response

from ckanext.privacy.gate import audience, released
from ckanext.privacy.model import Cleaning, Concern, Consent, Release, Scan

#: Answers that refuse.
REFUSALS = frozenset({401, 403, 404})
#: Answers that are refusals where it is about datasets: CKAN calls some that are missing mistakes, and fails on others.
MISTAKES = frozenset({409, 500})
_ABOUT_DATASETS = re.compile(r"(package|dataset|resource|datastore)_|(un)?follow_dataset$")
#: Parameters that name a dataset, a file, a view, or something that belongs to one.
NAMES = frozenset({
    "_id", "activity_id", "dataset", "dataset_id", "datasets", "entity_id", "id", "name_or_id", "object", "package",
    "package_id", "resource_id", "resource_view_id", "subject", "view_id",
})  # fmt: skip
#: Actions and pages whose ``id`` is of something else (groups, people …).
_OTHER_IDS = re.compile(r"(group|organization|member|user|vocabulary|tag|license|job|api_token)[._]")
#: Actions that are sent whole datasets and files, whose fields may bear any name; what is new gets an id of its own.
_SAVES = re.compile(r"(package|resource|resource_view|harvest_source)_(create|update|patch|revise)$")
#: Actions that go by a name where no id is given.
_BY_NAME = re.compile(r"\w+_(update|revise)$")
#: Nobody is refused about more things at once; each is looked up.
_MOST = 100


def answer(response: Response) -> Response:
    """Return what a request is answered with: a refusal that names what the reader cannot know of is "not found"."""
    if not tk.request.endpoint or not _refuses(response):
        return response
    names = _named()
    if not names:
        return response
    model.Session.rollback()  # whatever failed may have left its transaction broken
    user = audience.visitor()
    if len(names) <= _MOST and all(_is_known(name, user) for name in names):
        return response
    return _as_json(response) if _is_api() else _as_page()


def _refuses(response: Response) -> bool:
    """Say whether an answer may be about something that is missing; others' actions make mistakes of their own."""
    if response.status_code in MISTAKES:
        return not _is_api() or _ABOUT_DATASETS.match(_asked()) is not None
    return response.status_code in REFUSALS


def _is_api() -> bool:
    return tk.request.endpoint == "api.action"


def _asked() -> str:
    """Return the action, or the endpoint of the page."""
    return str((tk.request.view_args or {}).get("logic_function", tk.request.endpoint))


def _named() -> set[str]:
    """Return what a request names, wherever CKAN may have read it from."""
    request, asked = tk.request, _asked()
    if not _is_api():
        return set(_under(_names_of(asked), [request.view_args, request.args.to_dict(flat=False)]))
    sent = [request.args.to_dict(flat=False), request.form.to_dict(flat=False), *_documents()]
    inside = [each[key] for each in sent if isinstance(each, dict) for key in ("match", "resource") if key in each]
    found = set(_under(_names_of(asked), [*sent, *inside]))
    return found or (set(_under(frozenset({"name"}), [*sent, *inside])) if _BY_NAME.match(asked) else found)


def _names_of(asked: str) -> frozenset[str]:
    """Return the parameters that name something in an action or page."""
    if _SAVES.match(asked):
        return frozenset({"package_id", "resource_id"} if asked.endswith("create") else {"id", "package_id"})
    return NAMES - {"id"} if _OTHER_IDS.match(asked) else NAMES


def _documents() -> Iterator[Any]:
    """Yield the JSON that was sent, as a body or as the only key of a form, as some clients do."""
    for text in (tk.request.get_data(as_text=True), *list(tk.request.form)[:1]):
        with suppress(ValueError):
            yield json.loads(text)


def _under(names: frozenset[str], sent: list[Any]) -> Iterator[str]:
    """Yield the texts under these names, or under ``match__`` and one of them."""
    for key, value in ((key, value) for each in sent if isinstance(each, dict) for key, value in each.items()):
        if key.removeprefix("match__") in names:
            texts = value if isinstance(value, list) else [value]
            yield from (each for each in texts if isinstance(each, str) and each.isprintable())


def _is_known(name: str, user: model.User | None) -> bool:
    """Say whether a person may know of what has this name: they work on it, or it was public.

    Of what the gate itself keeps about a dataset (a request for release, an agreement ...) they know as of the dataset.
    """
    if user is not None and user.sysadmin:
        return True
    package = model.Package.get(name)
    if package is not None:
        return audience.works_on(user, package) or _was_public(package, name)
    if model.Session.get(model.Resource, name) is not None:
        return audience.works_on_resource(user, name) or released.entry(name) is not None
    view = model.Session.get(model.ResourceView, name)
    if view is not None:
        shown = any(each["id"] == name for each in released.views(view.resource_id))
        return shown or audience.works_on_resource(user, view.resource_id)
    return any(_is_known(each, user) for each in _datasets_of(name))


def _datasets_of(id_: str) -> list[str]:
    """Return the ids of the datasets that a record of the gate is about, existing or not; none if there is no such."""
    if not _asked().startswith("privacy"):
        return []
    consent = model.Session.get(Consent, id_)
    found = [model.Session.get(kind, id_) for kind in (Release, Concern, Cleaning, Scan)]
    return [*(consent.package_ids if consent else ()), *(each.package_id for each in found if each)]


def _was_public(package: model.Package, name: str) -> bool:
    """Say whether a release ever showed the dataset under this name; a later name may say what was never released."""
    under = sa.or_(Release.package_id == name, Release.snapshot["package"]["name"].astext == name)
    query = sa.select(Release.id).where(Release.package_id == package.id, Release.released.is_not(None), under)
    return model.Session.execute(query.limit(1)).first() is not None


def _as_json(response: Response) -> Response:
    told = response.get_json(silent=True) or {}
    error = {"__type": "Not Found Error", "message": tk._("Not found")}
    body = json.dumps({"help": told.get("help"), "success": False, "error": error})
    return Response(body, status=404, content_type="application/json;charset=utf-8")


def _as_page() -> Response:
    # What was refused may have been rendered before, and took the styles with it.
    tk.g.pop("_webassets", None)
    facts = {
        "code": 404,
        "name": tk._("Not Found"),
        "content": tk._("There is nothing here, or it is not yours to see."),
        "show_login_redirect_link": not tk.current_user.is_authenticated,
    }
    page = tk.render("error_document_template.html", facts)
    return Response(page, status=404, content_type="text/html; charset=utf-8")
