"""Saves a form as a draft while somebody fills it in, and shows it again with one row more; no script is needed."""

from __future__ import annotations

from typing import Any

import ckan.lib.navl.dictization_functions as dict_fns
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import helpers as h
from ckan.logic import clean_dict, parse_params, tuplize_dict
from ckan.views.dataset import CreateView, EditView
from flask import Blueprint, Response, g, jsonify, request

from ckanext.communitydata import errors, requirements
from ckanext.communitydata.fields import FieldError
from ckanext.communitydata.outlines import asking

__all__ = ["draft"]

draft = Blueprint("communitydata_draft", __name__, url_prefix="/describe")

#: What a form sends that is no part of the description.
NOT_SAID = ("save", "pkg_name", "_ckan_phase", "_csrf_token", "area_row")
Page = Response | str


def _sent() -> dict[str, Any]:
    try:
        sent = clean_dict(dict_fns.unflatten(tuplize_dict(parse_params(request.form))))
    except dict_fns.DataError:
        tk.abort(400, tk._("The form got lost on the way. Go back and save again."))
    return {name: value for name, value in sent.items() if name not in NOT_SAID}


def _of_our_type(dataset_type: str) -> None:
    if requirements.load_schema(dataset_type) is None:
        tk.abort(404, tk._("There is no such form."))


def _save(dataset_type: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Create a draft, or change what is there; files stay as they are."""
    context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    changing: Any = {**context, "allow_state_change": True}
    known = request.form.get("pkg_name")
    if not known:
        # A record without files has no second step that would end its being a draft.
        new = {**sent, "type": dataset_type, "state": "draft" if dataset_type == "dataset" else "active"}
        return tk.get_action("package_create")(changing, new)
    before = tk.get_action("package_show")(context, {"id": known})
    kept = {"id": before["id"], "type": before["type"], "state": before["state"], "resources": before["resources"]}
    name = sent.get("name") or before["name"]
    return tk.get_action("package_update")(changing, {**sent, **kept, "name": name})


def save(dataset_type: str) -> Page:
    """Save a draft. A script gets JSON; a person without one comes back to the form."""
    _of_our_type(dataset_type)
    wants_json = request.headers.get("X-Requested-With") == "fetch"
    sent = _sent()
    try:
        package = _save(dataset_type, dict(sent))
    except tk.ValidationError as error:
        if wants_json:
            links = errors.links(error.error_dict, requirements.load_schema(dataset_type) or {}, tk._)
            return _answer({"errors": [link.__dict__ for link in links]}, 409)
        return again(dataset_type, error.error_dict)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return _answer({"errors": []}, 403) if wants_json else tk.abort(403, tk._("You may not change this."))
    if wants_json:
        missing = [lack for lack in requirements.missing_for_release(package) if lack.blocking]
        edit = "" if dataset_type == "dataset" else tk.h.url_for(f"{dataset_type}.edit", id=package["name"])
        return _answer({"id": package["id"], "name": package["name"], "missing": len(missing), "edit": edit}, 200)
    h.flash_success(tk._("Saved as a draft. You can go on now or later."))
    return tk.redirect_to(f"{dataset_type}.edit", id=package["name"])


def _answer(content: dict[str, Any], status: int) -> Response:
    answer = jsonify(content)
    answer.status_code = status
    return answer


def again(dataset_type: str, problems: dict[str, Any] | None = None, said: dict[str, str] | None = None) -> Page:
    """Show what was typed once more, unsaved: rows that were filled in are kept, and an empty one follows them."""
    _of_our_type(dataset_type)
    sent, known = {**_sent(), **(said or {})}, request.form.get("pkg_name")
    g.form_action = tk.h.url_for(f"{dataset_type}.edit", id=known) if known else tk.h.url_for(f"{dataset_type}.new")
    if known and (package := model.Package.get(known)):
        return EditView().get(dataset_type, known, {**sent, "id": package.id, "name": package.name}, problems or {}, {})
    return CreateView().get(dataset_type, sent, problems or {}, {})


def area(dataset_type: str) -> Page:
    """Read the outline in a file of a map tool into the form, which is shown again; nothing is saved."""
    _of_our_type(dataset_type)
    row = request.form.get("area_row") or ""
    file, wanted = request.files.get(f"{row}-file"), request.form.get(f"{row}-feature") or ""
    content = file.read(asking.LARGEST_FILE + 1) if file else b""
    try:
        found = asking.outline_in(content, (file.filename or "") if file else "", wanted)
    except FieldError as error:
        field, number, part = (*row.split("-"), "", "")[:3]
        problem = [{}] * (int(number) if number.isdigit() else 0) + [
            {part: [tk._(error.message).format(**error.values)]}
        ]
        return again(dataset_type, {field: problem})
    named = row.removesuffix("geom") + "text"
    return again(dataset_type, said={row: found.geometry, named: request.form.get(named) or found.name})


draft.add_url_rule("/save/<dataset_type>", view_func=save, methods=["POST"])
draft.add_url_rule("/again/<dataset_type>", view_func=again, methods=["POST"], endpoint="again")
draft.add_url_rule("/area/<dataset_type>", view_func=area, methods=["POST"], endpoint="area")
