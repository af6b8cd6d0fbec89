"""From evidence to verdict: what a column holds, seen together with the columns beside it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .attributes import counts_people, load_rules, measures_groups
from .echoes import find_echoes
from .evidence import Column, Evidence, find_names
from .findings import ColumnReport, EntityFinding, Sensitivity
from .headings import UNSPACED, words_of
from .kinds import called, general_of, kind_of
from .masking import mask
from .sentences import listed, say, to_say
from .shapes import FRACTION, TESTS

#: Confidence from which an entity is believed.
BELIEVED = 0.5
#: Entities that point at a person by themselves; a table with one has rows about people.
POINTERS = frozenset({"PERSON", "NATIONAL_ID", "DATE_OF_BIRTH", "YEAR_OF_BIRTH", "PERSON_ID"})
#: Entities that tell of people when two of them stand together.
TRAITS = frozenset(
    {
        *("AGE", "SEX", "HEALTH", "MARITAL_STATUS", "RELIGION", "CASTE_OR_ETHNICITY", "NATIONALITY", "HOUSEHOLD"),
        *("MIGRATION_STATUS", "SEXUAL_ORIENTATION", "PUBLIC_ASSISTANCE", "BIOMETRIC", "EDUCATION", "INCOME"),
        *("PLACE_OF_BIRTH", "CRIMINAL_RECORD", "POLITICAL_OPINION", "DEVICE_ID", "OCCUPATION", "HOUSEHOLD_SIZE"),
    }
)
#: What tables about groups are sorted by.
SORTED_BY = frozenset({"AGE", "SEX", "CASTE_OR_ETHNICITY", "EDUCATION", "NATIONALITY"})
#: What no animal has.
OF_PEOPLE_ONLY = frozenset(
    {"NATIONAL_ID", "RELIGION", "MARITAL_STATUS", "EDUCATION", "OCCUPATION", "INCOME", "HOUSEHOLD", "HOUSEHOLD_SIZE"}
)
#: What a register of schools or homes says of each of them.
OF_SCHOOLS = frozenset({"SEX", "AGE", "RELIGION", "EDUCATION"})
#: What the heading of a table of animals, or of plants, says of each of them.
OF_ANIMALS = frozenset({"SEX", "AGE", "DATE_OF_BIRTH", "YEAR_OF_BIRTH", "HEALTH", "CASTE_OR_ETHNICITY", "PHOTO"})
#: What each detector saw, as a clerk would say it.
SEEN = {
    "header": to_say("its name says so"),
    "pattern": to_say("the cells are written like it"),
    "checksum": to_say("check digits are right more often than by chance"),
    "names": to_say("the cells read like names"),
    "words": to_say("the cells are words for it"),
    "table": to_say("the columns beside it tell of people"),
    "text": to_say("its sentences speak of it"),
}
#: A pointer in a smaller share of a column is a finding, but does not make the table one about people.
RARE = 0.05
#: Share of a column from which it is one of numbers.
MOSTLY = 0.8
#: How to reach someone: an organisation has these, too.
CONTACTS = frozenset(
    {"EMAIL_ADDRESS", "PHONE_NUMBER", "STREET_ADDRESS", "SOCIAL_PROFILE", "HOUSEHOLD_COORDINATES", "USERNAME", "PHOTO"}
)
#: How a person alone is reached.
REACHED = frozenset({"EMAIL_ADDRESS", "PHONE_NUMBER", "USERNAME"})
#: So many columns on health make a table a health record, where every attribute is one of a patient.
HEALTH_RECORD = 3
#: Share of all columns that they must be, so that a few among fifty make none.
RECORD_SHARE = 0.08
#: Different contacts that one organisation has at most.
CONTACTS_EACH = 5
#: What the public may know of people in public office.
OF_OFFICE = frozenset({"PERSON", "SEX", "PHOTO", "SOCIAL_PROFILE", "USERNAME", "OCCUPATION", "EDUCATION"})
#: Web addresses, and numbers under which papers are cited.
CITED = re.compile(r"(?:https?://|www\.|doi:|10\.\d{4,}/)\S+", re.IGNORECASE)
#: A telephone number that begins as it is dialled, from home or from abroad.
DIALLED = re.compile(r"(?=(?:\D*\d){9,15}\D*$)(?:\+|00|0|\()\d?[\d ()./-]{7,20}\d")
#: Rows from which people would share an age.
DOZEN = 12
#: Confidence from which names are not those of places.
SURE_NAMES = 0.82
#: Years between the oldest and the youngest from which days beside names are days of birth.
LIVES = 30
EXAMPLES = 3


@dataclass(frozen=True)
class Setting:
    """What the table as a whole is about."""

    people: bool
    #: How many different organisations there are among its rows, 0..1; 0 where it is not about them.
    organisations: float
    office: bool
    #: Something in it points at each person: a name, a number.
    pointed: bool = False
    #: A column is about each of them, and not only a text that speaks of somebody.
    listed: bool = False
    #: Everyone in it is named as head of an organisation.
    heads: bool = False
    #: Its rows are animals or plants, whoever keeps or has seen them.
    animals: bool = False
    #: Its rows are places that are kept open, or kept up: who is named runs one, and does not live there.
    facilities: bool = False


def judge_columns(columns: Sequence[Column]) -> tuple[ColumnReport, ...]:
    """Give every column its report, in order."""
    _second_look(columns)
    _leave_to_organisations(columns)
    setting = _setting(columns)
    if setting.people:
        _spread_health(columns)
        _spread_text(columns)
    if setting.people or any("EMAIL_ADDRESS" in _believed(column) for column in columns):
        _read_without_headings(columns)
    return tuple(_report(column, setting) for column in columns)


def _second_look(columns: Sequence[Column]) -> None:
    """Beside a column of names a doubtful one is believed; given names alone, each once, are a word list."""
    named = [column for column in columns if "PERSON" in _believed(column)]
    told = set().union(*map(_believed, columns)) & (TRAITS | POINTERS | REACHED) - {"PERSON", "SEX"}
    # A first name and a last name in one row are somebody's.
    paired = sum(1 for column in named if "PERSON" in column.said and column.said["PERSON"].strong) > 1
    if named and not told and not paired and all(_is_word_list(column) for column in named):
        for column in named:
            del column.evidence["PERSON"]
        return
    if not told:
        named = _without_places(columns, named)
    for column in columns if named else ():
        if "PERSON" not in column.evidence and (found := find_names(column, beside_names=True)):
            column.add(found)
        elif _is_doubtful_number(column):
            column.add(Evidence("NATIONAL_ID", 0.6, ("header", "table"), column.profile.filled))
    find_echoes(columns, named)


def _without_places(columns: Sequence[Column], named: Sequence[Column]) -> list[Column]:
    """Beside coordinates, and nothing else of people, doubtful names are those of places."""
    if not any("COORDINATES" in column.said for column in columns):
        return list(named)
    doubtful = [column for column in named if column.evidence["PERSON"].confidence < SURE_NAMES]
    for column in doubtful:
        if "PERSON" in column.said and not column.said["PERSON"].strong:
            del column.evidence["PERSON"]
    return [column for column in named if "PERSON" in column.evidence]


def _is_doubtful_number(column: Column) -> bool:
    """Numbers of documents: beside names, of those who are named."""
    said, values = column.said.get("NATIONAL_ID"), column.values
    weak = said is not None and not said.strong and not column.evidence
    return weak and values.distinct > 0.5 and TESTS["identifier"](values) > MOSTLY


def _is_word_list(column: Column) -> bool:
    values = column.values
    unspaced = values.share(UNSPACED.search) > 0.5
    return len(values.real) >= 50 and values.distinct > 0.95 and values.words < 1.15 and not unspaced


def _spread_health(columns: Sequence[Column]) -> None:
    health = [column for column in columns if "HEALTH" in _believed(column)]
    if len(health) < max(HEALTH_RECORD, RECORD_SHARE * len(columns)):
        return
    for column in columns:
        if not column.evidence and not column.said and not _is_of_record(column) and _is_attribute(column):
            column.add(Evidence("HEALTH", 0.6, ("table",), column.profile.filled))


def _is_of_record(column: Column) -> bool:
    """Where the record comes from and who may use it, which is nobody's health."""
    return not load_rules().records.isdisjoint(words_of(column.profile.label)) or column.values.share(CITED) > MOSTLY


