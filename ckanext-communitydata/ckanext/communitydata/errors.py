"""What is wrong on a form, as links to the questions: the error summary. Plain Python: no CKAN in here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ErrorLink:
    """One problem: the id of the question on the page, its label, and what to do about it."""

    anchor: str
    label: str
    message: str


def links(
    errors: Mapping[str, Any], schema: Mapping[str, Any], translate: Callable[[str], str] = str
) -> list[ErrorLink]:
    """Return the problems in the order of the form, those of rows with the row's number, others of no question last."""
    fields = {field["field_name"]: field for field in schema.get("dataset_fields", [])}
    known = [link for name, field in fields.items() for link in _of_field(field, errors.get(name), translate)]
    others = [
        ErrorLink("", name, " ".join(map(str, found)))
        for name, found in errors.items()
        if name not in fields and isinstance(found, list) and found and all(isinstance(text, str) for text in found)
    ]
    return known + others


def _of_field(field: Mapping[str, Any], found: Any, translate: Callable[[str], str]) -> Iterator[ErrorLink]:
    if not found:
        return
    label = translate(field["label"])
    if isinstance(found, list) and isinstance(found[0], Mapping):
        for number, row in enumerate(found):
            yield from _of_row(field, number, row, translate)
        return
    text = found if isinstance(found, str) else " ".join(map(str, found))
    yield ErrorLink(f"field-{field['field_name']}", label, text)


def _of_row(
    field: Mapping[str, Any], number: int, row: Mapping[str, Any], translate: Callable[[str], str]
) -> Iterator[ErrorLink]:
    labels = {part["field_name"]: part["label"] for part in field.get("repeating_subfields", [])}
    for name, found in row.items():
        whole, part = translate(field.get("repeating_label", field["label"])), translate(labels.get(name, name))
        label = f"{whole} {number + 1}: {part}"
        yield ErrorLink(f"field-{field['field_name']}-{number}-{name}", label, " ".join(map(str, found)))
