"""The public register of decisions: a page with monthly figures, and a feed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from babel.dates import format_date
from ckan.plugins import toolkit as tk
from feedgen.feed import FeedGenerator
from flask import Response

from ckanext.privacy.model import Release
from ckanext.privacy.said import said
from ckanext.privacy.translation import N_
from ckanext.privacy.views import lists, words
from ckanext.privacy.views.calls import act

Json = Mapping[str, Any]

#: What the chart tells apart: label, and which events count.
SERIES = (
    (N_("Released"), ("release", "override")),
    (N_("Refused"), ("reject",)),
    (N_("Taken down or on hold"), ("withdraw", "expire", "hold")),
)
FEED_ENTRIES = 50


def show() -> str:
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
            "months": _months(found["months"]),
            "feed": _feed_address(asked),
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
        "reason": said(entry["reason"]),
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


def _months(found: list[Json]) -> list[dict[str, Any]]:
    """Return the monthly figures for the table, with each figure's share of the greatest one for the chart."""
    counted = [(each["month"], [sum(each["counts"].get(event, 0) for event in events) for _, events in SERIES])
               for each in found]  # fmt: skip
    most = max((number for _, numbers in counted for number in numbers), default=0) or 1
    return [
        {
            "month": format_date(dt.date.fromisoformat(f"{month}-01"), "MMM y", locale=words.locale()),
            "bars": [{"label": tk._(label), "count": number, "height": round(100 * number / most)}
                     for (label, _), number in zip(SERIES, numbers, strict=True)],
        }
        for month, numbers in counted
    ]  # fmt: skip


def _feed_address(asked: Mapping[str, str]) -> str:
    return tk.h.url_for("privacy.register_feed", **asked)


def feed() -> Response:
    """Give the newest decisions as an Atom feed, with the same filters as the page."""
    asked = {each["name"]: each["chosen"] for each in _filters() if each["chosen"]}
    found = act("privacy_register_list", **asked, limit=FEED_ENTRIES)
    atom = FeedGenerator()
    address = tk.h.url_for("privacy.register", **asked, qualified=True)
    atom.id(address)
    atom.title(tk._("Public register of releases"))
    atom.link(href=address, rel="alternate")
    atom.link(href=tk.h.url_for("privacy.register_feed", **asked, qualified=True), rel="self")
    atom.updated(words.moment(found["results"][0]["at"]) if found["results"] else dt.datetime.now(dt.timezone.utc))
    for entry in found["results"]:
        _add(atom, entry, address)
    return Response(atom.atom_str(pretty=True), content_type="application/atom+xml; charset=utf-8")


def _add(atom: FeedGenerator, entry: Json, register: str) -> None:
    row, item = _row(entry), atom.add_entry(order="append")
    item.id(f"{register}#{entry['release_id']}-{entry['event']}-{entry['at']}")
    item.title(f"{row['state']['word']}: {row['title']}")
    item.updated(words.moment(entry["at"]))
    item.summary(row["reason"] or row["role"])
    item.link(href=tk.h.url_for("privacy.register", qualified=True))