def _is_attribute(column: Column) -> bool:
    """A measure or a category, not a code that counts up, a date, or the same for all."""
    values = column.values
    if len(values.real) < 2 or values.date > MOSTLY:
        return False
    return values.category or (values.number > MOSTLY and values.distinct < 0.95)


def _spread_text(columns: Sequence[Column]) -> None:
    """Cells without a heading right of a text continue it where its delimiters were not quoted."""
    for left, column in itertools.pairwise(columns):
        if not column.profile.label and not column.evidence and "FREE_TEXT" in _believed(left):
            column.add(Evidence("FREE_TEXT", 0.6, ("table",), column.profile.filled))


def _read_without_headings(columns: Sequence[Column]) -> None:
    """Where rows are people and a column has no heading, its values tell: sexes, days of many decades, telephones."""
    for column in columns:
        if column.profile.label or column.evidence:
            continue
        if column.values.is_sex():
            column.add(Evidence("SEX", 0.6, ("table",), column.profile.filled))
        elif _spans_lives(column):
            column.add(Evidence("DATE_OF_BIRTH", 0.6, ("table",), column.profile.filled))
        elif column.values.share(DIALLED) > MOSTLY:
            column.add(Evidence("PHONE_NUMBER", 0.6, ("table",), column.profile.filled))


