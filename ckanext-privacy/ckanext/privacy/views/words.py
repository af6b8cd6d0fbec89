"""The words of the pages: one table for each kind of code that actions answer with.

Codes stay in the database and the API, words on the screen. A code without a word shows as itself, so that a newer
engine never breaks an older page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.kinds import called
from ckanext.privacy.said import said
from ckanext.privacy.state_names import RELEASES
from ckanext.privacy.translation import N_

OUTCOMES = {
    "automatic": N_("No steward needed"),
    "clear": N_("Nothing found that a person must decide"),
    "one_steward": N_("One steward decides"),
    "two_stewards": N_("Two stewards decide"),
    "blocked": N_("Held until it is changed"),
}

LEVELS = {
    "none": N_("not about people"),
    "low": N_("mild"),
    "moderate": N_("moderate"),
    "high": N_("grave"),
    "severe": N_("very grave"),
}

SCAN_STATES = {
    "queued": N_("Waiting for its turn"),
    "running": N_("Being scanned"),
    "done": N_("Scanned"),
    "failed": N_("Could not be scanned"),
    "none": N_("Not scanned yet"),
}

#: What happened to a release, as the history tells it.
EVENTS = {
    "request": N_("asked for the release"),
    "scan": N_("started the scan"),
    "judge": N_("finished the scan"),
    "block": N_("held it"),
    "approve": N_("approved"),
    "schedule": N_("approved it for a later day"),
    "reopen": N_("brought it back to review, since the policy asks for more now"),
    "release": N_("released it"),
    "confirm": N_("looked at it again"),
    "return": N_("returned it"),
    "reject": N_("refused it"),
    "appeal": N_("appealed"),
    "override": N_("released it as an emergency"),
    "hold": N_("put it on hold"),
    "resume": N_("showed it again"),
    "withdraw": N_("took it down"),
    "supersede": N_("replaced it"),
    "expire": N_("let it expire"),
    "cancel": N_("took the request back"),
}

#: What the public register tells of: event -> (word, tone).
REGISTER = {
    "release": (N_("Released"), "ok"),
    "override": (N_("Released as an emergency"), "stop"),
    "adopt": (N_("Was public before the reviews began"), "held"),
    "reject": (N_("Refused"), "stop"),
    "hold": (N_("On hold"), "stop"),
    "resume": (N_("Shown again"), "ok"),
    "confirm": (N_("Looked at again"), "ok"),
    "withdraw": (N_("Taken down"), "stop"),
    "expire": (N_("Expired"), "held"),
}

#: Whose turn it is.
ACTORS = {
    "officer": N_("an editor of the dataset"),
    "steward": N_("a steward"),
    "scanner": N_("the scanner"),
    "clock": N_("the calendar"),
}

#: In which role somebody acted.
ROLES = {
    "sysadmin": N_("System administrator"),
    "steward": N_("Steward"),
    "admin": N_("Administrator of the organization"),
    "editor": N_("Editor"),
    "member": N_("Member"),
    "policy": N_("The policy"),
    "clock": N_("The end date"),
    "community": N_("Those who had agreed"),
    "other": N_("Other"),
}


def say(table: Mapping[str, str], code: str | None) -> str:
    """Return the word for a code in the reader's language; the code itself where there is none."""
    if not code:
        return ""
    word = table.get(code)
    return tk._(word) if word else code.replace("_", " ").lower()


def kind(entity: str) -> str:
    """Return what a kind of personal data is called; a country's own identifier with its name."""
    return said(called(entity))


def state(code: str | None) -> dict[str, str]:
    """Return word, tone and meaning of a release state; no release at all is the state ``draft``."""
    word, tone, meaning = RELEASES.get(code or "draft", (code or "", "held", ""))
    return {"code": code or "draft", "word": tk._(word), "tone": tone, "meaning": tk._(meaning) if meaning else ""}


def percent(share: float | None) -> str:
    """Return a share of 0..1 as whole percent that never rounds a few down to none, or almost all up to all."""
    if share is None:
        return ""
    if 0 < share < 0.01:
        return tk._("under 1 %")
    if 0.99 < share < 1:
        return tk._("over 99 %")
    return f"{round(share * 100)} %"


def moment(value: str | dt.datetime | None) -> dt.datetime | None:
    """Read a time as actions answer it (ISO 8601); None where there is none. A time without a zone is UTC."""
    if not value:
        return None
    read = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return read if read.tzinfo else read.replace(tzinfo=dt.timezone.utc)


def date(value: str | dt.datetime | None) -> str:
    """Return the day in the reader's language, such as ``3 March 2026``."""
    read = moment(value)
    return format_date(read.astimezone(tk.h.get_display_timezone()), "long", locale=locale()) if read else ""


def time(value: str | dt.datetime | None) -> str:
    """Return day, hour and zone in the reader's language."""
    read = moment(value)
    if read is None:
        return ""
    local = read.astimezone(tk.h.get_display_timezone())
    return f"{format_date(local, 'long', locale=locale())}, {format_time(local, 'HH:mm z', locale=locale())}"


def age(value: str | dt.datetime | None) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    read = moment(value)
    if read is None:
        return ""
    hours = int((dt.datetime.now(dt.timezone.utc) - read).total_seconds() // 3600)
    if hours < 1:
        return tk._("less than an hour")
    if hours < 48:
        return tk.ungettext("{n} hour", "{n} hours", hours).format(n=hours)
    days = hours // 24
    return tk.ungettext("{n} day", "{n} days", days).format(n=days)


def language(code: str) -> str:
    """Return the name of a language in the reader's; its code where nobody knows one."""
    try:
        name = Locale.parse(code.replace("-", "_")).get_display_name(locale())
    except (UnknownLocaleError, ValueError):
        return code
    return name or code


def country(code: str) -> str:
    """Return the name of a country in the reader's language, or of a region's country with the region's code."""
    alone, _, region = code.upper().partition("-")
    name = locale().territories.get(alone)
    if not name:
        return code
    return f"{name} ({code})" if region else name


def countries() -> list[tuple[str, str]]:
    """Return all countries as code and name, by name."""
    named = locale().territories.items()
    return sorted((each for each in named if len(each[0]) == 2 and each[0].isalpha()), key=lambda each: each[1])


def locale() -> Locale:
    """Return the reader's language; English where nobody reads, and where the library of dates and names lacks it."""
    try:
        return Locale.parse(tk.h.lang() or "en")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
