"""Where a description begins: an empty form, an example, a phone form, an export of answers, or a Data Package."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.views.dataset import CreateView
from flask import Blueprint, Response, g, request

from ckanext.communitydata import starts

__all__ = ["describe"]

#: The ways to begin with a file: the action that reads it, and the files that it wants.
IMPORTS = {
    "xlsform": ("communitydata_import_xlsform", ("upload",)),
    "answers": ("communitydata_import_answers", ("upload", "form")),
    "datapackage": ("communitydata_import_datapackage", ("upload",)),
}

describe = Blueprint("communitydata_describe", __name__, url_prefix="/describe")

Page = Response | str


@describe.before_request
def only_for_people_who_may_describe() -> None:
    """Visitors are sent to log in; people who may not add data are told so."""
    if tk.current_user.is_anonymous:
        tk.abort(403, tk._("Log in to describe data."))
    try:
        tk.check_access("package_create", {"user": tk.current_user.name})
    except tk.NotAuthorized:
        tk.abort(403, tk._("You belong to no organization that you may describe data for."))


def index(error: str | None = None) -> Page:
    """All ways to begin."""
    return tk.render("communitydata/describe.html", {"starts": starts.starts().values(), "error": error})


def start(name: str) -> Page:
    """The form with what an example of this kind has in common with others of its kind."""
    found = starts.starts().get(name)
    if found is None:
        tk.abort(404, tk._("There is no such example."))
    return _form(dict(found.fields))


def preview(kind: str) -> Page:
    """What a file says: understood, not understood, and what to take out before sharing."""
    if kind not in IMPORTS:
        tk.abort(404, tk._("There is no such import."))
    action, names = IMPORTS[kind]
    files = {name: request.files[name] for name in names if request.files.get(name)}
    try:
        proposal = tk.get_action(action)({"user": tk.current_user.name}, files)
    except tk.ValidationError as error:
        return index("; ".join(str(text) for text in error.error_summary.values()))
    return tk.render("communitydata/preview.html", {"proposal": proposal, "payload": json.dumps(proposal["fields"])})


def form() -> Page:
    """The form with what the preview showed. Nothing has been saved yet."""
    try:
        fields = json.loads(request.form.get("fields") or "{}")
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        tk.abort(400, tk._("The preview got lost on the way. Choose the file again."))
    return _form(fields)


def _form(fields: dict[str, Any]) -> Page:
    g.form_action = tk.h.url_for("dataset.new")
    return CreateView().get("dataset", data=fields)


describe.add_url_rule("", view_func=index)
describe.add_url_rule("/example/<name>", view_func=start)
describe.add_url_rule("/preview/<kind>", view_func=preview, methods=["POST"])
describe.add_url_rule("/form", view_func=form, methods=["POST"])
