"""What a dataset must say before it is released. Plain Python: the rules are data in the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from .fields import _
from .vocabularies import SOURCE

#: The rule of a field that every dataset should fill in, and that no release waits for: a city's parking meters may go
#: out without a word about them, and nobody is hurt.
ADVISED = "advised"
SCHEMA_FILES = {"dataset": "dataset.yaml", "city-practice": "city_practice.yaml"}


@dataclass(frozen=True)
class Requirement:
    """One thing that is missing: the field, its label, one sentence that says what to do, the form section it is in.

    ``blocking`` things must be said before a release; the others are advised.
    """

    field: str
    label: str
    message: str
    section: str
    blocking: bool


@cache
def load_schema(dataset_type: str) -> dict[str, Any] | None:
    """The schema of a dataset type as it is written in its file; None for a type that is not ours."""
    name = SCHEMA_FILES.get(dataset_type)
    if name is None:
        return None
    return yaml.safe_load((SOURCE.parent / "schemas" / name).read_text(encoding="utf-8"))


def missing_for_release(pkg_dict: Mapping[str, Any], translate: Callable[[str], str] = str) -> list[Requirement]:
    """Return what a dataset (as from ``package_show``) still lacks, in the order of the form.

    ``translate`` turns the schema's English into the reader's language. A type without a schema of ours lacks nothing.
    """
    schema = load_schema(pkg_dict.get("type") or "dataset")
    if schema is None:
        return []
    conditions = schema.get("release_conditions", {})
    return [
        requirement
        for field in schema["dataset_fields"]
        if _applies(field.get("required_for_release"), conditions, pkg_dict)
        for requirement in _lacks(field, pkg_dict, translate)
    ]


def relevant(section: Mapping[str, Any], schema: Mapping[str, Any], answers: Mapping[str, Any] | None) -> bool:
    """Whether a section asks about something that the data is about; True while nobody has said what it is about."""
    rule = section.get("relevant_when")
    condition = schema.get("release_conditions", {}).get(rule)
    if not condition or not answers or not answers.get(condition["field"]):
        return True
    return _holds(condition, answers) or any(
        _filled(answers.get(f["field_name"])) for f in schema["dataset_fields"] if f.get("section") == section["name"]
    )


def _applies(rule: bool | str | None, conditions: Mapping[str, Any], pkg_dict: Mapping[str, Any]) -> bool:
    if rule == ADVISED or not isinstance(rule, str):
        return bool(rule)
    return _holds(conditions[rule], pkg_dict)


def _holds(condition: Mapping[str, Any], pkg_dict: Mapping[str, Any]) -> bool:
    """Whether the field named by a condition has one of the values it asks for."""
    value = pkg_dict.get(condition["field"]) or []
    given = {value} if isinstance(value, str) else set(value)
    if "any_of" in condition:
        return not given.isdisjoint(condition["any_of"])
    return bool(given - set(condition["any_but"]))


def _filled(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(value.values())
    return value not in (None, "", [])


def _lacks(field: Mapping[str, Any], pkg_dict: Mapping[str, Any], translate: Callable[[str], str]) -> list[Requirement]:
    value = pkg_dict.get(field["field_name"])
    # A text by language may be stored under its plain name alone, by a client that knows no other.
    names = [field["field_name"].removesuffix("_translated"), *field.get("satisfied_by", [])]
    if not _filled(value):
        return [] if any(_filled(pkg_dict.get(name)) for name in names) else [_whole(field, translate)]
    parts = [part for part in field.get("repeating_subfields", []) if part.get("required_for_release")]
    rows = value if isinstance(value, list) else []
    return [
        _part(field, part, number, translate)
        for number, row in enumerate(rows, start=1)
        for part in parts
        if not _filled(row.get(part["field_name"]))
    ]


def _whole(field: Mapping[str, Any], translate: Callable[[str], str]) -> Requirement:
    return Requirement(
        field["field_name"],
        translate(field["label"]),
        translate(field["release_message"]),
        field["section"],
        field["required_for_release"] != ADVISED,
    )


def _part(
    field: Mapping[str, Any], part: Mapping[str, Any], number: int, translate: Callable[[str], str]
) -> Requirement:
    name = f"{field['field_name']}-{number - 1}-{part['field_name']}"
    label = f"{translate(field['repeating_label'])} {number}: {translate(part['label'])}"
    message = translate(_("Fill in “{label}”.")).format(label=label)
    return Requirement(name, label, message, field["section"], blocking=True)
