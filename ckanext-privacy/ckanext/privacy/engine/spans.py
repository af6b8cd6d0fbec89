"""Find what points at people inside a text: places, kinds, and how sure. For short texts; tables have their own way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer, RecognizerResult

#: Confidence from which a find is believed. Presidio gives less to patterns without a checksum or a word beside them.
BELIEVED = 0.4
#: Web addresses are full of digits that are no telephone numbers.
WEB_ADDRESS = re.compile(r"(?i)\b(?:https?://|www\.)\S+")
#: Every recognizer here needs a digit or an @ to find anything.
CANDIDATE = re.compile(r"[\d@]")


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of a text are an `entity`, with `confidence` 0..1."""

    entity: str
    confidence: float
    start: int
    end: int


def find_spans(text: str) -> tuple[Span, ...]:
    """Return what was found, in the text's order and without overlaps: the surer, then the longer one stays."""
    if not CANDIDATE.search(text):
        return ()
    hidden = WEB_ADDRESS.sub(lambda match: " " * len(match[0]), text)
    found = [span for recognizer in _recognizers() for span in _results(recognizer, hidden)]
    found.sort(key=lambda span: (-span.confidence, span.start - span.end))
    kept: list[Span] = []
    for span in found:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda span: span.start))


def _results(recognizer: EntityRecognizer, text: str) -> Iterable[Span]:
    results: list[RecognizerResult] = recognizer.analyze(text, recognizer.supported_entities, None)  # type: ignore[arg-type]
    return (
        Span(each.entity_type, round(each.score, 2), each.start, each.end)
        for each in results or ()
        if each.score >= BELIEVED
    )


@lru_cache(maxsize=1)
def _recognizers() -> tuple[EntityRecognizer, ...]:
    from .recognizers import text_recognizers

    return text_recognizers()
