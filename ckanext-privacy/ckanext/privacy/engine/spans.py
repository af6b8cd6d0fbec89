"""Find what points at people inside a text: places, kinds, and how sure. For short texts; tables have their own way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from .headings import words_of
from .packs import Identifier, load_packs

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

#: Web addresses are full of digits that are no telephone numbers.
WEB_ADDRESS = re.compile(r"(?i)\b(?:https?://|www\.)\S+")
#: Where something may be: an @, five digits with little between them, or a long word with a digit in it.
CANDIDATE = re.compile(r"@|\d(?:[^\w]{0,5}\d){4}|\b(?=\w*\d)\w{7,}")
#: Characters looked at on each side of such a place; words of context lie in it.
AROUND = 48
#: A number written as telephones are: with a country code, brackets, a trunk prefix, or in three groups.
TELEPHONE = r"\+[\d ()./-]+|\(\d+\)[\d ./-]+|0\d+[ /-][\d /-]+|\d+([ .-])\d+\1[\d .-]+"
#: What belongs to organisations, and is nobody's.
NOBODYS = "ORGANISATION"


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of a text are an `entity`, with `confidence` 0..1."""

    entity: str
    confidence: float
    start: int
    end: int


def find_spans(text: str) -> tuple[Span, ...]:
    """Return what was found, in the text's order and without overlaps: the surer, then the longer one stays."""
    plain = WEB_ADDRESS.sub(lambda match: " " * len(match[0]), text)
    found = [span for start, end in _windows(plain) for span in _find(plain, start, end)]
    found.sort(key=lambda span: (-span.confidence, span.start - span.end))
    kept: list[Span] = []
    for span in found:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda span: span.start))


def _windows(text: str) -> list[tuple[int, int]]:
    """Stretches of the text around its candidates, between words, joined where they overlap."""
    joined: list[tuple[int, int]] = []
    for match in CANDIDATE.finditer(text):
        start = text.rfind(" ", 0, max(match.start() - AROUND, 0)) + 1
        space = text.find(" ", match.end() + AROUND)
        end = len(text) if space < 0 else space
        if joined and start <= joined[-1][1]:
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


def _find(text: str, start: int, end: int) -> Iterator[Span]:
    known = _identifiers()
    for each in _analyzer().analyze(text[start:end], language="en"):
        identifier = known.get(each.entity_type)
        if identifier is None or identifier.kind == NOBODYS:
            continue
        first, last = start + each.start, start + each.end
        if _is_telling(identifier, text[first:last]) or _is_named(text, first, last, identifier):
            yield Span(each.entity_type, round(each.score, 2), first, last)


def _is_telling(identifier: Identifier, value: str) -> bool:
    """Whether a find says by itself what it is: numbers with the length of some country's telephones are everywhere."""
    form = TELEPHONE if identifier.entity == "PHONE_NUMBER" else identifier.written
    return identifier.alone or bool(form and re.fullmatch(form, value.strip()))


def _is_named(text: str, start: int, end: int, identifier: Identifier) -> bool:
    """Whether a word beside the find says what it is; many numbers have an identifier's form by chance."""
    beside = words_of(text[max(start - AROUND, 0) : start]) + words_of(text[end : end + AROUND])
    names = {word for phrase in (*identifier.heading, *identifier.context) for word in words_of(phrase)}
    return bool(set(beside) & names)


@lru_cache(maxsize=1)
def _identifiers() -> dict[str, Identifier]:
    return {identifier.entity: identifier for pack in load_packs() for identifier in pack.identifiers}


@lru_cache(maxsize=1)
def _analyzer() -> AnalyzerEngine:
    from .recognizers import analyzer_of  # Presidio takes a second to import, which a policy must not wait for

    return analyzer_of(load_packs())
