"""Finds all texts anew, updates and compiles every language, prints what is missing. Run by `make translations`.

Babel does the work. Ours is only which folders, which languages, and CKAN's plural rules: flask-babel reads all
catalogues of a language by the rule of the one it loads last, so all must count alike.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ckan
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from ckanext.privacy.translation import SENTENCE

ROOT = Path(__file__).resolve().parent.parent
#: The languages of the interface beside English, by the names of CKAN's folders.
LANGUAGES = ("es", "pt_BR", "pt_PT", "fr", "ar", "hi", "mr", "zh_Hans_CN", "it", "nl", "ca")
CKAN_TEXTS = Path(ckan.__file__).parent / "i18n"
#: CKAN's own texts, in the languages that CKAN lacks.
CORE = ROOT / "ckanext-communitydata/ckanext/communitydata/core_i18n"
#: The functions that make what reports say, whose templates are kept apart from the texts of pages.
SAYING = {"say": None, "to_say": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{[^{}]*\}")


@dataclass(frozen=True)
class Texts:
    """The folder of a package and the name its catalogues go by."""

    folder: Path
    domain: str

    @property
    def template(self) -> Path:
        """The list of all texts."""
        return self.folder / "i18n" / f"{self.domain}.pot"

    def language(self, name: str) -> Path:
        """The texts in a language."""
        return self.folder / "i18n" / name / "LC_MESSAGES" / f"{self.domain}.po"


PACKAGES = (
    Texts(ROOT / "ckanext-communitydata/ckanext/communitydata", "ckanext-communitydata"),
    Texts(ROOT / "ckanext-privacy/ckanext/privacy", "ckanext-privacy"),
    Texts(ROOT / "harvesters", "ckanext-city_portals"),
)


def load(path: Path, language: str | None = None) -> Catalog:
    """A catalogue from its file; an empty one in that language where there is no file yet."""
    if not path.exists():
        return Catalog(locale=language, project="ckan-community-suite", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def extract(package: Texts) -> Catalog:
    """All texts of a package as they stand in the code; places are kept for scripts only, where CKAN needs them."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog(project=package.domain, copyright_holder="the authors of ckan-community-suite")
    for keywords, kind in ((DEFAULT_KEYWORDS, None), (SAYING, SENTENCE)):
        for name, line, message, comments, context in extract_from_dir(
            package.folder, methods, options, keywords, ("TRANSLATORS:",), strip_comment_tags=True
        ):
            if kind and name.endswith((".html", ".js")):
                continue
            places = [(name, line)] if name.endswith(".js") else []
            found.add(message, None, places, auto_comments=comments, context=kind or context)
    return found


def ids(catalog: Catalog) -> set[object]:
    """The texts of a catalogue, each as its context and identifier."""
    return {(message.context, message.id) for message in catalog if message.id}


def plural_forms(language: str) -> str | None:
    """CKAN's rule for a language; None where CKAN lacks it and Babel's rule holds."""
    path = CKAN_TEXTS / language / "LC_MESSAGES" / "ckan.po"
    return dict(load(path).mime_headers)["Plural-Forms"] if path.exists() else None


def count_alike(catalog: Catalog, language: str) -> None:
    """Give a catalogue CKAN's plural rule, and each text as many forms as that rule has: the last one is repeated."""
    rule = plural_forms(language)
    if rule:
        catalog.mime_headers = [("Plural-Forms", rule)]
    for message in catalog:
        if message.id and message.pluralizable and message.string and any(message.string):
            forms = [form for form in message.string if form]
            message.string = tuple((forms + forms[-1:] * catalog.num_plurals)[: catalog.num_plurals])


def untranslated(catalog: Catalog) -> Iterator[Message]:
    """The texts that a reader would see in English."""
    for message in catalog:
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and (message.fuzzy or not all(strings)):
            yield message


def broken(catalog: Catalog) -> Iterator[Message]:
    """Translations that lose, add or misspell a placeholder; a dual may leave out the number."""
    skipped = {message.id for message in untranslated(catalog)}
    for message in catalog:
        if not message.id or message.id in skipped:
            continue
        originals = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        wanted = set(PLACEHOLDER.findall(originals[-1]))
        given = [set(PLACEHOLDER.findall(text)) for text in strings]
        if given[-1] != wanted or any(not found <= wanted for found in given):
            yield message


def save(catalog: Catalog, path: Path) -> None:
    """Write a catalogue as text and, unless it is the template, compiled beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, sort_output=True, ignore_obsolete=True, omit_header=False)
    if path.suffix == ".po":
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)


def update(package: Texts) -> None:
    """Bring the template and all languages of a package up to date, and print how much of each is missing."""
    template = extract(package)
    before = load(package.template)
    if ids(before) == ids(template):
        template.creation_date = before.creation_date
    save(template, package.template)
    for language in LANGUAGES:
        catalog = load(package.language(language), language)
        catalog.update(template, no_fuzzy_matching=True)
        count_alike(catalog, language)
        save(catalog, package.language(language))
        missing, wrong = len(list(untranslated(catalog))), len(list(broken(catalog)))
        sys.stdout.write(f"{package.domain} {language}: {missing} of {len(ids(catalog))} missing, {wrong} broken\n")


def main() -> None:
    """All packages, then CKAN's own texts."""
    for package in PACKAGES:
        update(package)
    for path in sorted(CORE.glob("*/LC_MESSAGES/ckan.po")):
        catalog = load(path, path.parts[-3])
        save(catalog, path)
        sys.stdout.write(f"ckan {path.parts[-3]}: {len(ids(catalog))} texts, {len(list(broken(catalog)))} broken\n")


if __name__ == "__main__":
    main()
