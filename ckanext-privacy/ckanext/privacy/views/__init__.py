"""The pages of the gate. Each module holds the pages of one reader; this table says which address leads where."""

from __future__ import annotations

from flask import Blueprint

from ckanext.privacy.views import (
    agreements,
    clean,
    concerns,
    dataset,
    errors,
    public,
    register,
    review,
    several,
    stewards,
    tombstone,
    withdrawing,
)

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
    ("/dataset/<id>/agreements", "consents", agreements.show_all, ["GET"]),
    ("/dataset/<id>/agreements/new", "consent_new", agreements.write, ["GET", "POST"]),
    ("/privacy/consent/<id>", "consent", agreements.show, ["GET"]),
    ("/privacy/consent/<id>/record", "consent_document", agreements.document, ["GET"]),
    ("/privacy/consent/<id>/evidence/<name>", "consent_evidence", agreements.file, ["GET"]),
    ("/privacy/consent/<id>/<step>", "consent_change", agreements.change, ["POST"]),
    ("/privacy/withdraw", "withdraw_start", withdrawing.start, ["GET", "POST"]),
    ("/privacy/withdraw/<token>", "withdraw", withdrawing.show, ["GET"]),
    ("/privacy/withdraw/<token>", "withdraw_submit", withdrawing.submit, ["POST"]),
    ("/dataset/<id>/concern", "concern_form", concerns.form, ["GET"]),
    ("/dataset/<id>/concern", "concern_send", concerns.send, ["POST"]),
    ("/privacy/concern/receipt/<token>", "concern_receipt", concerns.receipt, ["GET"]),
    ("/privacy/concerns", "concerns", concerns.show_all, ["GET"]),
    ("/privacy/concern/<id>", "concern", concerns.show, ["GET"]),
    ("/privacy/concern/<id>/<step>", "concern_decide", concerns.decide, ["POST"]),
    ("/privacy/queue", "queue", review.queue, ["GET"]),
    ("/privacy/queue/several", "several", several.show, ["GET"]),
    ("/privacy/queue/several", "several_approve", several.approve, ["POST"]),
    ("/privacy/release/<id>/part", "narrow", review.narrow, ["POST"]),
    ("/privacy/release/<id>", "review", review.show, ["GET"]),
    ("/privacy/release/<id>/<decision>", "decide", review.decide, ["POST"]),
    ("/privacy/register", "register", register.show, ["GET"]),
    ("/privacy/register.atom", "register_feed", register.feed, ["GET"]),
    ("/privacy/about", "about", public.about, ["GET"]),
    ("/organization/<id>/stewards", "stewards", stewards.show, ["GET"]),
    ("/organization/<id>/stewards", "steward_change", stewards.change, ["POST"]),
)

for address, endpoint, view, methods in ROUTES:
    privacy.add_url_rule(address, endpoint, errors.guarded(view), methods=methods)

privacy.after_app_request(tombstone.answer)
