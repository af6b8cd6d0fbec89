"""Find what points at people inside a text: places, kinds, and how sure.

Three finders work together: Presidio and the country packs around digits and addresses, the rules of
:file:`lexicon/phrases.yaml`, and the tagger (or a language model that is installed) for names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
LETTER = re.compile(r"[^\W\d_]")
#: What belongs to organisations, and is nobody's.
NOBODYS = "ORGANISATION"
#: What tells of someone only together with more, and is no reason to black a text out.
CONTEXT = frozenset({"ORGANIZATION", "LOCATION", "DATE_TIME", "URL", "NRP", "TITLE", "AGE", "POSTCODE"})
#: A word beside every number, which names none.
ANY_NUMBER = frozenset({"number"})
#: Chance up to which check digits prove by themselves what a number is.
RARE = 0.05
#: Confidence left to those that prove nothing: less than where a word beside them says something else.
DOUBT = 0.6


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of a text are an `entity`, with `confidence` 0..1."""

    entity: str
    confidence: float
    start: int
    end: int


def find_spans(text: str) -> tuple[Span, ...]:
    """Return identifiers, numbers and addresses by their form, in order and without overlaps: the surer one stays.

    Names, which only a model can tell, and words of context are not among them: see :func:`find_all_spans`.
    """
    return _settled(_by_form(text))


def find_all_spans(texts: Sequence[str], *, context: bool = False) -> list[tuple[Span, ...]]:
    """Return for each text everything that points at people, names too, in order and without overlaps.

    With ``context`` also what tells of someone only together with more: organisations, places, dates, nationalities.
    """
    from .ner import find_names_in

    found = []
    for text, names in zip(texts, find_names_in(texts), strict=True):
        formed = _by_form(text)
        proven = [span for span in formed if _is_proven(text, span)]
        doubted = (span if span in proven else _doubted(span) for span in formed)
        sure = _settled([*doubted, *_by_phrase(text)], first=proven)
        named = (Span(each.label, each.confidence, each.start, each.end) for each in names)
        kept = _settled([*sure, *_around(text, _settled(named), sure)], first=sure)
        found.append(tuple(span for span in kept if context or span.entity not in CONTEXT))
    return found


def _doubted(span: Span) -> Span:
    """A find that check digits alone speak for, when one number in ten has them."""
    return span if span.entity == "PHONE_NUMBER" else replace(span, confidence=min(span.confidence, DOUBT))


def _is_proven(text: str, span: Span) -> bool:
    """Whether a find goes before what the words beside it say: by rare check digits, or because they name it.

    One in ten card numbers of twelve digits has the check digits of some country's identity card, too.
    """
    identifier = _identifiers()[span.entity]
    if span.entity == "PHONE_NUMBER":
        return False
    return identifier.chance <= RARE or _is_named(text, span.start, span.end, identifier)


def _around(text: str, names: Iterable[Span], sure: Sequence[Span]) -> Iterator[Span]:
    """What is left of names beside what is told by its form: an address goes on where a postcode was taken out."""
    for name in names:
        start = name.start
        for span in (*sure, Span("", 0, name.end, name.end)):
            if span.end < start or span.start > name.end:
                continue
            piece = text[start : min(span.start, name.end)]
            bare = piece.strip(" \n\t,;:-()[]")
            if LETTER.search(bare):
                first = start + piece.index(bare)
                yield Span(name.entity, name.confidence, first, first + len(bare))
            start = max(start, span.end)


def _settled(spans: Iterable[Span], first: Sequence[Span] = ()) -> tuple[Span, ...]:
    """Keep the surer of two that overlap, then the longer; those in ``first`` before all others."""
    ahead = frozenset(first)
    found = sorted(spans, key=lambda span: (span not in ahead, -span.confidence, span.start - span.end))
    kept: list[Span] = []
    for span in found:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda span: span.start))


def _by_form(text: str) -> list[Span]:
    plain = WEB_ADDRESS.sub(lambda match: " " * len(match[0]), text)
    return [span for start, end in _windows(plain) for span in _find(plain, start, end)]


def _by_phrase(text: str) -> Iterator[Span]:
    from .phrases import find_phrases

    for each in find_phrases(text):
        yield Span(each.entity, each.confidence, each.start, each.end)


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
        if _is_within_word(text, first, last):
            continue
        if _is_telling(identifier, text[first:last]) or _is_named(text, first, last, identifier):
            yield Span(each.entity_type, round(each.score, 2), first, last)


def _is_telling(identifier: Identifier, value: str) -> bool:
    """Whether a find says by itself what it is: numbers with the length of some country's telephones are everywhere."""
    form = TELEPHONE if identifier.entity == "PHONE_NUMBER" else identifier.written
    return identifier.alone or bool(form and re.fullmatch(form, value.strip()))


def _is_within_word(text: str, start: int, end: int) -> bool:
    """Digits within a longer number or code are none of their own."""
    return text[max(start - 1, 0) : start].isalnum() or text[end : end + 1].isalnum()


def _is_named(text: str, start: int, end: int, identifier: Identifier) -> bool:
    """Whether a word beside the find says what it is; many numbers have an identifier's form by chance."""
    beside = words_of(text[max(start - AROUND, 0) : start]) + words_of(text[end : end + AROUND])
    names = {word for phrase in (*identifier.heading, *identifier.context) for word in words_of(phrase)}
    return bool(set(beside) & names - ANY_NUMBER)


@lru_cache(maxsize=1)
def _identifiers() -> dict[str, Identifier]:
    return {identifier.entity: identifier for pack in load_packs() for identifier in pack.identifiers}


@lru_cache(maxsize=1)
def _analyzer() -> AnalyzerEngine:
    from .recognizers import analyzer_of  # Presidio takes a second to import, which a policy must not wait for

    return analyzer_of(load_packs())
