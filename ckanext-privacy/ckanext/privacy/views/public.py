"""The pages for everyone: the register of decisions, and how data is released here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.model import Release
from ckanext.privacy.views import lists, scanner, words
from ckanext.privacy.views.calls import act

Json = Mapping[str, Any]
OUTCOMES_WITH_PEOPLE = ("one_steward", "two_stewards", "blocked")


def register() -> str:
    """Show what was released, refused and taken down, the newest first."""
    filters = _filters()
    asked = {each["name"]: each["chosen"] for each in filters if each["chosen"]}
    found = act("privacy_register_list", **asked, limit=lists.PAGE_SIZE, offset=(lists.page() - 1) * lists.PAGE_SIZE)
    return tk.render(
        "privacy/register.html",
        {
            "filters": filters,
            "rows": [_row(entry) for entry in found["results"]],
            "remarks": list(_remarks(found)),
            "audit": found["audit"],
            "api": tk.h.url_for("api.action", logic_function="privacy_register_list", ver=3, qualified=True),
            **lists.paging("privacy.register", found["count"]),
        },
    )


def _filters() -> list[dict[str, Any]]:
    found = act(
        "organization_list", all_fields=True, limit=tk.config["ckan.group_and_organization_list_all_fields_max"]
    )
    organizations = [("", tk._("All"))] + [(each["id"], each["display_name"]) for each in found]
    events = [("", tk._("Everything"))] + [(code, tk._(word)) for code, (word, _) in words.REGISTER.items()]
    return [
        lists.choice("event", tk._("What happened"), events),
        lists.choice("organization", tk._("Organization"), organizations),
    ]


def _row(entry: Json) -> dict[str, Any]:
    word, tone = words.REGISTER.get(entry["event"], (entry["event"], "held"))
    dataset = entry["dataset"]
    return {
        "title": (dataset["title"] or dataset["name"]) if dataset else tk._("A dataset that was erased"),
        "href": _address(dataset),
        "organization": (entry["organization"] or {}).get("title"),
        "state": {"word": tk._(word), "tone": tone},
        "at": entry["at"],
        "date": words.date(entry["at"]),
        "took": _took(entry["days"]),
        "role": words.say(words.ROLES, entry["role"]),
        "reason": entry["reason"],
    }


def _took(days: int) -> str:
    if days < 1:
        return tk._("on the day it was asked for")
    return tk.ungettext("after {n} day", "after {n} days", days).format(n=days)


def _address(dataset: Json | None) -> str | None:
    """Return where the public finds a dataset; None for one that is not public any more."""
    public = Release.public(dataset["id"]) if dataset else None
    if public is None:
        return None
    package = public.snapshot["package"]
    return tk.h.url_for(f"{package['type']}.read", id=package["name"])


def _remarks(found: Json) -> Any:
    """Yield what the list itself cannot say."""
    refused, unseen = found["never_released"], found["not_yet_scanned"]
    if refused:
        yield tk.ungettext(
            "{n} refusal is of a dataset that was never public; its name is not public either.",
            "{n} refusals are of datasets that were never public; their names are not public either.",
            refused,
        ).format(n=refused)
    if unseen:
        yield tk.ungettext(
            "{n} dataset was public before the reviews began, and nobody has looked at its files yet.",
            "{n} datasets were public before the reviews began, and nobody has looked at their files yet.",
            unseen,
        ).format(n=unseen)


def about() -> str:
    """Tell everyone how data is released here, what the scanner looks for and how often it misses."""
    policy = config.policy()
    return tk.render(
        "privacy/about.html",
        {
            "scanner": scanner.facts(),
            "policy": policy,
            "outcomes": [
                words.say(words.OUTCOMES, code) for code in ("automatic", "one_steward", "two_stewards", "blocked")
            ],
        },
    )