def _spans_lives(column: Column) -> bool:
    years = [int(found[0]) for value in column.values.real if (found := re.search(r"(?:19|20)\d\d", value))]
    return column.values.date > MOSTLY and bool(years) and max(years) - min(years) >= LIVES


def _setting(columns: Sequence[Column]) -> Setting:
    found = set().union(*(_believed(column) for column in columns))
    listed = any(_is_organisation(column) and not column.evidence for column in columns)
    named = [column for column in columns if POINTERS & _believed(column, RARE)]
    heads = listed and bool(named) and all(_names_heads(column) for column in named)
    animals = not found & OF_PEOPLE_ONLY and any("ANIMAL" in column.said for column in columns)
    each = max((column.values.distinct for column in columns if _is_organisation(column)), default=0.0)
    register = heads and each > MOSTLY and not _traits(columns) - OF_SCHOOLS
    told = not register and ((_is_of_traits(columns) and not animals) or _looks_like_people(columns))
    works = _is_of_works(columns, named, found)
    people = ((bool(named) and not heads) or told) and not works
    office = any("OFFICE" in column.said for column in columns)
    facilities = _is_of_facilities(columns, named, found)
    listed_each = told or any(_points(column) for column in named)
    return Setting(people, 0.0 if people else each, office, bool(named), listed_each, heads, animals, facilities)


def _points(column: Column) -> bool:
    """Whether each of its cells points at a person, as sentences that speak of one do not."""
    pointers = (each for each in column.evidence.values() if general_of(each.entity) in POINTERS)
    return any(each.confidence >= BELIEVED and each.detectors != ("text",) for each in pointers)


def _looks_like_people(columns: Sequence[Column]) -> bool:
    """Nothing has a heading: sexes beside days of many decades, or how to reach someone."""
    if any(column.profile.label for column in columns):
        return False
    reached = any({"EMAIL_ADDRESS", "PHONE_NUMBER"} & _believed(column) for column in columns)
    lives = any(_spans_lives(column) for column in columns)
    return any(column.values.is_sex() for column in columns) and (lives or reached)


def _traits(columns: Sequence[Column]) -> set[str]:
    """What only people have, where it is told of each of them: a national income per head is nobody's."""
    each = (column for column in columns if not measures_groups(column.profile.label, load_rules()))
    return set().union(*map(_believed, each)) & TRAITS


def _is_of_traits(columns: Sequence[Column]) -> bool:
    """Whether two things that only people have are told of each row, or one and what is noted of each of them."""
    traits = _traits(columns)
    if not traits or _aggregated(columns):
        return False
    noted = any({"EACH", "PERSON_ID"} & column.said.keys() - column.evidence.keys() for column in columns)
    return len(traits) >= 2 or (noted and not any(map(_is_balanced, columns)))


def _is_balanced(column: Column) -> bool:
    """Each sex, or each age, in as many rows as any other: there is a row for every group."""
    rows = set(column.values.real.values())
    grouped = bool(SORTED_BY & column.evidence.keys()) and column.values.category
    return grouped and len(rows) == 1 and column.profile.filled >= DOZEN


