"""Write sentences that name people, organisations and places, with the characters that do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from compose import HAN, Writer
from material import split_of

TEMPLATES: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("sentences.yaml").read_text("utf-8"))
LABEL_OF = {"p": "PERSON", "f": "PERSON", "l": "PERSON", "o": "ORGANIZATION", "c": "LOCATION", "s": "STREET_ADDRESS"}
SLOT = re.compile(r"\{(\w)\}")


@dataclass(frozen=True)
class Sentence:
    """A text, its language, and its marked characters: start, end, label."""

    text: str
    language: str
    marks: tuple[tuple[int, int, str], ...]


def templates_of(language: str, split: str) -> list[str]:
    """Templates of one split: those for the test are never trained on."""
    kept = "train" if split == "train" else "test"
    own = TEMPLATES.get(language, ())
    return [text for text in own if ("test" if _is_kept(text) else "train") == kept]


def _is_kept(template: str) -> bool:
    # A language with few templates needs them all for training; what is kept is every fifth of the others.
    return split_of(template) != "train" or split_of(template + "5") != "train"


def sentences(writer: Writer, templates: list[str], count: int) -> Iterator[Sentence]:
    """Fill templates with what the writer draws."""
    rng = writer.rng
    for _ in range(count if templates else 0):
        sentence = _filled(writer, rng.choice(templates))
        yield sentence if rng.random() > 0.16 else _recased(sentence, rng)


def _filled(writer: Writer, template: str) -> Sentence:
    text, marks, at = "", [], 0
    for slot in SLOT.finditer(template):
        text += template[at : slot.start()]
        piece = _piece(writer, slot[1])
        if label := LABEL_OF.get(slot[1]):
            marks.append((len(text), len(text) + len(piece), label))
        text += piece
        at = slot.end()
    return Sentence(text + template[at:], writer.language, tuple(marks))


def _piece(writer: Writer, kind: str) -> str:
    makers: dict[str, Callable[[Writer], str]] = {
        "p": _name,
        "o": _organisation,
        "c": lambda each: _short(each.place, each.rng),
        "w": lambda each: _short(each.word, each.rng),
        "s": lambda each: each.fill(each.pick("addresses")),
        "t": lambda each: each.pick("titles", extra=False),
        "e": lambda each: f"{each.first().lower().split()[0]}@example.org",
        "d": _date,
        "m": _telephone,
    }
    return makers[kind](writer) if kind in makers else writer.fill(f"{{{kind}}}")


def _date(writer: Writer) -> str:
    rng = writer.rng
    plain = f"{rng.randint(1, 28)}/{rng.randint(1, 12)}/{rng.randint(1950, 2026)}"
    return rng.choice([plain, "2014-03-02", "Monday", "March 3", "2019"])


def _telephone(writer: Writer) -> str:
    rng = writer.rng
    return f"+{rng.randint(1, 99)} {rng.randint(100, 999)} {rng.randint(1000000, 9999999)}"


def _name(writer: Writer) -> str:
    """A full name as sentences write it: without masks, lists and reversed order."""
    rng = writer.rng
    first, last = writer.first(), writer.last()
    if writer.language in HAN:
        return last + first
    forms = [f"{first} {last}", f"{first} {last}", f"{first} {last}", f"{first} {writer.last()} {last}",
             f"{first} {writer.first()} {last}", f"{first[0]}. {last}", f"{first} {writer.first()[0]}. {last}", first,
             f"{first}-{writer.first()} {last}"]  # fmt: skip
    return rng.choice(forms)


def _organisation(writer: Writer) -> str:
    rng = writer.rng
    if rng.random() < 0.25:
        return _short(writer.word, rng).title()
    return writer.fill(writer.pick("organisations"))


def _short(draw: Callable[[], str], rng: random.Random) -> str:
    """Draw until a text has few words; now and then in small letters."""
    text = draw()
    for _ in range(5):
        text = text if len(text.split()) <= 3 else draw()
    return text.lower() if rng.random() < 0.02 else text


def _recased(sentence: Sentence, rng: random.Random) -> Sentence:
    text = sentence.text.lower() if rng.random() < 0.6 else sentence.text.upper()
    return Sentence(text, sentence.language, sentence.marks) if len(text) == len(sentence.text) else sentence
