"""Identifiers that the heading names: do the cells bear it out, however they are written?

A number without check digits is an identity number only where the heading says so, and one with them may have lost its
leading zeros in a spreadsheet, carry its own name, or be partly masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .evidence import Column, Evidence
from .headings import Meaning
from .packs import Identifier, Pack, identifiers
from .prefilter import fold_text
from .shapes import FEW, SELDOM
from .writing import Form, form_of

#: Share of a column that must be written like an identifier with, and without, check digits.
PROVEN, WRITTEN = 0.3, 0.5
#: Chance up to which check digits prove something.
TELLING = 0.2
#: Zeros that a spreadsheet takes for nothing.
LOST_ZEROS = 3

#: The number's own name before it: "DNI: 12345678".
NAMED = re.compile(r"^[^\W\d_][^\W\d]{0,11}[.:#º°]*\s+[:#]?\s*(?=\S*\d)")
FLOAT = re.compile(r"(\d+)\.0+")
SIGNS = re.compile(r"[\s.\-/']")
#: Letters and digits, some replaced: "***.456.789-**", "XXXX XXXX 1234".
MASKED = re.compile(r"(?=.*\d.*\d)[\dA-Za-z .\-/]*([*#•●]{2,}|[Xx]{3,})[\dA-Za-z .\-/*#•●]*")


def find_headed(column: Column, packs: tuple[Pack, ...]) -> Iterator[Evidence]:
    """Yield the identifiers of some packs that the heading names and the cells are written like."""
    countries = {pack.code for pack in packs}
    for entity, meaning in column.said.items():
        identifier = identifiers().get(entity)
        if identifier and identifier.country in countries and identifier.presidio != "PhoneRecognizer":
            found = _borne_out(column, form_of(identifier), meaning)
            if found:
                yield found


def _borne_out(column: Column, form: Form, meaning: Meaning) -> Evidence | None:
    fitting = {value: rows for value, rows in column.values.real.items() if any(map(form.fits, _ways(value, form)))}
    share = sum(fitting.values()) / column.values.rows if column.values.rows else 0.0
    repeated = len(column.values.real) <= FEW and column.values.distinct < SELDOM
    confidence = _confidence(form.identifier, meaning, share, repeated)
    if not confidence and meaning.strong and column.values.share(MASKED) > WRITTEN:
        return Evidence(form.identifier.entity, 0.7, ("header", "pattern"), column.profile.filled)
    if not confidence:
        return None
    how = "checksum" if form.identifier.chance <= TELLING else "pattern"
    return Evidence(
        form.identifier.entity, confidence, ("header", how), round(share * column.profile.filled), tuple(fitting)
    )


def _confidence(identifier: Identifier, meaning: Meaning, share: float, repeated: bool) -> float:
    """0 when the cells are written otherwise; a few codes that come again and again are nobody's."""
    telling = identifier.chance <= TELLING
    if not telling and repeated:
        return 0.0
    if meaning.strong:
        return 0.9 if share >= (PROVEN if telling else WRITTEN) else 0.0
    # A word that only supports needs the whole heading, or check digits.
    if telling:
        return 0.85 if share >= WRITTEN else 0.0
    return 0.6 if meaning.coverage == 1 and share >= 0.8 and identifier.patterns else 0.0


def _ways(value: str, form: Form) -> Iterator[str]:
    """The value as it stands, and as it was before programs and people changed it."""
    whole = (value if value.isascii() else fold_text(value)).strip()
    yield whole
    text = NAMED.sub("", whole)
    text = FLOAT.sub(r"\1", text) if FLOAT.fullmatch(text) else text
    yield text
    bare = SIGNS.sub("", text)
    if bare != text:
        yield bare
    missing = form.identifier.digits - len(bare)
    if bare.isdigit() and 0 < missing <= LOST_ZEROS:
        yield bare.zfill(form.identifier.digits)
