"""What is known of a table's columns before a row is read: which to find people by, which to protect, which count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .attributes import (
    Attribute,
    Rules,
    attribute_of,
    chosen_attribute,
    counts_people,
    heading_words,
    measures_groups,
    says,
)
from .findings import ColumnReport, Sensitivity
from .headings import meanings
from .packs import identifiers
from .settings import RiskSettings

#: A column says whose row it is when an identifier is in more than this share of it.
MOSTLY = 0.5
#: What is told of places as well: toilets have a sex, trees an age.
OF_PLACES_TOO = frozenset({"sex", "age"})


@dataclass(frozen=True)
class Roles:
    """What is known of a table's columns before a row is read."""

    reports: tuple[ColumnReport, ...]
    settings: RiskSettings
    rules: Rules

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """The attribute of each filled column that has one; what the settings name overrules what is suggested."""
        filled = (report for report in self.reports if report.rows)
        return {report.name: found for report in filled if (found := self._attribute(report))}

    def _attribute(self, report: ColumnReport) -> Attribute | None:
        heading, settings = heading_words(report.name), self.settings
        if heading in map(heading_words, settings.neither):
            return None
        found = attribute_of(report, self.rules)
        if heading in map(heading_words, settings.quasi_identifiers):
            return chosen_attribute(found, report.name, secret=False)
        if heading in map(heading_words, settings.secrets):
            return chosen_attribute(found, report.name, secret=True)
        # A literacy rate is no one's education.
        return None if not report.sensitive and measures_groups(report.name, self.rules) else found

    @cached_property
    def counts(self) -> tuple[str, ...]:
        """Columns whose heading says that they count people."""
        return tuple(report.name for report in self._plain if counts_people(report.name, self.rules))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Columns whose heading says that they measure a group: a rate, a mean."""
        return tuple(report.name for report in self._plain if measures_groups(report.name, self.rules))

    @property
    def _plain(self) -> Iterator[ColumnReport]:
        return (report for report in self.reports if not report.sensitive and report.name not in self.attributes)

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Columns that tell something to be protected."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.secret)

    @cached_property
    def person(self) -> str | None:
        """The column that says whose row it is, where there is one that is neither a name nor an attribute."""
        ranked = [
            (self.rules.persons.index(kind), report.name)
            for report in self.reports
            for found in report.entities
            if (kind := _kind(found.entity)) in self.rules.persons and found.share > MOSTLY
        ]
        return min(ranked)[1] if ranked else None

    def is_about_people(self) -> bool:
        """People whom the table does not already name openly, as it does councillors.

        One attribute of people alone, such as sex, also stands in tables about groups.
        """
        if any(report.sensitivity.rank >= Sensitivity.MODERATE.rank for report in self.reports):
            return True
        named_openly = any(report.sensitive for report in self.reports if report.name not in self.attributes)
        of_people = {each.name for each in self.attributes.values() if each.person}
        units = any(self._is_someones(each) for each in self.attributes.values() if each.unit)
        chosen = any(each.chosen for each in self.attributes.values())
        return chosen or (not named_openly and (len(of_people) > 1 or bool(of_people and units)))

    def _is_someones(self, unit: Attribute) -> bool:
        """A place for one sex, or of an age, is no person's; nor is an address where animals or plants live."""
        lone = {each.name for each in self.attributes.values() if each.person} <= OF_PLACES_TOO
        animals = any("ANIMAL" in meanings(report.name) for report in self.reports)
        return not lone or not (animals or unit.name == "coordinates")

    def tells_people_apart(self) -> bool:
        """Something in the table belongs to one person or home: it cannot be a table of counts."""
        if self.person or any(attribute.unit for attribute in self.attributes.values()):
            return True
        others = (report for report in self.reports if report.name not in self.attributes)
        return any(report.sensitivity.rank >= Sensitivity.HIGH.rank for report in others)

    def may_be_aggregate(self) -> bool:
        """Whether the headings allow that a row stands for a group."""
        return bool(self.counts or self.measures) and not self.tells_people_apart()


def may_matter(heading: str, settings: RiskSettings, rules: Rules) -> bool:
    """Whether a heading alone leads to expect that its column has an attribute, or says whose row it is."""
    words = heading_words(heading)
    if words in map(heading_words, (*settings.quasi_identifiers, *settings.secrets)):
        return True
    known = {*rules.persons, *(entity for attribute in rules.attributes for entity in attribute.entities)}
    by_phrase = any(says(words, attribute.headers) for attribute in rules.attributes)
    return by_phrase or not known.isdisjoint(map(_kind, meanings(heading)))


def _kind(entity: str) -> str:
    """A country's own number is a case of an identity number."""
    identifier = identifiers().get(entity)
    return identifier.kind if identifier else entity
