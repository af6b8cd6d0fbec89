"""Concerns: the form for everyone, the page behind the receipt, and the stewards' list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.translation import N_
from ckanext.privacy.views import agreements, errors, lists, words
from ckanext.privacy.views.calls import act

Json = Mapping[str, Any]

STATES = {"open": N_("Open"), "resolved": N_("Settled")}
OUTCOMES = {
    "kept": N_("The dataset stays public as it is"),
    "corrected": N_("The dataset was put right and stays public"),
    "taken_down": N_("The dataset is taken down"),
}
DONE = {
    "hold": N_("The dataset is on hold. The public no longer sees it; it can be shown again."),
    "resolve": N_("The concern is settled. Whoever sent it reads your answer."),
}


def form(id: str) -> str:
    """Ask what worries the reader."""
    return _form(id)


def send(id: str) -> Any:
    """Take the concern and lead to its receipt; on any objection show the form again with what was typed."""
    typed = {name: tk.request.form.get(name, "").strip() for name in ("text", "contact")}
    try:
        receipt = act("privacy_concern_create", dataset_id=id, **typed)
    except tk.ValidationError as error:
        status = 429 if "message" in error.error_dict else 400
        return _form(id, errors.summary(error, anchor="concern-text"), typed), status
    return tk.redirect_to("privacy.concern_receipt", token=receipt["token"])


def _form(id: str, problems: Any = None, typed: Json | None = None) -> str:
    package = act("package_show", id=id)
    frame = {"pkg_dict": package, "pkg": package, "errors": problems, "typed": typed or {}}
    return tk.render("privacy/concern_form.html", {**frame, "days": config.policy().time.concern_days})


def receipt(token: str) -> Any:
    """Show where a concern stands to whoever has its receipt."""
    try:
        concern = act("privacy_concern_show", token=token)
    except tk.ObjectNotFound:
        return agreements.secret(tk.render("privacy/concern_lost.html")), 404
    address = tk.h.url_for("privacy.concern_receipt", token=token, qualified=True)
    return agreements.secret(tk.render("privacy/concern_receipt.html", {"concern": _told(concern), "address": address}))


def show_all() -> str:
    """Show the concerns a steward decides about, those due soonest first."""
    filters = [lists.choice("state", tk._("State"), [(code, tk._(word)) for code, word in STATES.items()])]
    asked = {each["name"]: each["chosen"] for each in filters}
    found = act("privacy_concern_list", **asked, limit=lists.PAGE_SIZE, offset=(lists.page() - 1) * lists.PAGE_SIZE)
    rows = [_told(each) for each in found["results"]]
    return tk.render("privacy/concerns.html", {"filters": filters, "rows": rows, "count": found["count"],
                                               **lists.paging("privacy.concerns", found["count"])})  # fmt: skip


def show(id: str) -> str:
    """Show one concern with what a steward can do about it."""
    return _page(id)


def decide(id: str, step: str) -> Any:
    """Put the dataset on hold, or settle the concern; on any objection show the page again."""
    if step not in DONE:
        raise tk.ObjectNotFound
    typed = {name: tk.request.form.get(name, "").strip() for name in ("reason", "outcome")}
    try:
        _do(id, step, typed)
    except tk.ValidationError as error:
        return _page(id, errors.summary(error, anchor=f"reason-{step}"), typed), 409
    except tk.NotAuthorized as error:
        said = getattr(error, "sentence", None)
        if said is None:
            raise
        return _page(id, [{"anchor": "decide", "text": said}], typed), 403
    tk.h.flash_success(tk._(DONE[step]))
    return tk.redirect_to("privacy.concern", id=id)


def _do(id: str, step: str, typed: Json) -> None:
    if step == "resolve":
        answer = act("privacy_concern_resolve", id=id, **typed, erase=tk.request.form.get("erase") == "true")
        if answer["message"]:
            tk.h.flash_notice(answer["message"])
        return
    release_id = act("privacy_concern_show", id=id)["release_id"]
    act("privacy_release_hold", id=release_id or "", reason=typed["reason"])


def _page(id: str, problems: Any = None, typed: Json | None = None) -> str:
    concern = _told(act("privacy_concern_show", id=id))
    outcomes = [(code, tk._(word)) for code, word in OUTCOMES.items()]
    frame = {"concern": concern, "outcomes": outcomes, "errors": problems, "typed": typed or {}}
    return tk.render("privacy/concern.html", frame)


def _told(concern: Json) -> dict[str, Any]:
    is_open = concern["state"] == "open"
    late = is_open and concern.get("overdue")
    tone = "stop" if late else "waiting" if is_open else "ok"
    return {
        **concern,
        "state": {"word": tk._("Overdue") if late else words.say(STATES, concern["state"]), "tone": tone},
        "is_open": is_open,
        "created_at": concern["created"],
        "created": words.date(concern["created"]),
        "due": words.date(concern["due"]),
        "resolved": words.date(concern["resolved"]),
        "outcome": words.say(OUTCOMES, concern["outcome"]),
    }
