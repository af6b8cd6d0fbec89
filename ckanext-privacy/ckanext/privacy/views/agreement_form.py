"""The conversation in which an agreement is written down: four short steps, then everything once more to check.

No step needs JavaScript or a session: what was said in earlier steps travels in hidden fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.translation import N_
from ckanext.privacy.views import agreement_words as words
from ckanext.privacy.views.words import countries, country, language

Json = dict[str, Any]
CHECK = "check"
UNANSWERED = "?"
#: Kind of a question -> what its codes are called.
NAMES = {"country": country, "languages": language}


@dataclass(frozen=True)
class Field:
    """One question. ``kind`` is how it is asked: ``radio``, ``boxes``, ``choice``, or as the type of a text field.

    A ``country`` is a text field that proposes countries; ``languages`` are codes of languages in one.
    """

    name: str
    kind: str
    label: str
    hint: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One page of the conversation."""

    name: str
    title: str
    lead: str
    fields: tuple[Field, ...]


_PRIVATE_RECIPIENTS = {word: label for word, label in words.RECIPIENTS.items() if word != "public"}

STEPS = (
    Step("who", N_("Who agreed?"), N_("An agreement has two sides: those who gave it, and who has to keep to it."), (
        Field("level", "radio", N_("Who agreed"), options=words.LEVELS),
        Field("spoken_by.name", "text", N_("Who spoke for them"),
              N_("A committee, federation, guardian or role. For a community or a child this has to be said.")),
        Field("spoken_by.mandate", "text", N_("Who gave them that task (optional)"),
              N_("For instance: elected by the eleven lanes.")),
        Field("controller.name", "text", N_("Who answers for the data"), N_("The organization that asked.")),
        Field("controller.kind", "choice", N_("What kind of organization that is"), options=words.CONTROLLERS),
        Field("controller.contact", "text", N_("How to reach it"), N_("The address, phone or e-mail of an office.")),
        Field("jurisdiction", "country", N_("Law of which place"),
              N_("A country or region code, such as IN or IN-MH.")),
    )),
    Step("told", N_("What were they told?"), N_("Nobody can agree to what was not told in words they understand."), (
        Field("notice.forms", "boxes", N_("How they were told"), options=words.FORMS),
        Field("notice.languages", "languages", N_("In which languages"), N_("Language codes, such as: mr hi en.")),
        Field("notice.date", "date", N_("On which day")),
        Field("notice.text", "long", N_("What was said"), N_("The notice in its own words, or a short account of it.")),
        Field("notice.url", "text", N_("Where it can be read (optional)")),
    )),
    Step("uses", N_("What did they agree to?"),
         N_("Two different things: that somebody works with the data, and that everyone can see it."), (
        Field("purpose", "boxes", N_("What for"), options=words.PURPOSES),
        Field("description", "text", N_("In your words (optional)"), N_("For instance: to plan taps and toilets.")),
        Field("personal_data", "boxes", N_("Which data about people"), options=words.DATA),
        Field("recipients", "boxes", N_("Who works with it"), options=_PRIVATE_RECIPIENTS),
        Field("storage_location", "country", N_("In which country it is kept"), N_("A country code, such as IN.")),
        Field("retention", "choice", N_("For how long it is kept"), options=words.PERIODS),
        Field("open", "radio", N_("Did they agree that everyone can see it?"),
              N_("Without this nothing can be released."), {"yes": N_("Yes"), "no": N_("No, or they were not asked")}),
        Field("open_data", "boxes", N_("What everyone sees"),
              N_("Only what they were told that everyone would see."), words.DATA),
    )),
    Step("how", N_("How did they agree?"), N_("In their words, with a day, and with an end."), (
        Field("method", "radio", N_("How"), options=words.METHODS),
        Field("at", "date", N_("On which day")),
        Field("valid_for", "choice", N_("For how long it holds"), options=words.PERIODS),
        Field("words", "long", N_("What the people said (optional)"),
              N_("Their own words, also their worries. Name nobody.")),
        Field("meeting.date", "date", N_("Day of the meeting"), N_("Only for a community, like the next three.")),
        Field("meeting.attendance", "number", N_("How many people were there")),
        Field("meeting.attendance_women", "number", N_("How many of them were women (optional)")),
        Field("meeting.decision_rule", "text", N_("How it was decided"), N_("Such as by majority, or by consensus.")),
        Field("withdrawal_contact", "text", N_("Whom to speak to in order to take it back"),
              N_("An office, a place or a phone that people can really reach.")),
    )),
)  # fmt: skip

FIELDS = {each.name: each for step in STEPS for each in step.fields}
#: Problem of the record -> field of the form, where their names differ.
_ASKED_BY = {
    "processes": "purpose", "processes.purpose": "purpose", "processes.personal_data": "personal_data",
    "processes.recipients": "recipients", "processes.storage_location": "storage_location",
    "processes.retention": "retention", "processes.processing": "purpose", "legal_basis": "level",
}  # fmt: skip


