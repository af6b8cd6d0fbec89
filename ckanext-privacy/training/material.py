"""Material to train the name classifier on: openly licensed lists, and forms generated from them.

Sources
    names       Faker's locale providers (MIT), and the CC0 list of common names by country of sigpwned,
                ``popular-names-by-country-dataset`` (two CSV files, given by path)
    places      the geocoding data of the phonenumbers library (Apache-2.0), CLDR territories through Babel (Unicode
                licence)
    words       CLDR names of languages, currencies, days, months and units through Babel, Faker's words and jobs (MIT),
                CKAN's own translations (AGPL-3.0)
    the rest    organisations, addresses and codes made from these by the patterns below
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import ckan
import yaml
from babel import Locale, localedata
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from faker import Faker
from phonenumbers.geodata import GEOCODE_DATA

PATTERNS = yaml.safe_load(Path(__file__).with_name("patterns.yaml").read_text("utf-8"))
#: Locale of Faker: how many names are drawn from it. Large countries weigh more.
LOCALES: dict[str, int] = PATTERNS["locales"]
TITLES: dict[str, list[str]] = PATTERNS["titles"]
ORGANISATIONS: dict[str, list[str]] = PATTERNS["organisations"]
STREETS: dict[str, list[str]] = PATTERNS["streets"]

Parts = tuple[list[str], list[str]]


class Words:
    """Places and ordinary words by language; ``pick`` draws one."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.places: dict[str, list[str]] = {}
        self.words: dict[str, list[str]] = {}
        for language, text in _geodata():
            self.places.setdefault(language, []).append(text)
        for language, text in _ordinary():
            self.words.setdefault(language, []).append(text)

    def place(self, language: str) -> str:
        """Draw a place name of the language, else an English one."""
        return self.rng.choice(self.places.get(language) or self.places["en"])

    def word(self, language: str) -> str:
        """Draw a word or short phrase of the language, else an English one."""
        return self.rng.choice(self.words.get(language) or self.words["en"])


def name_parts(locale: str, size: int = 1500) -> Parts:
    """Draw the distinct forenames and surnames of a locale."""
    fake = Faker(locale)
    fake.seed_instance(7)
    firsts = {fake.first_name() for _ in range(size)}
    lasts = {fake.last_name() for _ in range(size)}
    return sorted(firsts), sorted(lasts)


def names_by_country(folder: Path) -> dict[str, Parts]:
    """Read the CC0 lists: forenames and surnames by country, in local script and romanised."""
    parts: dict[str, Parts] = {}
    for index, name in enumerate(("common-forenames-by-country.csv", "common-surnames-by-country.csv")):
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for form in {row["Localized Name"], row["Romanized Name"]} - {"", None}:
                    script = "local" if form == row["Localized Name"] else "roman"
                    parts.setdefault(f"{row['Country']}-{script}", ([], []))[index].append(form)
    return {key: value for key, value in parts.items() if value[0] and value[1]}


def people(parts: Parts, language: str, rng: random.Random, count: int) -> Iterator[str]:
    """Write names as tables write them: full, reversed, initials, titles, capitals, one part alone."""
    firsts, lasts = parts
    for _ in range(count):
        first, other = rng.choice(firsts), rng.choice(firsts)
        last, second = rng.choice(lasts), rng.choice(lasts)
        title = rng.choice(TITLES.get(language, TITLES["en"]))
        forms = _forms((first, other, last, second), title, language)
        text = rng.choices([form for form, _ in forms], [weight for _, weight in forms])[0]
        yield rng.choices([text, text.upper(), text.lower()], [6, 3, 1])[0]


def _forms(names: tuple[str, str, str, str], title: str, language: str) -> list[tuple[str, float]]:
    first, other, last, second = names
    if language in {"zh", "ja", "ko"}:
        return [(last + first, 8), (f"{last} {first}", 1), (last, 0.3), (first, 1), (f"{last}\u3000{first}", 1)]
    return [
        (f"{first} {last}", 5), (f"{first} {other} {last}", 2), (f"{first} {last} {second}", 3),
        (f"{last}, {first}", 2),
        (f"{last} {first}", 2), (f"{last} {second} {first}", 1), (f"{first[0]}. {last}", 1),
        (f"{last}, {first[0]}.", 1),
        (f"{title} {first} {last}", 1), (f"{last}, {title} {first} {other}", 0.5), (first, 3), (last, 3),
        (f"{first} {other}", 1), (f"{last} {second}", 1), (f"{first} {last}, {other} {second}", 0.5),
        (f"{first}-{other} {last}".replace(" ", "-"), 0.4), (f"{first} {other[0]} {last}", 0.7),
    ]  # fmt: skip


