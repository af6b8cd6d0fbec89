"""What the engine says, in the reader's language.

Reports hold English sentences, filled in from templates (:mod:`ckanext.privacy.engine.sentences`). The templates stand
in the catalogues of our plugins, in the context ``sentence``. A sentence is read back by the template that explains
most of it, and filled in again in the other language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter

from babel.messages.mofile import read_mo

from ckanext.privacy.engine.sentences import WORDS

#: The context of the templates in the catalogues.
SENTENCE = "sentence"
#: Babel gives contexts of compiled catalogues as bytes.
_CONTEXTS = (SENTENCE, SENTENCE.encode())


def N_(message: str) -> str:  # noqa: N802 - the name that pybabel looks for
    """Return the message as it is; whoever shows it translates it then."""
    return message


@dataclass(frozen=True)
class _Template:
    """A template of the engine with values in it: what fits it, its own words, and what it is in another language."""

    patterns: tuple[re.Pattern[str], ...]
    words: tuple[str, ...]
    translated: str

    @property
    def length(self) -> int:
        """Characters that are the template's own."""
        return sum(map(len, self.words))

    def fits(self, sentence: str) -> Iterator[dict[str, str]]:
        """The values with which the template makes the sentence; none where it does not."""
        if all(words in sentence for words in self.words):
            yield from (match.groupdict() for pattern in self.patterns if (match := pattern.fullmatch(sentence)))


@dataclass(frozen=True)
class _Reading:
    """A sentence as a template explains it: how many of its characters are words of ours, and what it says."""

    explained: int
    text: str | None


_UNREAD = _Reading(0, None)
#: Sentences within sentences, and phrases in a list, that are looked for.
_DEEPEST = 8
#: A template with fewer characters of its own, such as "{first} and {last}", is believed only of phrases of ours.
_TELLING = 8
#: A longer text is no sentence of ours.
_LONGEST = 2000


@dataclass(frozen=True)
class Sentences:
    """What is said in one language: whole sentences and phrases by their English, and templates, wordy ones first."""

    whole: dict[str, str]
    templates: tuple[_Template, ...]

    def translate(self, sentence: str) -> str | None:
        """Return the sentence in this language; None where no template of ours fits, as with a city's own policy."""
        return self._best(sentence, _DEEPEST, {}).text if len(sentence) <= _LONGEST else None

    def _best(self, sentence: str, deepest: int, known: dict[str, _Reading]) -> _Reading:
        """The reading that explains most of a sentence by words of ours; `known` are those of this sentence's parts."""
        if sentence in self.whole:
            return _Reading(len(sentence), self.whole[sentence])
        if not deepest:
            return _UNREAD
        if sentence not in known:
            readings = self._readings(sentence, deepest - 1, known)
            known[sentence] = max(readings, key=lambda each: each.explained, default=_UNREAD)
        return known[sentence]

    def _readings(self, sentence: str, deepest: int, known: dict[str, _Reading]) -> Iterator[_Reading]:
        for template in self.templates:
            for values in template.fits(sentence):
                phrases = {name: self._best(value, deepest, known) for name, value in values.items() if name in WORDS}
                read = {name: each.text for name, each in phrases.items() if each.text is not None}
                if len(read) == len(phrases) or template.length >= _TELLING:
                    explained = template.length + sum(each.explained for each in phrases.values())
                    yield _Reading(explained, template.translated.format_map({**values, **read}))
                    if len(read) == len(phrases) and template.length >= _TELLING:
                        return


def load_sentences(catalogues: tuple[Path, ...]) -> Sentences:
    """Read the sentences of compiled catalogues (.mo) of one language; those that are not there are left out."""
    said: dict[str, str] = {}
    for path in catalogues:
        if path.exists():
            with path.open("rb") as file:
                found = (each for each in read_mo(file) if each.context in _CONTEXTS and each.string)
                said |= {str(each.id): str(each.string) for each in found}
    templates = [_template(english, other) for english, other in said.items() if "{" in english]
    templates.sort(key=lambda template: -template.length)
    return Sentences({english: other for english, other in said.items() if "{" not in english}, tuple(templates))


def _template(english: str, translated: str) -> _Template:
    parts = [(text, name) for text, name, _, _ in Formatter().parse(english)]
    # A name or figure ends where it first can. What is ours may hold sentences, so both ways are tried with it.
    patterns = dict.fromkeys(_pattern(parts, ours) for ours in (".+?", ".+"))
    return _Template(tuple(map(_compiled, patterns)), tuple(text for text, _ in parts if text), translated)


def _pattern(parts: Sequence[tuple[str, str | None]], ours: str) -> str:
    pattern, seen = "", set()
    for text, name in parts:
        pattern += re.escape(text)
        if name:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{ours if name in WORDS else '.+?'})"
            seen.add(name)
    return pattern


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


@lru_cache(maxsize=4096)
def translated(sentence: str, catalogues: tuple[Path, ...]) -> str:
    """Return a sentence in the language of these catalogues; as it is where they do not have it."""
    return _loaded(catalogues).translate(sentence) or sentence


_loaded = lru_cache(maxsize=16)(load_sentences)
