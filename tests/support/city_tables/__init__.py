"""Tables such as cities publish, made up from a seed: what each column holds is known, and nobody in them exists.

``tables.yaml`` says which columns there are and what each holds, ``people.yaml`` how people are called, and where they
live, in each country. ``kept.yaml`` and ``third.yaml`` have further tables, written later, ``sealed.yaml`` some that
nobody looked at while the scanner was mended.
"""

from __future__ import annotations

import csv
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.privacy.engine.packs import identifiers
from support.identifiers import valid

HERE = Path(__file__).parent
ROWS = 60
#: Countries that write as another does.
LIKE = {"pe": "co", "ar": "es", "cl": "mx"}
#: How a column is labelled that tells nothing of people, and one that may or may not.
NOTHING, OPEN = "-", "~"
TITLES = ("Mr", "Mrs", "Ms", "Dr")


@dataclass(frozen=True)
class MadeColumn:
    """What a column holds, an entity or NOTHING or OPEN, its heading and its cells."""

    holds: str
    heading: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class MadeTable:
    """A made-up table: ``people`` says which names it was made with."""

    name: str
    people: str
    columns: tuple[MadeColumn, ...]

    def write(self, folder: Path) -> Path:
        """Write the table as CSV."""
        path = folder / f"{self.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(column.heading for column in self.columns)
            out.writerows(zip(*(column.cells for column in self.columns), strict=True))
        return path


def made_tables(seed: int = 1, lot: str = "tables") -> list[MadeTable]:
    """Make every table of a lot: "tables", "kept", "third" or "sealed"."""
    data = yaml.safe_load((HERE / f"{lot}.yaml").read_text("utf-8"))
    return [_table(name, facts, seed) for name, facts in data.items()]


def _table(name: str, facts: dict[str, str], seed: int) -> MadeTable:
    lines = (line.split(" ; ") for line in facts["columns"].strip().splitlines())
    country, columns = facts["people"], []
    for holds, heading, recipe in lines:
        rng = random.Random(f"{seed} {name} {heading}")
        maker = Maker(rng, _people()[LIKE.get(country, country)])
        columns.append(MadeColumn(holds.strip(), heading, tuple(maker.make(recipe) for _ in range(ROWS))))
    return MadeTable(name, country, tuple(columns))


def maker_of(country: str, seed: int = 1) -> Maker:
    """Make single cells of a country."""
    return Maker(random.Random(f"{seed} {country}"), _people()[country])


def named_after_people() -> list[str]:
    """Countries of which it is known what is named after people there."""
    return [country for country, facts in _people().items() if "after" in facts]


@lru_cache
def _people() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((HERE / "people.yaml").read_text("utf-8"))


