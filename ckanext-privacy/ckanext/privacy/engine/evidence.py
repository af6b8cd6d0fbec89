"""What speaks for an entity in one column, before the rest of the table is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .attributes import load_rules
from .headings import Meaning, all_words_of, read_heading
from .kinds import load_kinds
from .names import CLASSES, classify, shape_of
from .profile import ColumnProfile
from .shapes import TESTS
from .values import DATE, URL, YEARS, Values

#: Share of cells made of letters only from which the classifier is asked.
WORDED = 0.3
#: Probability from which a single value is taken for a name.
SURE = 0.6

#: Support for names, 0..1, that a column needs whose heading says nothing of them; and one where people lead so far.
UNSAID, LEADING, LEAD = 0.6, 0.48, 0.2
#: Words a name from which they are full names: one word alone is a place as often.
FULL = 1.8
NEVER = 1.1
#: Support that a few values need which come again and again: councillors, inspectors. Two or three are kinds of things.
OF_FEW, FEW = 0.85, 3

#: What a heading asks of someone whom it names: "complainant ethnicity".
ASKED = frozenset({"SEX", "AGE", "CASTE_OR_ETHNICITY", "RELIGION", "NATIONALITY", "EDUCATION", "MARITAL_STATUS"})

#: Life dates as encyclopaedias and museums write them: "born 1930" or "* 1852".
LIFE = re.compile(r"^(born|b\.|né|née|nato|nata|geb\.?|geboren|nacid[oa]|n\.|\*) ?.*\d{4}", re.IGNORECASE)

#: A person's initials: "J.M.", "A B".
INITIALS = re.compile(r"(?:[^\W\d_][. ]{1,2}){1,3}[^\W\d_]?\.?|[A-Z]{2,3}")

#: Share of a heading's words up to which it is a question that has more to ask.
QUESTION = 0.2
#: Shape of a name with the surname in capitals, before or after the given names.
SET_OFF = re.compile(r"A+,?[TI]+|[TI]+A+")
#: Share of cells from which a column is written in one way.
MOSTLY = 0.8

#: Tests of what is told of a person, and of what never differs from row to row.
OF_EACH = frozenset({"attribute", "category"})

#: What the pass over a table keeps dates under where the heading speaks of birth.
DATES = "#dates"


@dataclass(frozen=True)
class Evidence:
    """Why a column may hold an entity. ``values`` are those that show it, empty when the whole column does."""

    entity: str
    confidence: float
    detectors: tuple[str, ...]
    rows: int
    values: tuple[str, ...] = ()
    first_rows: tuple[int, ...] = ()


@dataclass
class Column:
    """A column with everything that is known about it."""

    profile: ColumnProfile
    values: Values
    said: dict[str, Meaning]
    #: Entities that the heading says the column is not.
    denied: frozenset[str] = frozenset()
    evidence: dict[str, Evidence] = field(default_factory=dict)

    @cached_property
    def kinds(self) -> dict[str, float]:
        """Mean probability of each of the classifier's classes over the sample; all zero for columns without words."""
        if self.values.letters < WORDED or self.values.share(_is_address_of_net) > WORDED:
            return dict.fromkeys(CLASSES, 0.0)
        return dict(zip(CLASSES, self._classified.mean(axis=0).tolist(), strict=True))

    @cached_property
    def named(self) -> tuple[str, ...]:
        """Values of the sample that are very probably names of people."""
        sure = self._classified[:, 0] > SURE
        return tuple(value for value, named in zip(self.values.real, sure, strict=True) if named)

    @cached_property
    def addressed(self) -> float:
        """Mean probability that a value is an address or a street, 0..1; digits do not matter."""
        return float(self._classified[:, [CLASSES.index("address"), CLASSES.index("street")]].sum(axis=1).mean())

    @cached_property
    def _classified(self) -> np.ndarray:
        cells = list(self.values.real)
        # One word in capitals is an acronym; one in nearly every cell is how surnames are set off: "BENNANI Salma".
        set_off = self.values.share(lambda value: SET_OFF.fullmatch(shape_of(value))) > MOSTLY
        return classify([" ".join(map(str.capitalize, cell.split())) for cell in cells] if set_off else cells)

    def add(self, evidence: Evidence) -> None:
        """Keep the stronger of two pieces of evidence, with the detectors of both."""
        known = self.evidence.get(evidence.entity)
        if known is None:
            self.evidence[evidence.entity] = evidence
            return
        best = max(known, evidence, key=lambda each: each.confidence)
        self.evidence[evidence.entity] = Evidence(
            evidence.entity,
            max(known.confidence, evidence.confidence),
            tuple(dict.fromkeys(known.detectors + evidence.detectors)),
            max(known.rows, evidence.rows),
            best.values or known.values or evidence.values,
            known.first_rows or evidence.first_rows,
        )


def _is_address_of_net(value: str) -> bool:
    """E-mail and web addresses are no words for the classifier."""
    return "@" in value or bool(URL.match(value))


