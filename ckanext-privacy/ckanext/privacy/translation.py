"""What the engine says, in the reader's language.

Reports hold English sentences, filled in from templates (:mod:`ckanext.privacy.engine.sentences`). The templates stand
in the catalogues of our plugins, in the context ``sentence``. A sentence is read back by the template that fits it, the
one with the most words of its own first, and filled in again in the other language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    """A template of the engine with a value in it: what fits it, and what it is in another language."""

    pattern: re.Pattern[str]
    literal: int
    translated: str


@dataclass(frozen=True)
class Sentences:
    """What is said in one language: whole sentences and phrases by their English, and templates, most telling first."""

    whole: dict[str, str]
    templates: tuple[_Template, ...]

    def translate(self, sentence: str) -> str | None:
        """Return the sentence in this language; None where no template of ours fits, as with a city's own policy."""
        found = self.whole.get(sentence)
        if found:
            return found
        filled = list(self._filled(sentence))
        return max(filled, default=(0, None), key=lambda each: each[0])[1]

    def _filled(self, sentence: str) -> Iterator[tuple[float, str]]:
        """The sentence by each template that fits, with the share of its phrases that are translated as well."""
        for template in self.templates:
            match = template.pattern.fullmatch(sentence)
            if not match:
                continue
            values = match.groupdict()
            ours = {name: self.translate(value) for name, value in values.items() if name in WORDS}
            known = {name: value for name, value in ours.items() if value is not None}
            share = len(known) / len(ours) if ours else 1.0
            yield share, template.translated.format_map({**values, **known})
            if share == 1.0:
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
    templates.sort(key=lambda each: -each.literal)
    return Sentences({english: other for english, other in said.items() if "{" not in english}, tuple(templates))


def _template(english: str, translated: str) -> _Template:
    pattern, literal, seen = "", 0, set()
    for text, name, _, _ in Formatter().parse(english):
        pattern, literal = pattern + re.escape(text), literal + len(text)
        if name:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
            seen.add(name)
    return _Template(re.compile(pattern, re.DOTALL), literal, translated)


@lru_cache(maxsize=4096)
def translated(sentence: str, catalogues: tuple[Path, ...]) -> str:
    """Return a sentence in the language of these catalogues; as it is where they do not have it."""
    return _loaded(catalogues).translate(sentence) or sentence


_loaded = lru_cache(maxsize=16)(load_sentences)
