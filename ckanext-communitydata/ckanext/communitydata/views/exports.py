"""A record in other standards' words. What a reader may see of it is decided where it is read."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.communitydata import config
from ckanext.communitydata.exports import datapackage, jsonld

__all__ = ["exports"]

exports = Blueprint("communitydata_exports", __name__)


def _record(id_: str, dataset_type: str) -> tuple[dict[str, Any], str]:
    """The record as the reader may see it, and the address of its page."""
    try:
        context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
        record = tk.get_action("package_show")(context, {"id": id_})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        record = {}
    if record.get("type") != dataset_type:
        tk.abort(404, tk._("Dataset not found"))
    return record, tk.h.url_for(f"{dataset_type}.read", id=record["name"], _external=True, locale="default")


def _json(content: dict[str, Any], kind: str) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, indent=2), content_type=f"{kind}; charset=utf-8")


def croissant(id: str) -> Response:
    """A dataset as schema.org and Croissant JSON-LD."""
    record, address = _record(id, "dataset")
    site = {"title": tk.config["ckan.site_title"], "url": tk.config["ckan.site_url"]}
    return _json(jsonld.dataset(record, address, site, config.default_language()), "application/ld+json")


def package(id: str) -> Response:
    """A dataset as a Data Package."""
    record, address = _record(id, "dataset")
    return _json(datapackage.descriptor(record, address, config.default_language()), "application/json")


def practice(id: str) -> Response:
    """A city practice as schema.org JSON-LD."""
    record, address = _record(id, "city-practice")
    return _json(jsonld.practice(record, address, config.default_language()), "application/ld+json")


exports.add_url_rule("/dataset/<id>/croissant.json", view_func=croissant)
exports.add_url_rule("/dataset/<id>/datapackage.json", view_func=package)
exports.add_url_rule("/city-practice/<id>/schema-org.json", view_func=practice)
