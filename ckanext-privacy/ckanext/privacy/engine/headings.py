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
from typing import Any

from .documents import read_own
from .packs import load_packs
from .store import code_digest, kept

LEXICON = Path(__file__).with_name("lexicon") / "headings.yaml"

#: Words that join others and mean nothing by themselves.
LITTLE = frozenset(LEXICON.with_name("little_words.txt").read_text("utf-8").split())
SHORT_WORDS = LEXICON.with_name("short_words.yaml")
MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
#: Letters that Unicode takes for their own, and people write without their stroke.
STROKES = str.maketrans(
    {"ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "œ": "oe"}
)
CAMEL = re.compile(r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])|(?<=[A-Z])(?=[A-Z][a-z])")
#: Vowel signs and tone marks, which \w leaves out: the nine scripts of India have one plan, then Sinhala, Thai, Lao,
#: Burmese and Khmer.
SIGNS = "".join(
    f"{chr(block)}-{chr(block + 3)}{chr(block + 0x3A)}-{chr(block + 0x4F)}{chr(block + 0x55)}-{chr(block + 0x57)}"
    for block in range(0x900, 0xD80, 0x80)
) + (
    "\u0d81-\u0d83\u0dca-\u0ddf\u0df2\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd"
    "\u102b-\u103e\u1056-\u1059\u17b4-\u17d3"
)
TOKEN = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{SIGNS}])*|\d+|#(?!\w)")
#: Letters with points are one word: "T.C. Kimlik No", "D.N.I.".
INITIALS = re.compile(r"(?<![^\W\d_])(?:[^\W\d_]\.){2,}[^\W\d_]?(?![^\W\d_])")
#: The beginning of a longer word: "Staatsang.", "Direcc.".
CUT_SHORT = re.compile(r"[^\W\d_]{5,}(?=\.)")
#: Words that end in "name" in languages that write two words as one: what they name is in front.
NAMES_A_THING = re.compile(r"([^\W\d_]{3,})(?:naam|namn|navn|name)")
#: Words for a code; with a word of whom it stands for, `whose` in the lexicon, it is that person's: "paciente_id".
CODES = (
    "id",
    "uid",
    "uuid",
    "hash",
    "key",
    "code",
    "identificador",
    "identifiant",
    "codigo",
    "codice",
    "clave",
    "kode",
    "kod",
)
#: Scripts written without spaces: a phrase may stand anywhere.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


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
    """Phrases by their first word, those of unspaced scripts in one piece, and those that may be written as one word.

    ``single`` are those of one word, ``people`` words for people: a candidate, an owner.
    """

    spaced: dict[str, tuple[_Phrase, ...]]
    unspaced: tuple[tuple[str, _Phrase], ...]
    joined: dict[str, tuple[_Phrase, ...]]
    single: tuple[_Phrase, ...]
    people: frozenset[str]


def words_of(heading: str) -> tuple[str, ...]:
    """Cut a heading into plain lower-case words.

    >>> words_of("fechaDeNacimiento_2")
    ('fecha', 'nacimiento', '2')
    """
    words = all_words_of(heading)
    return tuple(word for word in words if word not in LITTLE) or words


def all_words_of(heading: str) -> tuple[str, ...]:
    """Cut a heading into words and keep the little ones; short words are written out.

    >>> all_words_of("T.C. Contact no.")
    ('tc', 'contact', 'number')
    """
    return tuple(_long_words().get(word, word) for word in _written_words(heading))


def _written_words(heading: str) -> tuple[str, ...]:
    parts = TOKEN.findall(CAMEL.sub(" ", _folded(heading)))
    return tuple(_stem(part.lower()) for part in parts)


def _folded(heading: str) -> str:
    text = MARKS.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", heading))).translate(STROKES)
    return INITIALS.sub(lambda match: match[0].replace(".", ""), text)


def _stem(word: str) -> str:
    """Without the plural's s, or the Arabic article."""
    if len(word) > 4 and word.startswith("ال"):
        return word[2:]
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


@lru_cache
def _long_words() -> dict[str, str]:
    """The word that each short one stands for, both as headings are read."""
    data = read_own(SHORT_WORDS)
    return {
        word: stands_for
        for long, shorts in data.items()
        for stands_for in _written_words(long)
        for short in shorts
        for word in _written_words(str(short))
    }


def meanings(heading: str) -> dict[str, Meaning]:
    """Say what a heading may mean, by entity."""
    found, denied = read_heading(heading)
    return {entity: meaning for entity, meaning in found.items() if entity not in denied}


def read_heading(heading: str) -> tuple[dict[str, Meaning], frozenset[str]]:
    """Say what a heading may mean, by entity, and of which entities it says that it means something else."""
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
    if "PERSON" not in found and (whose := _compound_name(heading, lexicon)) is not None:
        found |= {"PERSON": Meaning(strong=True, coverage=1.0)} if whose else {}
        denied |= set() if whose else {"PERSON"}
    return found, frozenset(denied)


