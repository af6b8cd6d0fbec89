"""What the scanner looks for, in which languages, and how often it misses: the text of ``privacy-scan --explain``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .evidence import load_kinds
from .headings import languages
from .names import measured
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
    yield "Names of people found by their form alone, on names never seen in training, by language and country:"
    for locale, share in sorted(measured()["recall"].items()):
        yield f"  {locale}: {share:.0%}"
    yield "No scan proves that data is safe: what is listed here is what was looked for."
