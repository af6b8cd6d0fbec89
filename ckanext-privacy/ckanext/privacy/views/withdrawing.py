"""Taking an agreement back: for a resident with the link. Two steps, no account, plain words, a receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.views import agreement_words, agreements, words
from ckanext.privacy.views.calls import act

Json = Mapping[str, Any]


def start() -> Any:
    """Ask for the code on the receipt, for who has no link at hand."""
    code = tk.request.form.get("code", "").strip().rpartition("/")[2]
    if tk.request.method == "GET" or not code:
        return agreements.secret(tk.render("privacy/withdraw_start.html", {"typed": ""}))
    try:
        act("privacy_consent_show", token=code)
    except tk.ObjectNotFound:
        said = tk._("There is no agreement with this code. Compare it with your paper, letter by letter.")
        problem = [{"anchor": "code", "text": said}]
        page = tk.render("privacy/withdraw_start.html", {"errors": problem, "typed": code})
        return agreements.secret(page), 404
    return tk.redirect_to("privacy.withdraw", token=code)


def show(token: str) -> Any:
    """First step: what was agreed to, where it stands, and one button."""
    try:
        told = _told(act("privacy_consent_show", token=token))
    except tk.ObjectNotFound:
        return _lost()
    return agreements.secret(_page(told, token))


def submit(token: str) -> Any:
    """Second step: it is done; what is gone, and the receipt."""
    try:
        done = act("privacy_consent_withdraw", token=token)
    except tk.ObjectNotFound:
        return _lost()
    told = _told(act("privacy_consent_show", token=token))
    receipt = {"number": done["receipt"], "time": words.time(done["at"])}
    return agreements.secret(_page(told, token, receipt))


def _lost() -> Any:
    """Say that a link leads nowhere, and what can be done."""
    return agreements.secret(tk.render("privacy/withdraw_start.html", {"typed": "", "lost": True})), 404


def _page(told: Json, token: str, receipt: Json | None = None) -> str:
    return tk.render("privacy/withdraw.html", {"told": told, "token": token, "receipt": receipt})


def _told(record: Json) -> dict[str, Any]:
    ended = record["status"] in ("ConsentWithdrawn", "ConsentRefused", "ConsentRevoked", "ConsentInvalidated")
    return {
        **record,
        "status": agreements.status(record["status"]),
        "level": words.say(agreement_words.LEVELS, record["level"]),
        "uses": agreements.uses(record["processes"]),
        "given": words.date(record["given"]),
        "until": words.date(record["until"]),
        "ended": ended,
        "asked": record["status"] in ("ConsentRequested", "ConsentRequestDeferred"),
    }
