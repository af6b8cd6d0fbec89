"""Failed calls of the API about what the caller may not know of: answered as if it were not there, in the same words.

CKAN looks for the object first and asks who may do what afterwards, so that "not authorized" in place of "not found"
tells that a held dataset exists, and what its id is. Only calls that failed come here; the others pay nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from flask import Response

from ckanext.privacy.gate import audience, released

#: Longer texts are no names, and nobody asks about more things in one call.
_LONGEST, _MOST = 100, 100


def answer(response: Response) -> Response:
    """Say "not found" in one way only, and say it too where a call named something that is hidden from the caller."""
    if response.status_code < 400 or tk.request.endpoint != "api.action" or not response.is_json:
        return response
    user = audience.visitor()
    if user is not None and user.sysadmin:
        return response
    said = response.get_json(silent=True) or {}
    if response.status_code == 404 or (not _is_about_a_taken_name(said) and _names_something_hidden(user)):
        response.status_code = 404
        error = {"__type": "Not Found Error", "message": tk._("Not found")}
        response.set_data(json.dumps({"help": said.get("help"), "error": error, "success": False}))
    return response


def _is_about_a_taken_name(said: dict[str, Any]) -> bool:
    """Names of datasets are given once: whoever wants one that is taken has to learn it."""
    error = said.get("error")
    return isinstance(error, dict) and "name" in error


def _names_something_hidden(user: model.User | None) -> bool:
    model.Session.rollback()
    names = list(dict.fromkeys(_names()))[:_MOST]
    return bool(names) and any(
        not audience.works_on(user, package) and not shown for package, shown in _named(names) if package is not None
    )


def _named(names: list[str]) -> Iterator[tuple[model.Package | None, bool]]:
    """Yield the dataset behind each name that is known, and whether the public sees what was named."""
    packages = sa.select(model.Package).where(sa.or_(model.Package.id.in_(names), model.Package.name.in_(names)))
    for package in model.Session.scalars(packages):
        yield package, released.is_public(package.id)
    for resource in model.Session.scalars(sa.select(model.Resource.id).where(model.Resource.id.in_(names))):
        yield audience.package_of(resource), released.entry(resource) is not None
    for view in model.Session.scalars(sa.select(model.ResourceView).where(model.ResourceView.id.in_(names))):
        shown = any(each["id"] == view.id for each in released.views(view.resource_id))
        yield audience.package_of(view.resource_id), shown


def _names() -> Iterator[str]:
    request = tk.request
    for asked in (request.get_json(silent=True), *request.args.values(), *request.form.values(), *request.form.keys()):
        yield from _texts(asked)


def _texts(asked: Any) -> Iterator[str]:
    if isinstance(asked, dict):
        for inner in asked.values():
            yield from _texts(inner)
    elif isinstance(asked, list):
        for inner in asked:
            yield from _texts(inner)
    elif isinstance(asked, str) and asked.startswith(("{", "[")):
        try:
            yield from _texts(json.loads(asked))
        except ValueError:
            return
    elif isinstance(asked, str) and len(asked) <= _LONGEST:
        yield asked
