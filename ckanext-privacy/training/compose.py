"""Write names, organisations, streets, addresses, places and things as the cells of tables hold them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from material import LANGUAGES, Material, Parts, split_of

PATTERNS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("compose.yaml").read_text("utf-8"))
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
#: Written without spaces between words, where a title follows the name.
HAN = frozenset({"zh", "zh-Hant", "ja", "ko"})
MASKS = "*xX•○"

Forms = Sequence[tuple[str, float]]


class Writer:
    """Writes texts of one language from the parts, places and words of one split."""

    def __init__(self, language: str, material: Material, split: str, rng: random.Random) -> None:
        self.language, self.rng = language, rng
        facts = LANGUAGES[language]
        self.style: str = facts.get("style", "western")
        self.write: str = facts.get("write", language)
        self.parts: Parts = material.split(language, split)
        self.list_of_places = _only(material.places, language, split)
        self.list_of_words = _only(material.words, language, split)

    def pick(self, kind: str, extra: bool = True) -> str:
        """Draw a pattern of the language, now and then one that every language may use."""
        known = PATTERNS[kind]
        own = known.get(self.write) or known["en" if self.language not in HAN else "zh"]
        shared = known.get("all") if extra and self.language not in HAN else None
        return self.rng.choice(shared if shared and self.rng.random() < 0.1 else own)

    def fill(self, pattern: str) -> str:
        """Put names, places, words and numbers into a pattern."""
        return re.sub(r"\{(\w)\}", lambda match: self._piece(match[1]), pattern)

    def _piece(self, kind: str) -> str:
        pick: dict[str, Callable[[], str]] = {
            "p": self.full,
            "f": self.first,
            "l": self.last,
            "c": self.place,
            "w": self.word,
            "n": lambda: str(self.rng.randint(1, 10 ** self.rng.randint(1, 4))),
            "a": lambda: self.rng.choice(LETTERS),
            "s": lambda: self.fill(self.pick("streets")),
        }
        return pick[kind]()

    def first(self) -> str:
        """Draw a forename."""
        return self.rng.choice(self.parts.firsts)

    def last(self) -> str:
        """Draw a surname."""
        return self.rng.choice(self.parts.lasts)

    def place(self) -> str:
        """Draw a place as it is listed."""
        return self.rng.choice(self.list_of_places)

    def word(self) -> str:
        """Draw a word or short phrase."""
        return self.rng.choice(self.list_of_words)

    def full(self) -> str:
        """Write a plain full name, for a street or school."""
        if self.style == "han":
            return self.last() + self.first()
        if self.style == "slavic":
            return self.rng.choice([f"{self.first()} {self.last()}", self.last()])
        return f"{self.first()} {self.last()}"

    def person(self) -> str:
        """Write a person in any of the ways of tables."""
        return self._drawn(self.full_forms() if self.rng.random() < 0.72 else self.short_forms())

    def full_person(self) -> str:
        """Write a person with two names or more."""
        return self._drawn(self.full_forms())

    def one_name(self) -> str:
        """Write a forename or surname alone, or one that is hidden in part."""
        return self._drawn(self.short_forms())

    def _drawn(self, forms: Forms) -> str:
        text = self.rng.choices([form for form, _ in forms], [weight for _, weight in forms])[0]
        return cased(text, self.rng)

    def short_forms(self) -> Forms:
        """A forename or surname alone, initials, a masked name."""
        first, last = self.first(), self.last()
        return [(first, 5), (last, 6), (f"{first} {last[0]}.", 1), (_masked(f"{first} {last}", self.rng), 1)]

    def full_forms(self) -> Forms:
        """The ways that the language's style knows."""
        makers = {
            "han": self._han,
            "iberian": self._iberian,
            "indian": self._indian,
            "arabic": self._arabic,
            "slavic": self._slavic,
            "malay": self._malay,
            "pinyin": self._pinyin,
            "dutch": self._dutch,
        }
        maker = makers.get(self.style)
        return maker() if maker else self._western()

    def _title(self) -> str:
        return self.pick("titles", extra=False)

    def _western(self) -> Forms:
        first, other, last, second, title = self.first(), self.first(), self.last(), self.last(), self._title()
        ending = self.rng.choice(PATTERNS["endings"]["en"])
        return [
            (f"{first} {last}", 8),
            (f"{first} {other} {last}", 2),
            (f"{last}, {first}", 3),
            (f"{last} {first}", 3),
            (f"{last}, {first} {other}", 1),
            (f"{last} {first} {other}", 1),
            (f"{first[0]}. {last}", 1),
            (f"{first[0]}. {other[0]}. {last}", 0.7),
            (f"{last} {first[0]}.", 0.5),
            (f"{last}, {first[0]}.", 0.7),
            (f"{first} {other[0]}. {last}", 1),
            (f"{first} {other[0]} {last}", 0.5),
            (f"{title} {first} {last}", 1.2),
            (f"{title} {last}", 0.6),
            (f"{last}, {title} {first}", 0.3),
            (f"{first} {last}-{second}", 0.6),
            (f"{first}-{other} {last}", 0.4),
            (f"{first} {last} {ending}", 0.3),
            (f"{first} {last}, {ending}", 0.2),
            (f"{first} & {other} {last}", 0.3),
            (f"{first} {last} and {other} {second}", 0.3),
            (f"{first} {last}, {other} {second}", 0.4),
            (f'{first} "{other}" {last}', 0.2),
            (f"{first} {last} ({second})", 0.2),
            (f"{first} {last}; {other} {second}", 0.2),
        ]

    def _iberian(self) -> Forms:
        first, other, last, second, title = self.first(), self.first(), self.last(), self.last(), self._title()
        little = self.rng.choice(PATTERNS["particles"]["iberian"])
        return [
            (f"{first} {last}", 5),
            (f"{first} {last} {second}", 5),
            (f"{first} {other} {last} {second}", 3),
            (f"{last} {second} {first}", 3),
            (f"{last} {second} {first} {other}", 2),
            (f"{last}, {first}", 2),
            (f"{last} {second}, {first}", 2),
            (f"{last} {first}", 1.5),
            (f"{first} {last} {little} {second}", 1),
            (f"{first} {little} {last}", 0.7),
            (f"{title} {first} {last}", 1),
            (f"{title} {first} {last} {second}", 0.7),
            (f"{first[0]}. {last}", 0.7),
            (f"{first[0]}. {other[0]}. {last} {second}", 0.4),
            (f"{last}, {first[0]}.", 0.4),
            (f"{first} {other} {last}", 2),
            (f"María {little} {first} {last}", 0.3),
            (f"{first} {last} y {second}", 0.4),
            (f"{first} {last[0]}. {second}", 0.2),
            (f"{last}-{second}, {first}", 0.3),
            (f"{first} {last}, {other} {second}", 0.3),
        ]

    def _dutch(self) -> Forms:
        first, other, last, second, title = self.first(), self.first(), self.last(), self.last(), self._title()
        little = self.rng.choice(PATTERNS["particles"]["dutch"])
        return [
            *self._western(),
            (f"{first[0]}.{other[0]}. {last}", 2),
            (f"{title} {first[0]}. {last}", 1),
            (f"{first} {little} {last}", 2),
            (f"{last}, {first[0]}.{other[0]}. {little}", 1),
            (f"{first[0]}. {little} {last}-{second}", 0.7),
            (f"{last}, {little} {first}", 0.5),
        ]

    def _indian(self) -> Forms:
        first, other, last, title, third = self.first(), self.first(), self.last(), self._title(), self.first()
        kin = (
            "s/o"
            if self.language.endswith("Latn")
            else {"hi": "पुत्र", "mr": "पुत्र", "ne": "को छोरा"}.get(self.language, "")
        )
        forms = [
            (f"{first} {last}", 8),
            (f"{first} {other} {last}", 4),
            (f"{last} {first}", 1),
            (f"{first} {other}", 2),
            (f"{title} {first} {last}", 2),
            (f"{title} {first} {other} {last}", 1),
            (f"{title} {first}", 0.5),
            (f"{last} {first} {other}", 1),
            (f"{last}, {first}", 0.5),
            (f"{first} {last} {other}", 0.5),
        ]
        if self.language.endswith("Latn"):
            relation = self.rng.choice(["s/o", "S/O", "d/o", "D/o", "w/o", "W/O", "c/o", "son of", "bin"])
            forms += [
                (f"{first[0]}. {last}", 1),
                (f"{first[0]}. {other[0]}. {third}", 1),
                (f"{first} {other[0]}", 1),
                (f"{first} {last} {relation} {other} {last}", 0.8),
                (f"{first[0]} {other}", 0.5),
                (f"{first} Kumar {last}", 0.8),
                (f"{first} Devi", 0.7),
                (f"{first} Begum", 0.3),
                (f"{first} Singh", 0.5),
                (f"Md. {first} {other}", 0.4),
                (f"{first} {relation} {other}", 0.5),
                (f"{first} Bai", 0.3),
            ]
        elif kin:
            forms.append((f"{first} {last} {kin} {other} {last}", 0.4))
        return forms

    def _arabic(self) -> Forms:
        first, other, third, last, title = self.first(), self.first(), self.first(), self.last(), self._title()
        latin = self.language.endswith("Latn")
        last = other if latin and self.rng.random() < 0.6 else last
        son, servant, the = ("bin", "Abdul", "Al-") if latin else ("بن", "عبد", "ال")
        return [
            (f"{first} {last}", 6),
            (f"{first} {other} {last}", 4),
            (f"{first} {other} {third} {last}", 4),
            (f"{first} {other}", 2),
            (f"{first} {son} {other} {last}", 1),
            (f"{title} {first} {last}", 1.5),
            (f"{first} {the}{last}", 1.5),
            (f"{first} {servant} {other} {last}", 0.5),
            (f"{last} {first}", 1),
            (f"{last}, {first}", 0.4),
        ]

    def _slavic(self) -> Forms:
        first, last, title = self.first(), self.last(), self._title()
        father = self.rng.choice(self.parts.fathers or self.parts.lasts)
        return [
            (f"{first} {last}", 5),
            (f"{last} {first} {father}", 5),
            (f"{first} {father} {last}", 2),
            (f"{last} {first}", 3),
            (f"{last} {first[0]}.{father[0]}.", 2),
            (f"{first[0]}.{father[0]}. {last}", 1.5),
            (f"{last} {first[0]}. {father[0]}.", 1),
            (f"{last}, {first}", 0.5),
            (f"{title} {last}", 0.4),
            (f"{first} {father}", 0.7),
            (f"{first[0]}. {last}", 0.6),
        ]

    def _malay(self) -> Forms:
        first, other, third, last, title = self.first(), self.first(), self.first(), self.last(), self._title()
        ending = self.rng.choice(PATTERNS["endings"]["id"])
        forms = [
            (f"{first} {other}", 4),
            (f"{first} {last}", 5),
            (f"{first} {other} {third}", 2),
            (f"{title} {first} {last}", 1),
        ]
        if self.language == "id":
            forms += [
                (f"{first} bin {other}", 0.7),
                (f"{first} binti {other}", 0.7),
                (f"{first} {last}, {ending}", 1),
                (f"{title} {first}", 1),
                (f"{first} {other[0]}.", 0.5),
            ]
        return forms

    def _pinyin(self) -> Forms:
        first, last = self.first(), self.last()
        forms = [(f"{last} {first}", 6), (f"{first} {last}", 3), (f"{last}, {first}", 1)]
        if self.language == "vi":
            other = self.rng.choice(["Văn", "Thị", "Minh", "Hữu", "Ngọc", "Van", "Thi"])
            forms += [(f"{last} {other} {first}", 6), (f"{last} {self.first()} {first}", 3)]
        return forms

    def _han(self) -> Forms:
        first, last, title = self.first(), self.last(), self._title() if self.language[:2] == "zh" else "様"
        hidden = self.rng.choice("*○○某OＯ")
        forms = [
            (last + first, 12),
            (f"{last}{first}{title}", 0.6),
            (f"{last}{title}", 0.4),
            (f"{last}{hidden}{first[-1]}", 0.5),
        ]
        if self.language in {"ja", "ko"}:
            forms += [(f"{last} {first}", 4), (f"{last}\u3000{first}", 2)]
        else:
            forms += [(f"{last} {first}", 0.5), (f"{last}某", 0.2), (f"{last}某某", 0.3), (f"{last}\u3000{first}", 0.5)]
            forms.append((f"{last}{first}、{self.last()}{self.first()}", 0.4))
        return forms

    def organisation(self) -> str:
        """Write an organisation, many named after people."""
        return cased(self.fill(self.pick("organisations")), self.rng)

    def street(self) -> str:
        """Write a street or square without a house number."""
        return cased(self.fill(self.pick("streets")), self.rng)

    def address(self) -> str:
        """Write a street with a house number."""
        return cased(self.fill(self.pick("addresses")), self.rng)

    def area(self) -> str:
        """Write a place, by its name alone or with what it is."""
        text = self.place() if self.rng.random() < 0.6 else self.fill(self.pick("places"))
        return cased(text, self.rng)

    def thing(self) -> str:
        """Write a word, phrase, product, trade, kind or title."""
        text = self.word() if self.rng.random() < 0.6 else self.fill(self.pick("things"))
        text = text.title() if self.rng.random() < 0.25 else text
        return cased(text, self.rng)


