"""The officer's pages about agreements: those of a dataset, the conversation, the record, the receipt to print."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import segno
from ckan.plugins import toolkit as tk
from flask import Response

from ckanext.privacy.gate import evidence
from ckanext.privacy.state_names import AGREEMENTS
from ckanext.privacy.translation import N_
from ckanext.privacy.views import agreement_form as form
from ckanext.privacy.views import agreement_words, errors, words
from ckanext.privacy.views.calls import act, may, working_copy
from ckanext.privacy.workflow import consents

Json = Mapping[str, Any]
#: step on a record's page -> what is said afterwards
DONE = {
    "withdraw": N_("The agreement was taken back. What rested on it is no longer public."),
    "revoke": N_("The agreement was ended. What rested on it is no longer public."),
    "renew": N_("It is written down that people agreed again."),
    "evidence": N_("The file is kept; only editors and stewards of the dataset can open it."),
}


def show_all(id: str) -> str:
    """List the agreements about a dataset, whatever became of them."""
    package = working_copy(id)
    found = act("privacy_consent_list", dataset_id=package["id"])
    frame = {"pkg_dict": package, "pkg": package, "may_write": may("package_update", id=package["id"])}
    return tk.render("privacy/agreements.html", {**frame, "records": [told(record) for record in reversed(found)]})


def write(id: str) -> Any:
    """Lead through the conversation; at its end write the agreement down and show the receipt."""
    package = working_copy(id, "package_update")
    if tk.request.method == "GET":
        return _page(package, form.step(None), form.known(consents.said_already(package["id"])))
    given = form.answers(tk.request.form)
    return _written(package, given) if tk.request.form.get("go") == "write" else _go_on(package, given)


def _go_on(package: Json, given: dict[str, Any]) -> Any:
    """Show the step that was asked for, or the current one again when its answers are not complete."""
    current, wanted = form.step(tk.request.form.get("step")), tk.request.form.get("go", "")
    if current is not None and wanted == form.after(current):
        problems = form.messages(consents.problems(package["id"], form.record(given)), current)
        if problems:
            return _page(package, current, given, problems), 400
    return _page(package, form.step(wanted), given)


def _written(package: Json, given: dict[str, Any]) -> Any:
    upload = tk.request.files.get("upload")
    sent = {"upload": upload} if upload and upload.filename else {}
    try:
        record = act("privacy_consent_create", dataset_id=package["id"], **form.record(given), **sent)
    except tk.ValidationError as error:
        return _page(package, None, given, form.messages(cast("dict[str, list[str]]", error.error_dict), None)), 400
    return secret(_receipt_page(package, record))


def _page(package: Json, current: form.Step | None, given: dict[str, Any], problems: Any = None) -> str:
    name = current.name if current else form.CHECK
    place = form.STEPS.index(current) + 1 if current else len(form.STEPS) + 1
    return tk.render(
        "privacy/agreement_step.html",
        {
            "pkg_dict": package,
            "pkg": package,
            "step": name,
            "title": tk._(current.title) if current else tk._("Check what you wrote"),
            "lead": tk._(current.lead) if current else "",
            "progress": tk._("Step {n} of {all}").format(n=place, all=len(form.STEPS) + 1),
            "questions": form.questions(current, given) if current else [],
            "review": [] if current else form.review(given),
            "hidden": form.hidden(given, current),
            "back": form.before(name),
            "go": form.after(current) if current else "write",
            "errors": problems,
        },
    )


def _receipt_page(package: Json, record: Json) -> str:
    """Render the receipt; its link is told this once, and kept nowhere."""
    code = segno.make(record["withdraw_url"], error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    shown = {"pkg_dict": package, "pkg": package, "record": told(record), "address": record["withdraw_url"]}
    return tk.render("privacy/agreement_receipt.html", {**shown, "code": code, "token": record["token"]})


def show(id: str) -> str:
    """Show one record to those who keep its dataset or decide about it."""
    return _record_page(id)


def _record_page(id: str, problems: Any = None) -> str:
    record = act("privacy_consent_show", id=id)
    package = working_copy(record["datasets"][0])
    frame = {"pkg_dict": package, "pkg": package, "may_write": may("privacy_consent_renew", id=id)}
    return tk.render("privacy/agreement.html", {**frame, "record": told(record), "errors": problems,
                                                "periods": _periods()})  # fmt: skip


def change(id: str, step: str) -> Any:
    """Take an agreement back for those who gave it, end it, note that people agreed again, or keep one more file."""
    if step not in DONE:
        raise tk.ObjectNotFound
    try:
        _take_step(id, step)
    except tk.ValidationError as error:
        return _record_page(id, errors.summary(error, anchor="change")), 409
    tk.h.flash_success(tk._(DONE[step]))
    return tk.redirect_to("privacy.consent", id=id)


def _take_step(id: str, step: str) -> None:
    if step == "renew":
        act("privacy_consent_renew", id=id, valid_for=tk.request.form.get("valid_for", ""))
    elif step == "evidence":
        file = tk.request.files.get("upload")
        if file is None or not file.filename:
            raise tk.ValidationError({"upload": [tk._("Choose a file first.")]})
        act("privacy_consent_evidence_create", id=id, upload=file)
    else:
        act("privacy_consent_withdraw", id=id, by="controller" if step == "revoke" else "subject")


def document(id: str) -> Response:
    """Give the record as JSON-LD."""
    found = act("privacy_consent_show", id=id, format="jsonld")
    body = json.dumps(found, ensure_ascii=False, indent=1)
    answer = Response(body, content_type="application/ld+json; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"agreement-{id}.jsonld")
    return secret(answer)


def file(id: str, name: str) -> Response:
    """Give a piece of evidence as a download, to those who may see the record."""
    record = act("privacy_consent_show", id=id)
    kept = next((each for each in record["evidence"] if each["id"] == name), None)
    if kept is None:
        raise tk.ObjectNotFound
    answer = Response(evidence.stream(name), content_type="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=kept["filename"] or name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return secret(answer)


def secret(page: Any) -> Response:
    """Keep a page with a secret out of caches, search engines and the addresses that other sites are told."""
    answer = page if isinstance(page, Response) else Response(page, content_type="text/html; charset=utf-8")
    answer.headers.update({"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"})
    answer.headers["Cache-Control"] = "private, no-store"
    tk.request.environ["__no_cache__"] = True
    return answer


# In words -------------------------------------------------------------------------------------------------------


def status(code: str) -> dict[str, str]:
    """Return word and tone of an agreement's status."""
    word, tone = AGREEMENTS.get(code, (code, "held"))
    return {"word": tk._(word), "tone": tone}


