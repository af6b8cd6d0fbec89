"""Confirmation: Presidio looks at the values that passed the prefilter, and chance is taken into account.

Values are grouped by the shape of what matched (``999-99-9999``, ``a@a.a``). A few distinct ones of every shape are
shown to Presidio, so that one rare e-mail address in a column of a million codes is still found. How many of a
shape pass is weighed against how many random strings of that shape would: one in ten for most check digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from .evidence import Column, Evidence
from .headings import all_words_of
from .light import import_presidio
from .packs import Identifier, Pack, identifiers, load_packs
from .prefilter import Prefilter, fold_text, prefilter_of
from .values import DATE

#: Distinct values of one shape, and of one column, that Presidio is shown.
OF_SHAPE, OF_COLUMN = 8, 80
#: Share of a column from which unproven numbers with the look of telephones are believed.
MOSTLY = 0.5

#: Share of chance findings that is put up with.
LUCK = 0.05
#: Kinds that may stand within a longer value.
WITHIN = frozenset({"EMAIL_ADDRESS", "PHONE_NUMBER"})

BEFORE = re.compile(r"(\w[./=_&%?-]?|/)$")
AFTER = re.compile(r"[./=_&%?-]?\w")
DECIMAL = re.compile(r"[-+]?\d+([.,]\d+)?%?|\d{1,3}([., ]\d{3})+([.,]\d+)?|-?\d{1,3}\.\d+[,; ]+-?\d{1,3}\.\d+")
TELEPHONE = re.compile(r"\+[\d ()./-]+|\(\d+\)[\d -]+|0\d+[ /-][\d -]+|\d+[ -]\d+[ -][\d -]+")


@dataclass
class _Shape:
    """Values of one shape: how many rows hold them, and which were flagged as what."""

    rows: int
    values: dict[str, int]
    shown: int = 0
    flagged: dict[str, list[str]] = field(default_factory=dict)

    def passing(self, entity: str) -> float:
        """Share of the values shown that were flagged."""
        return len(self.flagged.get(entity, ())) / self.shown if self.shown else 0.0


@dataclass(frozen=True)
class Confirmer:
    """Presidio with the recognizers of some country packs, and the prefilter that goes before it."""

    packs: tuple[Pack, ...]

    @cached_property
    def analyzer(self) -> Any:
        """The analyzer, built when the first value needs it."""
        return import_presidio().analyzer_of(self.packs)

    @cached_property
    def prefilter(self) -> Prefilter:
        """The prefilter over the patterns of every enabled recognizer."""
        recognizers = self.analyzer.registry.recognizers
        return prefilter_of(pattern.regex for each in recognizers for pattern in getattr(each, "patterns", ()))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the recognizers, for the report."""
        return tuple(each.name for each in self.analyzer.registry.recognizers)

    def confirm(self, column: Column) -> None:
        """Add to a column what Presidio confirms in it."""
        shapes = [_Shape(each.rows, each.values) for each in column.profile.candidates.values()]
        if not shapes:
            return
        context = list(all_words_of(column.profile.label))
        for shape in shapes:
            self._show(shape, context, max(2, OF_COLUMN // len(shapes)))
        for entity in {entity for shape in shapes for entity in shape.flagged}:
            for evidence in _weigh(entity, shapes, column):
                column.add(evidence)

    def _show(self, shape: _Shape, context: list[str], most: int) -> None:
        for value in islice(shape.values, min(most, OF_SHAPE)):
            shape.shown += 1
            for entity in self.flags(value, context):
                shape.flagged.setdefault(entity, []).append(value)

    def flags(self, value: str, context: Sequence[str] = ()) -> set[str]:
        """Return the entities Presidio flags in a value as it stands, or folded to ASCII digits."""
        entities = self._entities(value)
        texts = (value,) if value.isascii() else (value, fold_text(value))
        return {
            result.entity_type
            for text in texts
            for result in self.analyzer.analyze(text, "en", entities=entities, context=list(context))
            if _stands_alone(text, result)
        }

    def _entities(self, value: str) -> list[str]:
        # Telephone numbers take most of Presidio's time, and amounts and dates are none.
        skip = {"PHONE_NUMBER"} if (DECIMAL.fullmatch(value) and "." in value) or DATE.fullmatch(value) else set()
        return [each.entity for pack in self.packs for each in pack.identifiers if each.entity not in skip]


def _stands_alone(text: str, result: Any) -> bool:
    """Digits within a decimal, a path or a longer code are no number of their own."""
    if identifiers()[result.entity_type].kind in WITHIN:
        return True
    return not BEFORE.search(text[: result.start]) and not AFTER.match(text[result.end :])


@lru_cache
def confirmer_of(countries: tuple[str, ...] = ()) -> Confirmer:
    """Build the confirmer for some countries, or for all that have a pack."""
    return Confirmer(load_packs(countries))


def _weigh(entity: str, shapes: list[_Shape], column: Column) -> Iterator[Evidence]:
    """Believe an entity if its values are more than chance, or the heading says so, too."""
    identifier = identifiers()[entity]
    with_it = [shape for shape in shapes if entity in shape.flagged]
    rows = sum(shape.rows * shape.passing(entity) for shape in with_it)
    share = rows / column.profile.filled
    said = _says(column, identifier)
    values = tuple(value for shape in with_it for value in shape.flagged[entity])
    shown = sum(shape.shown for shape in with_it)
    lucky = _luck(identifier.chance, len(values), shown) > LUCK or _says_otherwise(column, share)
    confidence = _confidence(identifier, lucky, share, said, values)
    if confidence:
        detectors = ("header",) * said + ("checksum" if identifier.chance < 0.5 else "pattern",)
        first = sorted(shape.values[value] for shape in with_it for value in shape.flagged[entity])[:3]
        yield Evidence(entity, confidence, detectors, max(1, round(rows)), values, tuple(first))


def _luck(chance: float, passed: int, shown: int) -> float:
    """Probability that so many of the values shown pass by chance (upper tail of the binomial distribution)."""
    return sum(math.comb(shown, k) * chance**k * (1 - chance) ** (shown - k) for k in range(passed, shown + 1))


def _says_otherwise(column: Column, share: float) -> bool:
    return share < MOSTLY and any(meaning.strong for meaning in column.said.values())


def _says(column: Column, identifier: Identifier) -> bool:
    words = set(all_words_of(column.profile.label))
    return identifier.kind in column.said or bool(words.intersection(word.lower() for word in identifier.context))


def _confidence(identifier: Identifier, lucky: bool, share: float, said: bool, values: Sequence[str]) -> float:
    """0 when chance explains it."""
    if identifier.entity == "PHONE_NUMBER":
        return _phone_confidence(share, said, values)
    if said:
        return 0.9 if share >= 0.3 else 0.0 if identifier.chance > 0.3 else 0.7
    if identifier.alone and (identifier.chance == 0 or not lucky):
        return 0.95 if share >= MOSTLY else 0.7
    return 0.0


def _phone_confidence(share: float, said: bool, values: Sequence[str]) -> float:
    if said:
        return 0.9 if share > 0.2 else 0.6
    written = sum(1 for value in values if TELEPHONE.fullmatch(value.strip())) / len(values)
    return 0.8 if written > MOSTLY and share > MOSTLY else 0.0
