"""What a column heading says, in many languages: whole words and phrases of a lexicon, never parts of words.

The phrases are data: :file:`lexicon/headings.yaml`, and what country packs call their identifiers. ``public_id`` holds
no "lic", ``school name`` no person's name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .documents import read_own
from .packs import load_packs

LEXICON = Path(__file__).with_name("lexicon") / "headings.yaml"

#: Words that join others and mean nothing by themselves.
LITTLE = frozenset(LEXICON.with_name("little_words.txt").read_text("utf-8").split())
MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
#: Letters that Unicode takes for their own, and people write without their stroke.
STROKES = str.maketrans(
    {"ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "œ": "oe"}
)
CAMEL = re.compile(r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])|(?<=[A-Z])(?=[A-Z][a-z])")
# Letters with their vowel signs, or digits; Devanagari's signs are marks, which \w leaves out.
TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u09d7])*|\d+")
#: Scripts written without spaces: a phrase may stand anywhere.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Meaning:
    """What a heading says about an entity. ``strong`` when it needs no support by the values.

    ``coverage`` is the share of the heading's words that say it, 0..1.
    """

    strong: bool
    coverage: float


@dataclass(frozen=True)
class _Phrase:
    entity: str
    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """Phrases by their first word, those of unspaced scripts, and those that may be written as one word."""

    spaced: dict[str, tuple[_Phrase, ...]]
    unspaced: tuple[_Phrase, ...]
    joined: dict[str, tuple[_Phrase, ...]]


def words_of(heading: str) -> tuple[str, ...]:
    """Cut a heading into plain lower-case words.

    >>> words_of("fechaDeNacimiento_2")
    ('fecha', 'nacimiento', '2')
    """
    words = all_words_of(heading)
    return tuple(word for word in words if word not in LITTLE) or words


def all_words_of(heading: str) -> tuple[str, ...]:
    """Cut a heading into words and keep the little ones.

    >>> all_words_of("Contact no.")
    ('contact', 'no')
    """
    folded = MARKS.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", heading))).translate(STROKES)
    parts = TOKEN.findall(CAMEL.sub(" ", folded))
    return tuple(_stem(part.lower()) for part in parts)


def _stem(word: str) -> str:
    """Without the plural's s, or the Arabic article."""
    if len(word) > 4 and word.startswith("ال"):
        return word[2:]
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def meanings(heading: str) -> dict[str, Meaning]:
    """Say what a heading may mean, by entity."""
    lexicon = load_lexicon()
    found: dict[str, Meaning] = {}
    denied = set()
    for phrase, coverage in _all_matches(heading, lexicon):
        if phrase.kind == "not":
            denied.add(phrase.entity)
            continue
        best = found.get(phrase.entity)
        meaning = Meaning(phrase.kind == "words", coverage)
        if best is None or (meaning.strong, coverage) > (best.strong, best.coverage):
            found[phrase.entity] = meaning
    return {entity: meaning for entity, meaning in found.items() if entity not in denied}


def _all_matches(heading: str, lexicon: Lexicon) -> Iterator[tuple[_Phrase, float]]:
    words, every = words_of(heading), all_words_of(heading)
    yield from _matches(words, lexicon)
    if every != words:
        yield from _matches(every, lexicon)


def _matches(words: tuple[str, ...], lexicon: Lexicon) -> Iterator[tuple[_Phrase, float]]:
    for index, word in enumerate(words):
        for phrase in lexicon.spaced.get(word, ()):
            if words[index : index + len(phrase.words)] == phrase.words:
                yield phrase, len(phrase.words) / len(words)
        for phrase in lexicon.joined.get(word, ()):
            yield phrase, 1 / len(words)
    text = "".join(words)
    if UNSPACED.search(text):
        yield from (
            (phrase, len(phrase.words[0]) / len(text)) for phrase in lexicon.unspaced if phrase.words[0] in text
        )


@lru_cache
def load_lexicon(path: Path = LEXICON) -> Lexicon:
    """Read the lexicon once."""
    data = read_own(path)
    spaced: dict[str, list[_Phrase]] = {}
    joined: dict[str, list[_Phrase]] = {}
    unspaced = []
    for phrase in _phrases(data):
        if UNSPACED.search(phrase.words[0]):
            unspaced.append(phrase)
            continue
        spaced.setdefault(phrase.words[0], []).append(phrase)
        if len(phrase.words) > 1 and len("".join(phrase.words)) > 5:
            joined.setdefault("".join(phrase.words), []).append(phrase)
    return Lexicon(_frozen(spaced), tuple(unspaced), _frozen(joined))


def _frozen(index: dict[str, list[_Phrase]]) -> dict[str, tuple[_Phrase, ...]]:
    return {word: tuple(phrases) for word, phrases in index.items()}


def _phrases(data: dict[str, dict[str, dict[str, list[str]]]]) -> Iterator[_Phrase]:
    for entity, kinds in data.items():
        for kind, languages in kinds.items():
            yield from _of(entity, kind, (text for phrases in languages.values() for text in phrases))
    for identifier in (each for pack in load_packs() for each in pack.identifiers):
        yield from _of(identifier.kind, "words", identifier.heading)
        yield from _of(identifier.entity, "words", identifier.heading)
        yield from _of(identifier.entity, "weak", identifier.context)


def _of(entity: str, kind: str, texts: Iterable[str]) -> Iterator[_Phrase]:
    yield from (_Phrase(entity, kind, words) for words in {_phrase_words(str(text)) for text in texts} if words)


def _phrase_words(text: str) -> tuple[str, ...]:
    """A phrase keeps its little words where it would be a single common word without them: contact no, born on."""
    words, every = words_of(text), all_words_of(text)
    return every if len(words) == 1 < len(every) else words


def languages(path: Path = LEXICON) -> tuple[str, ...]:
    """Return the ISO codes of the languages whose headings are understood."""
    data = read_own(path)
    return tuple(sorted({language for kinds in data.values() for phrases in kinds.values() for language in phrases}))
