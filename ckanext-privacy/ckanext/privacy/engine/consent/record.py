"""What a consent record says: from what people sent to a complete record, or to sentences about what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import isodate
import yaml

from ckanext.privacy.engine.errors import EngineError

VERSION = 1
#: When nobody said for how long, people are asked again after a year.
DEFAULT_PERIOD = "P1Y"
INDETERMINATE = "indeterminate"
PUBLISH, EVERYONE = "make-available", "public"

Json = Mapping[str, Any]


def N_(message: str) -> str:  # noqa: N802 - the name that pybabel looks for
    """Mark a sentence for translators; whoever shows it translates it."""
    return message


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field, as one sentence that says what to do."""

    field: str
    sentence: str


class InvalidConsent(EngineError):  # noqa: N818 - says what is wrong, as CKAN's own do
    """A record that lacks something, or says something the vocabulary does not know."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems


@cache
def load_terms() -> dict[str, dict[str, str]]:
    """Return the words a record may use, each with its term in the export, by list."""
    return yaml.safe_load(Path(__file__).with_name("terms.yaml").read_text(encoding="utf-8"))


def parse_record(data: Json) -> dict[str, Any]:
    """Return the record as it is kept; raise ``InvalidConsent`` with everything that is wrong with it.

    Keys: ``version, level, legal_basis, method, controller {name, kind, contact, address, country}, jurisdiction, law,
    notice {forms, languages, date, text, url}, processes [{purpose, description, processing, personal_data, recipients,
    storage_location, retention}], spoken_by {name, mandate}, meeting {date, attendance, attendance_women,
    decision_rule}, words, withdrawal_contact, language``. Dates and durations are ISO 8601.
    """
    record = {
        "version": VERSION,
        "level": _word("level", data.get("level")),
        "legal_basis": _word("legal_basis", data.get("legal_basis") or "explicit-consent"),
        "method": _word("method", data.get("method") or _usual_method(data.get("level"))),
        "controller": _controller(data.get("controller")),
        "jurisdiction": _text(data.get("jurisdiction")).upper(),
        "law": _text(data.get("law")),
        "notice": _notice(data.get("notice")),
        "processes": [_process(each) for each in _mappings(data.get("processes"))],
        "spoken_by": _texts(data.get("spoken_by"), ("name", "mandate")),
        "meeting": _meeting(data.get("meeting")),
        "words": _text(data.get("words")),
        "withdrawal_contact": _text(data.get("withdrawal_contact")),
    }
    problems = list(_problems(record))
    if problems:
        raise InvalidConsent(problems)
    return record


def allows_release(record: Json) -> bool:
    """Say whether what was agreed to includes that everyone can see the data; any other consent does not count."""
    return any(PUBLISH in each["processing"] and EVERYONE in each["recipients"] for each in record["processes"])


def period_end(start: dt.datetime, period: str) -> dt.datetime | None:
    """Return when a period (ISO 8601 duration, or ``indeterminate``) that begins at ``start`` ends; None if never."""
    if period == INDETERMINATE:
        return None
    try:
        end: Any = start + isodate.parse_duration(period)
    except (isodate.ISO8601Error, ValueError, OverflowError):
        end = start
    if end <= start:
        raise InvalidConsent([Problem("valid_for", _SENTENCES["valid_for"])])
    return end


# From what was sent to plain values -----------------------------------------------------------------------------


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Any, names: tuple[str, ...]) -> dict[str, str]:
    given = value if isinstance(value, Mapping) else {"name": value}
    return {name: _text(given.get(name)) for name in names}


def _mappings(value: Any) -> list[Json]:
    listed = value if isinstance(value, list) else [value]
    return [each for each in listed if isinstance(each, Mapping)]


def _words(listname: str, value: Any) -> list[str]:
    """Return the words of a list that are meant, in the order given; what is unknown stays and is found later."""
    given = value if isinstance(value, list) else str(value or "").replace(",", " ").split()
    return list(dict.fromkeys(_word(listname, each) for each in given if _text(each)))


def _word(listname: str, value: Any) -> str:
    """Return a word of a list for the word itself, or for the term it stands for."""
    given = _text(value)
    known = load_terms()[listname]
    if given in known:
        return given
    local = given.rpartition("#")[2] if "#" in given else given.rpartition(":")[2]
    return next((word for word, term in known.items() if term.rpartition(":")[2] == local), given)


def _usual_method(level: Any) -> str:
    return "meeting-vote" if _word("level", level) == "collective" else "signature"


def _controller(value: Any) -> dict[str, str]:
    found = _texts(value, ("name", "kind", "contact", "address", "country"))
    return {**found, "kind": _word("controller_kind", found["kind"] or "other"), "country": found["country"].upper()}


def _notice(value: Any) -> dict[str, Any]:
    given: Json = value if isinstance(value, Mapping) else {}
    return {
        "forms": _words("notice_form", given.get("forms") or given.get("form")),
        "languages": _languages(given.get("languages") or given.get("language")),
        **_texts(given, ("date", "text", "url")),
    }


def _languages(value: Any) -> list[str]:
    given = value if isinstance(value, list) else str(value or "").replace(",", " ").split()
    return list(dict.fromkeys(str(each).strip() for each in given if str(each).strip()))


def _process(given: Json) -> dict[str, Any]:
    return {
        "purpose": _words("purpose", given.get("purpose")),
        "description": _text(given.get("description")),
        "processing": _words("processing", given.get("processing")),
        "personal_data": _words("personal_data", given.get("personal_data")),
        "recipients": _recipients(given.get("recipients") or given.get("recipient")),
        "storage_location": _text(given.get("storage_location")).upper(),
        "retention": _text(given.get("retention")) or INDETERMINATE,
    }


def _recipients(value: Any) -> list[str]:
    """Recipients are words of the list or names of organisations, which may hold spaces."""
    given = value if isinstance(value, list) else str(value or "").split(",")
    return list(dict.fromkeys(_word("recipient", each) for each in given if _text(each)))


def _meeting(value: Any) -> dict[str, Any]:
    given: Json = value if isinstance(value, Mapping) else {}
    found: dict[str, Any] = _texts(given, ("date", "place", "decision_rule"))
    for name in ("attendance", "attendance_women"):
        number = str(given.get(name) or "").strip()
        found[name] = int(number) if number.isdigit() else None
    return found


# What is missing ------------------------------------------------------------------------------------------------

_SENTENCES = {
    "level": N_("Say who agreed: each person, a parent or guardian, each household, or the community together."),
    "legal_basis": N_("A record is about consent; other legal bases are named in the description of the dataset."),
    "method": N_("Say how they agreed, with one of the ways on the list."),
    "controller.name": N_("Name the organization that answers for the data."),
    "controller.contact": N_("Say how the organization that answers for the data can be reached."),
    "controller.kind": N_("Say what kind of organization answers for the data, with a word of the list."),
    "jurisdiction": N_("Say the law of which place holds: a country code such as IN, or a region's such as IN-MH."),
    "notice.forms": N_("Say how people were told: spoken, on paper, put up, in pictures or on a page."),
    "notice.languages": N_("Say in which languages people were told."),
    "notice.date": N_("Say on which day people were told, as year-month-day."),
    "processes": N_("Say what people agreed to: what for, what is done with the data, and who sees it."),
    "processes.purpose": N_("Say what for, with words of the list."),
    "processes.processing": N_("Say what is done with the data, with words of the list."),
    "processes.personal_data": N_("Say which data about people it is, with words of the list."),
    "processes.recipients": N_("Say who sees the data; “public” means everyone."),
    "processes.storage_location": N_("Say in which country the data is kept: a country code such as IN."),
    "processes.retention": N_("Say for how long the data is kept, such as P3Y for three years, or indeterminate."),
    "spoken_by.name": N_("Say who spoke for the community, or which guardian for the child: a body or a role."),
    "meeting.decision_rule": N_("Say how the community decided, such as by majority or by consensus."),
    "meeting.attendance": N_("Say how many people were at the meeting."),
    "meeting.date": N_("Say on which day the community met, as year-month-day."),
    "withdrawal_contact": N_("Say whom people speak to when they take it back: an office, a place or a phone."),
    "valid_for": N_("Say for how long it holds, such as P2Y for two years; the end lies in the future."),
}  # fmt: skip


def _problems(record: Json) -> Iterator[Problem]:
    for field in (*_unknown_words(record), *_missing(record), *_misread(record)):
        yield Problem(field, _SENTENCES[field])


def _unknown_words(record: Json) -> Iterator[str]:
    terms = load_terms()
    single = {name: record[name] for name in ("level", "legal_basis", "method")}
    single["controller.kind"] = record["controller"]["kind"]
    lists = {"controller.kind": "controller_kind"}
    yield from (name for name, word in single.items() if word not in terms[lists.get(name, name)])
    if not record["notice"]["forms"] or set(record["notice"]["forms"]) - set(terms["notice_form"]):
        yield "notice.forms"
    for name in ("purpose", "processing", "personal_data"):
        if any(not each[name] or set(each[name]) - set(terms[name]) for each in record["processes"]):
            yield f"processes.{name}"


def _missing(record: Json) -> Iterator[str]:
    yield from (f"controller.{name}" for name in ("name", "contact") if not record["controller"][name])
    if not record["processes"]:
        yield "processes"
    for name in ("recipients", "storage_location"):
        if any(not each[name] for each in record["processes"]):
            yield f"processes.{name}"
    yield from (name for name in ("jurisdiction", "withdrawal_contact") if not record[name])
    if not record["notice"]["languages"]:
        yield "notice.languages"
    if record["level"] in ("collective", "guardian") and not record["spoken_by"]["name"]:
        yield "spoken_by.name"
    if record["level"] == "collective":
        yield from (f"meeting.{name}" for name in ("decision_rule", "attendance") if not record["meeting"][name])


def _misread(record: Json) -> Iterator[str]:
    if not _is_date(record["notice"]["date"]):
        yield "notice.date"
    if record["level"] == "collective" and not _is_date(record["meeting"]["date"]):
        yield "meeting.date"
    if any(not _is_period(each["retention"]) for each in record["processes"]):
        yield "processes.retention"


def _is_date(value: str) -> bool:
    try:
        return bool(isodate.parse_date(value)) and len(value) == len("2026-01-31")
    except (isodate.ISO8601Error, ValueError):
        return False


def _is_period(value: str) -> bool:
    try:
        return value == INDETERMINATE or bool(isodate.parse_duration(value))
    except (isodate.ISO8601Error, ValueError):
        return False
