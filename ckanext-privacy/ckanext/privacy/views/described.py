"""What was found in the description of a dataset, place by place, for people who decide about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckanext.privacy.engine.description import texts_of
from ckanext.privacy.gate.snapshot import described
from ckanext.privacy.said import said
from ckanext.privacy.views import places, words

Json = Mapping[str, Any]
#: Characters of the text that are shown before and after what was found.
AROUND = 40


def findings(found: Sequence[Json], snapshot: Json) -> list[dict[str, str]]:
    """Return each finding as ``{where, what, example, excerpt, reason}``; an excerpt has all of them masked."""
    texts = texts_of(described(snapshot))
    return [
        {
            "where": places.called(each["field"], snapshot["package"]),
            "what": words.kind(each["entity"]),
            "example": each["example"],
            "excerpt": _excerpt(texts.get(each["field"], ""), each, found),
            "reason": said(each["reason"]),
        }
        for each in found
    ]


def _excerpt(text: str, finding: Json, found: Sequence[Json]) -> str:
    """Return the words around a finding; nothing where there are none, or the text is another."""
    if not finding["end"] <= len(text):
        return ""
    first, last = max(finding["start"] - AROUND, 0), min(finding["end"] + AROUND, len(text))
    shown, place = "…" if first else "", first
    for each in sorted((each for each in found if each["field"] == finding["field"]), key=lambda each: each["start"]):
        if each["end"] > place and each["start"] < last:
            shown += text[place : max(each["start"], place)] + each["example"]
            place = each["end"]
    shown += text[place:last] + ("…" if max(last, place) < len(text) else "")
    return shown if shown != finding["example"] else ""