def _only(lists: dict[str, list[str]], language: str, split: str) -> list[str]:
    own = lists.get(language) or lists["en"]
    if len(own) < 300 and language not in HAN:
        own = own + lists["en"][::20]
    return [text for text in own if split_of(text) == split]


def cased(text: str, rng: random.Random) -> str:
    """Leave most texts as they are, put some in capitals or small letters, as tables do."""
    return rng.choices([text, text.upper(), text.lower()], [70, 22, 8])[0]


def _masked(name: str, rng: random.Random) -> str:
    sign = rng.choice(MASKS)
    many = rng.choice([0, 3, 4])
    return " ".join(word[0] + sign * (many or max(2, len(word) - 1)) for word in name.split())


def codes(rng: random.Random, count: int) -> Iterator[str]:
    """Write codes, dates, amounts and flags."""
    for _ in range(count):
        size = rng.randint(1, 4)
        prefix = "".join(rng.choices(LETTERS, k=size))
        number = rng.randint(0, 10 ** rng.randint(1, 7))
        yield rng.choice(
            [
                prefix,
                f"{prefix}-{number}",
                f"{number}{prefix}",
                f"{prefix}{number}",
                str(number),
                f"{number}.{number}",
                f"{prefix} {number}",
                f"{prefix}/{number}/{rng.randint(1990, 2030)}",
                f"{rng.randint(1, 28)}/{rng.randint(1, 12)}/2024",
                f"{prefix.lower()}_{number}",
                f"{number}-{number}",
                f"{number}%",
            ]
        )