def _compound_name(heading: str, lexicon: Lexicon) -> bool | None:
    """Whether words written as one end in "name", and of a person: "Kandidatenname" is, "scheepsnaam" is not."""
    matches = [match for word in words_of(heading) if (match := NAMES_A_THING.fullmatch(word))]
    if not matches:
        return None
    return any(not lexicon.people.isdisjoint({match[1], match[1][:-1], match[1][:-2]}) for match in matches)


def _all_matches(heading: str, lexicon: Lexicon) -> Iterator[tuple[_Phrase, float]]:
    words = words_of(heading)
    ways = dict.fromkeys((words, all_words_of(heading), _written_words(heading)))
    for way in ways:
        yield from _matches(way, lexicon)
    yield from _cut_short(heading, len(words), lexicon)


def _cut_short(heading: str, words: int, lexicon: Lexicon) -> Iterator[tuple[_Phrase, float]]:
    """A word that ends in a point may be the beginning of one that stands for a single entity."""
    for match in CUT_SHORT.finditer(_folded(heading)):
        start = _stem(match[0].lower())
        begun = [each for each in lexicon.single if each.words[0].startswith(start) and each.words[0] != start]
        if len({each.entity for each in begun}) == 1:
            yield begun[0], 1 / words


def _matches(words: tuple[str, ...], lexicon: Lexicon) -> Iterator[tuple[_Phrase, float]]:
    for index, word in enumerate(words):
        for phrase in lexicon.spaced.get(word, ()):
            if words[index : index + len(phrase.words)] == phrase.words:
                yield phrase, len(phrase.words) / len(words)
        for phrase in lexicon.joined.get(word, ()):
            yield phrase, 1 / len(words)
    text = "".join(words)
    if UNSPACED.search(text):
        yield from ((phrase, len(joined) / len(text)) for joined, phrase in lexicon.unspaced if joined in text)


@lru_cache
def load_lexicon(path: Path = LEXICON) -> Lexicon:
    """Read the lexicon once; its phrases, cut into words, are kept on disk."""
    texts = (path.read_text("utf-8"), SHORT_WORDS.read_text("utf-8"), " ".join(sorted(LITTLE)))
    known = kept(("phrases of headings", code_digest(), *texts), lambda: {"phrases": _as_lists(read_own(path))})
    phrases = (_Phrase(entity, kind, tuple(words)) for entity, kind, words in known["phrases"])
    spaced: dict[str, list[_Phrase]] = {}
    joined: dict[str, list[_Phrase]] = {}
    unspaced = []
    for phrase in phrases:
        if UNSPACED.search(phrase.words[0]):
            unspaced.append(("".join(phrase.words), phrase))
            continue
        spaced.setdefault(phrase.words[0], []).append(phrase)
        if len(phrase.words) > 1 and len("".join(phrase.words)) > 5:
            joined.setdefault("".join(phrase.words), []).append(phrase)
    single = tuple(phrase for phrases in spaced.values() for phrase in phrases if len(phrase.words) == 1)
    people = frozenset(phrase.words[0] for phrase in single if phrase.entity == "PERSON")
    return Lexicon(_frozen(spaced), tuple(unspaced), _frozen(joined), single, people)


def _as_lists(data: dict[str, dict[str, dict[str, list[str]]]]) -> list[Any]:
    """Every phrase once, in an order that does not change from run to run."""
    return sorted({(phrase.entity, phrase.kind, phrase.words) for phrase in _phrases(data)})


def _frozen(index: dict[str, list[_Phrase]]) -> dict[str, tuple[_Phrase, ...]]:
    return {word: tuple(phrases) for word, phrases in index.items()}


def _phrases(data: dict[str, dict[str, dict[str, list[str]]]]) -> Iterator[_Phrase]:
    for entity, kinds in data.items():
        for kind, languages in kinds.items():
            texts = [str(text) for phrases in languages.values() for text in phrases]
            yield from _of(entity, "words", _codes_of(texts)) if kind == "whose" else _of(entity, kind, texts)
    for identifier in (each for pack in load_packs() for each in pack.identifiers):
        yield from _of(identifier.kind, "words", identifier.heading)
        yield from _of(identifier.entity, "words", identifier.heading)
        yield from _of(identifier.entity, "weak", identifier.context)


def _codes_of(people: Iterable[str]) -> Iterator[str]:
    return (f"{first} {second}" for word in people for code in CODES for first, second in ((word, code), (code, word)))


def _of(entity: str, kind: str, texts: Iterable[str]) -> Iterator[_Phrase]:
    phrases = {words for text in texts for words in _phrase_words(str(text))}
    yield from (_Phrase(entity, kind, words) for words in phrases if words)


def _phrase_words(text: str) -> tuple[tuple[str, ...], ...]:
    """A phrase keeps its little words where it would be a single common word without them: contact no, born on.

    It counts as it was written, too, since "contactno" joins the short words.
    """
    words, every = words_of(text), all_words_of(text)
    return (every if len(words) == 1 < len(every) else words), _written_words(text)


def languages(path: Path = LEXICON) -> tuple[str, ...]:
    """Return the ISO codes of the languages whose headings are understood."""
    data = read_own(path)
    return tuple(sorted({language for kinds in data.values() for phrases in kinds.values() for language in phrases}))
