"""What in a description is pointed at beside its field: numbers and addresses of people, at each look at the form."""

from __future__ import annotations

from collections.abc import Iterable

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.metadata import MAY_REACH, reaching_people
from ckanext.privacy.views import words


def sentences(field: str, texts: Iterable[str]) -> list[str]:
    """Return one sentence for each kind of thing in a field's texts that reaches a person, with a masked example."""
    found: dict[str, str] = {}
    for text in filter(MAY_REACH.search, texts):
        for each in reaching_people({field: text}):
            found.setdefault(each.entity, each.example)
    return [_sentence(entity, example) for entity, example in found.items()]


def _sentence(entity: str, example: str) -> str:
    told = {"what": words.kind(entity), "example": example}
    return tk._("This text holds {what} ({example}). Everyone would see it: take it out, or give an office’s.").format(
        **told
    )