def organisations(parts: Parts, language: str, words: Words, count: int) -> Iterator[str]:
    """Write organisations, many of them named after people."""
    templates = ORGANISATIONS.get(language, ORGANISATIONS["en"])
    for _ in range(count):
        yield _cased(_fill(words.rng.choice(templates), parts, language, words), words.rng)


def addresses(parts: Parts, language: str, words: Words, count: int) -> Iterator[str]:
    """Write street addresses."""
    templates = STREETS.get(language, STREETS["en"])
    for _ in range(count):
        yield _cased(_fill(words.rng.choice(templates), parts, language, words), words.rng)


def _fill(template: str, parts: Parts, language: str, words: Words) -> str:
    rng = words.rng
    first, last = rng.choice(parts[0]), rng.choice(parts[1])
    place, word = words.place(language), words.word(language)
    text = template.format(p=f"{first} {last}", f=first, l=last, c=place, w=word, n="\0")
    return re.sub("\0", lambda _match: str(rng.randint(1, 10 ** rng.randint(1, 4))), text)


def _cased(text: str, rng: random.Random) -> str:
    return text.upper() if rng.random() < 0.3 else text


def codes(rng: random.Random, count: int) -> Iterator[str]:
    """Write codes, dates, amounts and flags."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    for _ in range(count):
        size = rng.randint(1, 4)
        prefix = "".join(rng.choices(letters, k=size))
        number = rng.randint(0, 10**size)
        yield rng.choice(
            [prefix, f"{prefix}-{number}", f"{number}{prefix}", f"{prefix}{number}", str(number), f"{number}.{number}"]
        )


def _geodata() -> Iterator[tuple[str, str]]:
    seen = set()
    for texts in GEOCODE_DATA.values():
        for language, text in texts.items():
            for piece in {text, text.split(",")[0].split("/")[0]}:
                if (language, piece) not in seen:
                    seen.add((language, piece))
                    yield language, piece


def territories() -> Iterator[str]:
    """Yield countries and time-zone cities in every language of CLDR."""
    for locale in _locales():
        yield from locale.territories.values()
        yield from (zone["city"] for zone in locale.time_zones.values() if "city" in zone)


def _locales() -> Iterable[Locale]:
    return (Locale.parse(name) for name in PATTERNS["cldr"] if localedata.exists(name))


def _ordinary() -> Iterator[tuple[str, str]]:
    for locale in _locales():
        for names in (locale.languages, locale.currencies, locale.scripts):
            yield from ((locale.language, str(text)) for text in names.values())
        for kind in ("months", "days", "eras", "quarters"):
            yield from ((locale.language, text) for text in _leaves(getattr(locale, kind)))
        yield from ((locale.language, text) for text in _leaves(locale._data["unit_display_names"]))
    yield from _translations()
    for code in LOCALES:
        fake = Faker(code)
        fake.seed_instance(11)
        yield from ((code[:2], fake.job()) for _ in range(300))
        yield from ((code[:2], word) for word in fake.get_words_list())


def _leaves(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from _leaves(child)


def _strings(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        yield from (form for form in forms if form)


def _translations() -> Iterator[tuple[str, str]]:
    folder = Path(ckan.__file__).parent / "i18n"
    for path in sorted(folder.glob("*/LC_MESSAGES/ckan.mo")):
        language = path.parts[-3][:2]
        with path.open("rb") as file:
            catalogue = read_mo(file)
        for text in _strings(catalogue):
            plain = re.sub(r"<[^>]+>|[{%(][^ ]*", " ", text).strip()
            if plain and len(plain) < 300:
                yield language, plain
                yield from ((language, word) for word in plain.split() if len(word) > 3)