def answers(form: Any) -> Json:
    """Return what a form says, by field: a list for boxes, text for the rest."""
    found = {name: form.getlist(name) if each.kind == "boxes" else form.get(name, "").strip()
             for name, each in FIELDS.items()}  # fmt: skip
    return {name: value for name, value in found.items() if value}


def record(given: Mapping[str, Any]) -> Json:
    """Return what the answers mean, as the action takes it."""
    data: Json = {name: given[name] for name in ("level", "jurisdiction", "method", "words", "withdrawal_contact", "at",
                                                 "valid_for") if name in given}  # fmt: skip
    for name, value in given.items():
        whole, _, part = name.partition(".")
        if part:
            data.setdefault(whole, {})[part] = value
    return {**data, "processes": list(_processes(given))}


def _processes(given: Mapping[str, Any]) -> Iterable[Json]:
    kept = {name: given.get(name, "") for name in ("purpose", "storage_location")}
    # Nobody chose "no end" by choosing nothing.
    kept["retention"] = given.get("retention") or UNANSWERED
    said = {"description": given.get("description", "")}
    uses = {"processing": ["collect", "store", "use"], "personal_data": given.get("personal_data", [])}
    yield {**kept, **said, **uses, "recipients": given.get("recipients", [])}
    if given.get("open") == "yes":
        shown = {
            "processing": ["make-available"],
            "personal_data": given.get("open_data", []),
            "recipients": ["public"],
        }
        yield {**kept, **shown, "retention": "indeterminate"}


def step(name: str | None) -> Step | None:
    """Return a step by its name; the first one for none; None for the check at the end."""
    if name == CHECK:
        return None
    return next((each for each in STEPS if each.name == name), STEPS[0])


def after(current: Step) -> str:
    """Return the name of what follows a step."""
    place = STEPS.index(current) + 1
    return STEPS[place].name if place < len(STEPS) else CHECK


def before(name: str) -> str | None:
    """Return the name of the step before, or None."""
    names = [*(each.name for each in STEPS), CHECK]
    place = names.index(name)
    return names[place - 1] if place else None


def messages(problems: Mapping[str, list[str]], current: Step | None) -> list[dict[str, str]]:
    """Return what is wrong with a step's answers (all answers for the check), each leading to its field or its step."""
    found = [(_ASKED_BY.get(name, name), sentence) for name, said in problems.items() for sentence in said]
    shown = {each.name for each in current.fields} if current else set(FIELDS)
    kept = [(name, sentence) for name, sentence in found if name in shown or (current is None and name not in FIELDS)]
    anchor = "field-{}" if current else "answer-{}"
    return [
        {"anchor": anchor.format(name.replace(".", "-")), "text": sentence} for name, sentence in dict(kept).items()
    ]


def questions(current: Step, given: Mapping[str, Any]) -> list[Json]:
    """Return a step's fields for the template, with what was answered."""
    return [_question(each, given.get(each.name, [] if each.kind == "boxes" else "")) for each in current.fields]


def _question(each: Field, value: Any) -> Json:
    chosen = value if isinstance(value, list) else [value]
    offered = {"": N_("Choose"), **each.options} if each.kind == "choice" else each.options
    options = [{"value": word, "word": tk._(label), "chosen": word in chosen} for word, label in offered.items()]
    if each.kind == "country":
        options = [{"value": code, "word": name} for code, name in countries()]
    said = {"label": tk._(each.label), "hint": tk._(each.hint) if each.hint else ""}
    return {"name": each.name, "id": f"field-{each.name.replace('.', '-')}", "kind": each.kind, "value": value,
            "options": options, **said}  # fmt: skip


def review(given: Mapping[str, Any]) -> list[Json]:
    """Return all answers in words, step by step, for the check."""
    return [
        {"name": each.name, "title": tk._(each.title), "rows": [_row(one, given) for one in each.fields]}
        for each in STEPS
    ]


def _row(each: Field, given: Mapping[str, Any]) -> Json:
    value = given.get(each.name, "")
    listed = value if isinstance(value, list) else [value] if value else []
    if each.kind in NAMES:
        listed = [NAMES[each.kind](code) for word in listed for code in word.replace(",", " ").split()]
    said = ", ".join(tk._(each.options[word]) if word in each.options else word for word in listed)
    return {"id": f"answer-{each.name.replace('.', '-')}", "label": tk._(each.label), "value": said}


def hidden(given: Mapping[str, Any], current: Step | None) -> list[tuple[str, str]]:
    """Return the answers of all other steps, as hidden fields."""
    shown = {each.name for each in current.fields} if current else set()
    return [
        (name, each)
        for name, value in given.items()
        if name not in shown
        for each in (value if isinstance(value, list) else [value])
    ]


def known(told: Mapping[str, Any]) -> Json:
    """Return the answers that the description of a dataset gives already."""
    flat = {name: told.get(name) for name in ("level", "jurisdiction", "withdrawal_contact")}
    flat |= {f"{whole}.{part}": value for whole in ("controller", "spoken_by", "notice")
             for part, value in (told.get(whole) or {}).items()}  # fmt: skip
    flat |= {"purpose": told.get("purpose"), "personal_data": told.get("personal_data")}
    return {name: value for name, value in flat.items() if value and name in FIELDS}