@dataclass
class Maker:
    """Makes cells by recipe: a word of :data:`RECIPES` and what it is told."""

    rng: random.Random
    facts: dict[str, Any]
    made: int = 0

    def make(self, recipe: str) -> str:
        """One cell."""
        word, _, rest = recipe.partition(" ")
        self.made += 1
        return RECIPES[word](self, rest)

    def one(self, what: str) -> str:
        """One of a country's words."""
        return str(self.rng.choice(self.facts[what]))

    def filled(self, pattern: str) -> str:
        """A pattern of a country's with names, words and numbers put into it."""
        given, surname = self.one("given"), self.one("surname")
        numbers = {"n": self.rng.randint(1, 240), "m": self.rng.randint(1, 19), "k": self.rng.randint(1, 99)}
        names = {"given": given, "given2": self.one("given"), "surname": surname, "surname2": self.one("surname")}
        marks = {"initial": self.rng.choice("ABCDEGLMRS"), "title": self.rng.choice(TITLES), "word": self.one("words")}
        return self.digits(pattern).format(SURNAME=surname.upper(), **names, **numbers, **marks)

    def name(self) -> str:
        """A full name as the country writes it."""
        return self.filled(self.facts["order"])

    def phone(self) -> str:
        """A telephone number of the country."""
        return self.digits(self.one("phone"))

    def street(self) -> str:
        """A street with the number of a house."""
        return self.filled(self.one("streets"))

    def text(self) -> str:
        """What somebody wrote to the city."""
        text = self.one("text").replace("{name}", self.name()).replace("{street}", self.street())
        return self.filled(text.replace("{phone}", self.phone()))

    def digits(self, pattern: str) -> str:
        """A digit for every #."""
        return "".join(self.rng.choice(string.digits) if char == "#" else char for char in pattern)

    def code(self, pattern: str) -> str:
        """A digit for every #, a letter for every @."""
        letters = (self.rng.choice(string.ascii_uppercase) if char == "@" else char for char in self.digits(pattern))
        return "".join(letters)

    def day(self, rest: str) -> str:
        """A day between two years, in a form of strftime."""
        first, last, *form = rest.split(" ", 2)
        start = date(int(first), 1, 1)
        days = (date(int(last), 12, 31) - start).days
        return (start + timedelta(self.rng.randint(0, days))).strftime(form[0] if form else "%Y-%m-%d")

    def time(self) -> str:
        """A time of day."""
        return f"{self.rng.randint(0, 23):02}:{self.rng.randint(0, 59):02}"

    def between(self, rest: str) -> tuple[int, int]:
        """Two bounds."""
        low, high = rest.split()
        return int(low), int(high)

    def either(self, rest: str) -> str:
        """One recipe in a share of the rows, another in the rest."""
        share, first, second = rest.split()
        return self.make(first if self.rng.random() < float(share) else second)

    def sometimes(self, rest: str) -> str:
        """A recipe in a share of the rows; the rest are empty."""
        share, recipe = rest.split(" ", 1)
        return self.make(recipe) if self.rng.random() < float(share) else ""

    def email(self) -> str:
        """An address at a provider that does not exist."""
        return f"{self.rng.choice('abcdefghjklmnprst')}{self.code('@@@@').lower()}{self.digits('##')}@mail.example.net"

    def number_of(self, entity: str) -> str:
        """A number that passes an identifier's own checks."""
        return self.rng.choice(valid(identifiers()[entity], ROWS))


RECIPES: dict[str, Callable[[Maker, str], str]] = {
    "full": lambda maker, _: maker.name(),
    "FULL": lambda maker, _: maker.name().upper(),
    "surnamefirst": lambda maker, _: maker.filled("{SURNAME} {surname2}, {given}"),
    "code-name": lambda maker, _: maker.filled("{SURNAME}*{given}/").upper(),
    "fill": lambda maker, rest: maker.filled(rest),
    "given": lambda maker, _: maker.one("given"),
    "GIVEN": lambda maker, _: maker.one("given").upper(),
    "surname": lambda maker, _: maker.one("surname"),
    "SURNAME": lambda maker, _: maker.one("surname").upper(),
    "district": lambda maker, _: maker.one("districts"),
    "company": lambda maker, _: maker.filled(maker.one("companies")),
    "street": lambda maker, _: maker.street(),
    "streetname": lambda maker, _: " ".join(maker.filled(maker.one("streets").split(",")[0]).split()),
    "text": lambda maker, _: maker.text(),
    "phone": lambda maker, _: maker.phone(),
    "email": lambda maker, _: maker.email(),
    "code": lambda maker, rest: maker.code(rest),
    "serial": lambda maker, _: str(maker.made),
    "const": lambda _, rest: rest,
    "choose": lambda maker, rest: maker.rng.choice(rest.split("|")),
    "int": lambda maker, rest: str(maker.rng.randint(*maker.between(rest))),
    "amount": lambda maker, rest: f"{maker.rng.uniform(*maker.between(rest)):.2f}",
    "date": lambda maker, rest: maker.day(rest),
    "datetime": lambda maker, _: (
        f"{maker.day('2023 2024')} {maker.rng.randint(0, 23):02}:{maker.rng.randint(0, 59):02}:00"
    ),
    "time": lambda maker, _: f"{maker.rng.randint(0, 23):02}:{maker.rng.randint(0, 59):02}",
    "lat": lambda maker, rest: f"{float(rest) + maker.rng.uniform(-0.1, 0.1):.6f}",
    "lon": lambda maker, rest: f"{float(rest) + maker.rng.uniform(-0.1, 0.1):.6f}",
    "hash": lambda maker, rest: "".join(maker.rng.choice("0123456789abcdef") for _ in range(int(rest))),
    "mix": lambda maker, rest: maker.either(rest),
    "some": lambda maker, rest: maker.sometimes(rest),
    "id": lambda maker, rest: maker.number_of(rest),
}
