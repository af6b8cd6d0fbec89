"""What the scanner looks for, in which languages, and how often it misses: the text of ``privacy-scan --explain``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .headings import languages
from .kinds import load_kinds
from .names import measured
from .ner import models
from .packs import Identifier, load_packs


def explanation(countries: Sequence[str] = ()) -> str:
    """Return the whole text for some countries, or for all."""
    return "\n".join([*_kinds(), "", *_packs(countries), "", *_languages(), "", *_recall()])


def _kinds() -> Iterator[str]:
    yield "Looked for in every table:"
    for kind in load_kinds().values():
        only = " (in tables with a row for each person)" if kind.people else ""
        yield f"  {kind.entity}: {kind.label}, {kind.sensitivity.value}{only}"


def _packs(countries: Sequence[str]) -> Iterator[str]:
    yield "Identifiers, by country pack (with the share of random values of that form that pass):"
    for pack in load_packs(countries):
        yield f"  {pack.code} {pack.name}: " + ", ".join(_identifier(each) for each in pack.identifiers)


def _identifier(identifier: Identifier) -> str:
    by = identifier.presidio or identifier.check or "format"
    return f"{identifier.entity} [{by}, {identifier.chance:.1%}]"


def _languages() -> Iterator[str]:
    yield "Headings are understood in: " + ", ".join(languages())


def _recall() -> Iterator[str]:
    figures = measured()
    yield "Names of people, by language; measured on names that no training has seen (docs/quality.md):"
    yield "  language (script): columns of names found / full names in single cells / other columns taken for names"
    for language, row in sorted(figures["names"].items(), key=lambda item: item[1]["columns of names"]):
        shares = f"{row['columns of names']:.0%} / {row['full name']:.0%} / {row['false columns']:.0%}"
        yield f"  {language} ({row['script']}): {shares}"
    yield "In sentences, by language: people found / of those found, people"
    for language, row in sorted(figures["sentences"].items()):
        if "PERSON" in row:
            yield f"  {language}: {row['PERSON']['recall']:.0%} / {row['PERSON']['precision']:.0%}"
    yield f"Language models that are installed and used beside it: {', '.join(models()) or 'none'}."
    yield "No scan proves that data is safe: what is listed here is what was looked for."
