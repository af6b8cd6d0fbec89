"""The pages of the gate. Each module holds the pages of one reader; this table says which address leads where."""

from __future__ import annotations

from flask import Blueprint

from ckanext.privacy.views import clean, dataset, errors, public, review, stewards

__all__ = ["privacy"]

privacy = Blueprint("privacy", __name__)

#: address, endpoint, view, methods
ROUTES = (
    ("/dataset/<id>/privacy", "scan_result", dataset.scan_result, ["GET"]),
    ("/dataset/<id>/privacy/progress", "scan_progress", dataset.scan_progress, ["GET"]),
    ("/dataset/<id>/privacy/scan", "scan_start", dataset.scan_start, ["POST"]),
    ("/dataset/<id>/resource/<resource_id>/privacy", "resource_scan", dataset.scan_result, ["GET"]),
    ("/dataset/<id>/resource/<resource_id>/clean", "clean", clean.show, ["GET"]),
    ("/dataset/<id>/resource/<resource_id>/clean", "clean_apply", clean.submit, ["POST"]),
    ("/dataset/<id>/release", "release_request", dataset.release_request, ["POST"]),
    ("/dataset/<id>/release/cancel", "release_cancel", dataset.release_cancel, ["POST"]),
    ("/privacy/queue", "queue", review.queue, ["GET"]),
    ("/privacy/release/<id>", "review", review.show, ["GET"]),
    ("/privacy/release/<id>/<decision>", "decide", review.decide, ["POST"]),
    ("/privacy/register", "register", public.register, ["GET"]),
    ("/privacy/about", "about", public.about, ["GET"]),
    ("/organization/<id>/stewards", "stewards", stewards.show, ["GET"]),
    ("/organization/<id>/stewards", "steward_change", stewards.change, ["POST"]),
)

for address, endpoint, view, methods in ROUTES:
    privacy.add_url_rule(address, endpoint, errors.guarded(view), methods=methods)