def told(record: Json) -> dict[str, Any]:
    """Return a record in words."""
    content = record["record"]
    return {
        **record,
        "status": status(record["status"]),
        "level": words.say(agreement_words.LEVELS, record["level"]),
        "until": words.date(record["until"]) or tk._("no end was set"),
        "facts": facts(content),
        "uses": uses(content["processes"]),
        "evidence": [{**each, "added": words.date(each.get("added"))} for each in record["evidence"]],
        "events": [_happened(each) for each in record["events"]],
        "open": record["valid"] or record["status"] in ("ConsentRequested", "ConsentExpired"),
        "renewable": record["status"] not in ("ConsentWithdrawn", "ConsentRevoked", "ConsentInvalidated"),
    }  # fmt: skip


def _happened(event: Json) -> dict[str, str]:
    role = words.say(words.ROLES, event["role"])
    return {**status(event["status"]), "time": words.time(event["at"]), "role": role}


def facts(content: Json) -> list[tuple[str, str]]:
    """Return who, what was told and how it was agreed, as label and value; what was not said is left out."""
    notice, meeting = content["notice"], content["meeting"]
    people = (
        tk._("{all} people, {women} of them women") if meeting["attendance_women"] is not None else tk._("{all} people")
    )
    listed = [
        (tk._("Who spoke for them"), ", ".join(filter(None, content["spoken_by"].values()))),
        (tk._("Who answers for the data"), ", ".join(content["controller"][name] for name in ("name", "contact"))),
        (tk._("How they were told"), _joined(agreement_words.FORMS, notice["forms"])),
        (tk._("In which languages"), ", ".join(map(words.language, notice["languages"]))),
        (tk._("On which day they were told"), words.date(notice["date"])),
        (tk._("What was said"), notice["text"]),
        (tk._("How they agreed"), words.say(agreement_words.METHODS, content["method"])),
        (tk._("At the meeting"), people.format(all=meeting["attendance"], women=meeting["attendance_women"])
         if meeting["attendance"] else ""),
        (tk._("How it was decided"), meeting["decision_rule"]),
        (tk._("What the people said"), content["words"]),
        (tk._("Whom to speak to in order to take it back"), content["withdrawal_contact"]),
    ]  # fmt: skip
    return [(label, value) for label, value in listed if value]


def uses(processes: Any) -> list[str]:
    """Return what was agreed to, one sentence for each process."""
    return [
        tk._("{who}: {data}, for {purpose}.").format(
            who=_joined(agreement_words.RECIPIENTS, each["recipients"]),
            data=_joined(agreement_words.DATA, each["personal_data"]).lower(),
            purpose=each["description"] or _joined(agreement_words.PURPOSES, each["purpose"]).lower(),
        )
        for each in processes
    ]


def _joined(table: Mapping[str, str], listed: list[str]) -> str:
    return ", ".join(tk._(table[word]) if word in table else word for word in listed)


def _periods() -> list[tuple[str, str]]:
    return [(code, tk._(word)) for code, word in agreement_words.PERIODS.items()]