def _is_of_works(columns: Sequence[Column], named: Sequence[Column], found: set[str]) -> bool:
    """Whether everyone who is named has made something that the table lists: what is told is told of the works."""
    made = bool(named) and all("CREATOR" in column.said for column in named)
    return made and any("WORK" in column.said for column in columns) and not found & (REACHED | POINTERS - {"PERSON"})


def _names_heads(column: Column) -> bool:
    """Names of those who stand for an organisation by their office: the principal of a school."""
    return "OFFICE_HOLDER" in column.said and POINTERS & _believed(column, RARE) == {"PERSON"}


def _is_of_facilities(columns: Sequence[Column], named: Sequence[Column], found: set[str]) -> bool:
    """Whether everyone who is named keeps a place, or nobody is named and the place has opening hours."""
    if found & TRAITS:
        return False
    kept = all({"CARETAKER", "OFFICE_HOLDER"} & column.said.keys() for column in named)
    return kept and (bool(named) or any("FACILITY" in column.said for column in columns))


def _leave_to_organisations(columns: Sequence[Column]) -> None:
    """A number that people and companies have is a company's beside companies, where nothing else tells of people."""
    companies = [column for column in columns if _is_organisation(column) and "PERSON" not in _believed(column)]
    for column in columns:
        number = column.evidence.get("NATIONAL_ID")
        shared = "ORGANISATION" in map(general_of, column.said) and number and number.detectors == ("header",)
        if shared and any(company is not column for company in companies):
            del column.evidence["NATIONAL_ID"]
    if companies and set().union(*map(_believed, columns)) & (TRAITS | POINTERS) == {"PERSON_ID"}:
        for column in columns:
            column.evidence.pop("PERSON_ID", None)


def _is_organisation(column: Column) -> bool:
    # Running text that sounds like an organisation's is no list of organisations.
    return "ORGANISATION" in column.said or ("FREE_TEXT" not in column.said and column.kinds["organisation"] > 0.4)


def _believed(column: Column, share: float = 0.0) -> set[str]:
    """Entities believed to be in a column, in at least a share of its filled cells."""
    least = share * column.profile.filled
    return {
        general_of(each.entity)
        for each in column.evidence.values()
        if each.confidence >= BELIEVED and each.rows >= least
    }


def _aggregated(columns: Sequence[Column]) -> bool:
    """A table with a column that counts people has a row for a group, not for a person."""
    numeric = (column for column in columns if column.values.number > MOSTLY)
    sized = (column for column in numeric if "HOUSEHOLD_SIZE" not in column.evidence)
    counted = any(counts_people(column.profile.label, load_rules()) for column in sized)
    return counted or _is_scale_of_ages(columns) or any(_has_totals(column) for column in columns)


def _has_totals(column: Column) -> bool:
    """One of the ages or sexes is "all of them": rows are of groups."""
    if not SORTED_BY & column.said.keys() or not column.values.category:
        return False
    return any(load_rules().totals.intersection(words_of(value)) for value in column.values.real)


def _is_scale_of_ages(columns: Sequence[Column]) -> bool:
    """No age comes twice in a dozen rows, and nothing else tells who is of that age: there is a row for each age."""
    once = any(
        "AGE" in column.said
        and column.profile.filled >= DOZEN
        and column.values.distinct == 1.0
        and column.values.share(FRACTION) < 0.5
        for column in columns
    )
    return once and not any(column.values.is_sex() for column in columns)


def _report(column: Column, setting: Setting) -> ColumnReport:
    profile = column.profile
    found = sorted(_kept(column, setting), key=lambda each: -each.confidence)
    if not found:
        return ColumnReport(profile.name, profile.filled, False, Sensitivity.NONE, _why_not(column))
    grave = max((_grade(each, setting) for each in found), key=lambda level: level.rank)
    entities = tuple(_finding(column, each) for each in found)
    sensitive = grave is not Sensitivity.NONE
    return ColumnReport(profile.name, profile.filled, sensitive, grave, _why(found[0], setting), entities)