def column_of(profile: ColumnProfile) -> Column:
    """Start a column with what its heading says and its cells bear out."""
    found, denied = read_heading(profile.label)
    said = {entity: meaning for entity, meaning in found.items() if entity not in denied}
    column = Column(profile, Values(profile.sample, profile.filled), said, denied)
    for evidence in _from_heading(column):
        column.add(evidence)
    if names := find_names(column):
        column.add(names)
    if column.values.share(LIFE.search) > 0.3:
        column.add(Evidence("DATE_OF_BIRTH", 0.8, ("pattern",), profile.filled))
    return column


def find_names(column: Column, beside_names: bool = False) -> Evidence | None:
    """Names of people, by the classifier and as far as the heading allows.

    ``beside_names`` says that another column surely holds names: a doubtful "last" is then its surname.
    """
    values, kinds = column.values, column.kinds
    if not values.real or values.words > 9 or values.length > 60 or "PERSON" in column.denied:
        return None
    if _asks_of_someone(column):
        return None
    meaning = column.said.get("PERSON")
    support = max(kinds["person"], len(column.named) / len(values.real))
    kinds_of_things = values.category and len(values.real) <= FEW
    needed = 0.3 if beside_names and meaning and not kinds_of_things else _needed(meaning, values, kinds)
    if support < needed:
        return None
    detectors = ("header", "names") if meaning else ("names",)
    confidence = min(0.99, 0.55 + 0.45 * support)
    return Evidence("PERSON", confidence, detectors, round(support * column.profile.filled), column.named)


def _asks_of_someone(column: Column) -> bool:
    """Whether the heading names someone only to say what it tells of them."""
    person = column.said.get("PERSON")
    asked = any(column.said[trait].strong for trait in ASKED & column.said.keys())
    return asked and person is not None and person.coverage <= 0.5


def _needed(meaning: Meaning | None, values: Values, kinds: dict[str, float]) -> float:
    """How sure the classifier must be: less where the heading speaks of names, more for a handful of values."""
    few = 0.15 if len(values.real) < 15 else 0.0
    full = values.words >= FULL
    # Where nothing else comes near, less will do: names of a people that the classifier knows little of.
    leads = full and kinds["person"] > LEAD + max(kinds[other] for other in CLASSES[1:])
    alone = LEADING if leads else UNSAID
    # One word of a long question, "is it rude to wake a passenger", asks for no name.
    if meaning is None or meaning.coverage <= QUESTION:
        return alone + few if not values.category else OF_FEW if full and len(values.real) > FEW else NEVER
    if meaning.strong:
        return 0.5 if _answers(values) else 0.1
    if values.category and len(values.real) <= FEW:
        return OF_FEW
    if kinds["place"] > kinds["person"] + 0.15 or meaning.coverage <= 0.5:
        return alone + few
    return 0.3


def _from_heading(column: Column) -> Iterator[Evidence]:
    if not column.values.real:
        return
    for entity, kind in load_kinds().items():
        meaning = column.said.get("COORDINATES" if entity == "HOUSEHOLD_COORDINATES" else entity)
        if meaning is None or (entity == "PERSON" and _names_something_else(column)):
            continue
        if not meaning.strong and not _is_of_births(entity, column) and not _is_of_addresses(entity, column):
            continue
        support = 0.0 if kind.values in OF_EACH and _is_key(column) else TESTS[kind.values](column.values)
        if support >= 0.4:
            confidence = round((0.5 + 0.4 * meaning.coverage) * min(1.0, 0.4 + support), 2)
            only_years = entity == "DATE_OF_BIRTH" and _only_years(column)
            held = "YEAR_OF_BIRTH" if only_years else entity
            yield Evidence(held, confidence, ("header",), round(support * column.profile.filled))


def _is_key(column: Column) -> bool:
    """Another number in every row, under a heading for a key: it says nothing of what it is the key of."""
    keyed = not load_rules().codes.isdisjoint(all_words_of(column.profile.label))
    return keyed and column.values.number > 0.8 and column.values.distinct > 0.95 and len(column.values.real) > FEW


def _is_of_births(entity: str, column: Column) -> bool:
    """Under "birth" dates are dates of birth; numbers are how many were born."""
    return entity == "DATE_OF_BIRTH" and column.values.date > 0.5


def _is_of_addresses(entity: str, column: Column) -> bool:
    """Where something is may be an address, if it reads like one."""
    return entity == "STREET_ADDRESS" and column.addressed > 0.5


def _only_years(column: Column) -> bool:
    """No cell of the sample is more than a year or decade, and no cell at all is a date."""
    if column.values.share(YEARS) < 1:
        return False
    dates = column.profile.found.get(DATES, {}).values()
    return not any(DATE.fullmatch(value.strip()) for each in dates for value in each.values)


def _names_something_else(column: Column) -> bool:
    """A heading may speak of a person where the cells hold organisations, or only yes and no, or it asks for more."""
    kinds, values = column.kinds, column.values
    if column.said["PERSON"].coverage <= QUESTION or _asks_of_someone(column):
        return True
    flags = _answers(values) and kinds["person"] < 0.5
    return (flags or kinds["organisation"] > 0.6) and values.share(INITIALS) <= WORDED


def _answers(values: Values) -> bool:
    """A few words that come again and again, as answers do: yes, no, unknown."""
    return len(values.real) <= FEW + 1 and values.length > 1 and values.distinct < 0.5