def _why(found: Evidence, setting: Setting) -> str:
    kind, seen = called(found.entity), listed([SEEN.get(each, each) for each in found.detectors])
    if kind_of(found.entity).sensitivity is Sensitivity.NONE:
        return say("Holds {kind}: they help to find people, together with other columns.", kind=kind)
    if _grade(found, setting) is kind_of(found.entity).sensitivity:
        return say("Holds {kind}: {seen}.", kind=kind, seen=seen)
    if setting.heads:
        return say("Holds {kind} who head an organisation, rated lower: {seen}.", kind=kind, seen=seen)
    return say("Holds {kind} in public office, rated lower: {seen}.", kind=kind, seen=seen)


def _why_not(column: Column) -> str:
    """Why a column is left alone, where something spoke for people at first."""
    believed = _believed(column)
    if "ORGANISATION" in believed:
        return say("Holds numbers of organisations, which are nobody's.")
    if believed & CONTACTS:
        return say("Holds what organisations or places are reached by, not people.")
    if believed:
        return say("Would tell of people if a row stood for a person, and here none does.")
    return say("Nothing about people was found.")


def _grade(evidence: Evidence, setting: Setting) -> Sensitivity:
    """What is known of people for their public office is less grave; what else is known of them is not."""
    official = (setting.office or setting.heads) and evidence.entity in OF_OFFICE
    return Sensitivity.LOW if official else kind_of(evidence.entity).sensitivity


def _kept(column: Column, setting: Setting) -> list[Evidence]:
    believed = (each for each in column.evidence.values() if each.confidence >= BELIEVED)
    kept = [each for each in believed if _is_about_people(each, column, setting)]
    # A country's number says more than "an identity number", of as many rows: most may fail a check that we know.
    special = {general_of(each.entity) for each in kept if general_of(each.entity) != each.entity}
    rows = {each.entity: each.rows for each in kept if each.entity in special}
    return [
        replace(each, rows=max(each.rows, rows.get(general_of(each.entity), 0)))
        for each in kept
        if each.entity not in special
    ]


def _is_about_people(evidence: Evidence, column: Column, setting: Setting) -> bool:
    if general_of(evidence.entity) == "ORGANISATION" or _is_of_a_place(evidence, column, setting):
        return False
    if evidence.entity == "SOCIAL_PROFILE" and (not setting.listed or _is_page_of_something(column)):
        return False
    if setting.animals and evidence.entity in OF_ANIMALS | {"HOUSEHOLD_COORDINATES"}:
        return False
    return setting.people or not kind_of(evidence.entity).people


def _is_page_of_something(column: Column) -> bool:
    """The page of a product, or of a contract, is no one's profile."""
    said = column.said.get("SOCIAL_PROFILE")
    return said is not None and said.coverage <= 0.5 and "PERSON" not in column.said


def _is_of_a_place(evidence: Evidence, column: Column, setting: Setting) -> bool:
    """What an organisation is reached by, where something happened, or where a well is that somebody keeps."""
    if evidence.entity not in CONTACTS:
        return False
    if "ORGANISATION" in column.said or _reaches_organisations(column, setting):
        return True
    if evidence.entity == "STREET_ADDRESS" and not setting.pointed and _is_of_an_event(column):
        return True
    # Beside opening hours, and nobody's name, a telephone is the library's.
    return setting.facilities and (not setting.people or evidence.entity == "HOUSEHOLD_COORDINATES")


def _is_of_an_event(column: Column) -> bool:
    """Where something happened, and not where somebody lives."""
    said = column.said.get("STREET_ADDRESS")
    return said is not None and not said.strong


def _reaches_organisations(column: Column, setting: Setting) -> bool:
    """An office has a few numbers. Hundreds beside three markets are those of the people who wrote in."""
    return setting.organisations * CONTACTS_EACH >= column.values.distinct and setting.organisations > 0


def _finding(column: Column, evidence: Evidence) -> EntityFinding:
    values = evidence.values or tuple(column.values.real)
    filled = column.profile.filled
    rows = min(evidence.rows, filled)
    return EntityFinding(
        entity=evidence.entity,
        confidence=round(evidence.confidence, 3),
        rows=rows,
        share=round(rows / filled, 4) if filled else 0.0,
        detectors=evidence.detectors,
        examples=tuple(dict.fromkeys(mask(value) for value in values[:EXAMPLES])),
        first_rows=evidence.first_rows,
    )
