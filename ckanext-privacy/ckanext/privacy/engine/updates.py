"""What is new in an update against what was approved: the part of a policy that lets a nightly feed go by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .description import changed_words
from .findings import ColumnReport, FileReport, MetadataFinding, RiskReport, TableReport
from .kinds import called
from .sentences import say, to_say

#: So many changed fields are named in one sentence.
MOST_NAMED = 5
HIDDEN, SHOWN = to_say("{place} is hidden."), to_say("{place} is no longer hidden.")


@dataclass(frozen=True)
class AutomaticSettings:
    """When an update needs no person.

    `up_to`: the gravest outcome of its files that may still go by itself, once a person agreed to the same findings.
    `share_growth`: how much the share of a finding may rise (0..1). `row_change`: how much a table may grow or shrink,
    as a part of its approved rows. `changed_words`: whether words of the description that nobody approved may go out
    when nothing was found in them; no search knows every name in a text.
    """

    allowed: bool = True
    up_to: str = "two_stewards"
    share_growth: float = 0.02
    row_change: float = 0.5
    changed_words: bool = False


@dataclass(frozen=True)
class Evidence:
    """What is known of a release's content: reports and error counts by resource, findings in its description.

    `texts` are the description's own by place (:func:`texts_of`), for comparing only: they are never kept or shown.
    `addresses` are the places of those that say where a linked file is: what is there was scanned, wherever it is.
    `hosts` are the machines of the linked files, by resource: who keeps one can put another in its place.
    """

    files: Mapping[str, FileReport]
    metadata: tuple[MetadataFinding, ...] = ()
    quality_errors: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    addresses: frozenset[str] = frozenset()
    hosts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """What goes beyond what was approved, in one sentence, and the places of the description that it quotes."""

    sentence: str
    fields: tuple[str, ...] = ()


def differences(now: Evidence, approved: Evidence, settings: AutomaticSettings) -> tuple[Difference, ...]:
    """Say what in `now` goes beyond what was `approved`; empty when nothing does."""
    return tuple(dict.fromkeys(_differences(now, approved, settings)))


def words_beyond(now: Evidence, approved: Evidence, settings: AutomaticSettings) -> Difference | None:
    """Say which fields of the description hold words that were not `approved`; None when none does, or none matters."""
    changed = () if settings.changed_words else changed_words(now.texts, approved.texts, now.addresses)
    if not changed:
        return None
    named = ", ".join(f'"{place}"' for place in changed[:MOST_NAMED])
    sentence = say("Words of the description are not the approved ones, in {fields}.", fields=named)
    if len(changed) > MOST_NAMED:
        sentence = say("Words of the description are not the approved ones, in {fields} and others.", fields=named)
    return Difference(sentence, changed[:MOST_NAMED])


def _differences(now: Evidence, approved: Evidence, settings: AutomaticSettings) -> Iterator[Difference]:
    for key, report in now.files.items():
        name = report.file.name
        before = approved.files.get(key)
        if before is None:
            yield Difference(say("{name}: the file is new.", name=name))
            continue
        if now.hosts.get(key) not in (None, approved.hosts.get(key)):
            yield Difference(say("{name}: the link leads to another host than approved.", name=name))
        for sentence in _file_differences(report, before, settings):
            yield Difference(say("{name}: {sentence}", name=name, sentence=sentence))
        if now.quality_errors.get(key, 0) > approved.quality_errors.get(key, 0):
            yield Difference(say("{name}: its tables have more errors than the approved ones.", name=name))
    known = {(approved.texts.get(finding.field), finding.entity) for finding in approved.metadata}
    for finding in now.metadata:
        # The same kind of thing in other words is another person's.
        if (now.texts.get(finding.field), finding.entity) not in known:
            field = finding.field
            new = say('The description\'s field "{field}" holds something new about people.', field=field)
            yield Difference(new, (field,))


def _file_differences(now: FileReport, approved: FileReport, settings: AutomaticSettings) -> Iterator[str]:
    is_same = now.file.sha256 and now.file.sha256 == approved.file.sha256
    if now.held and not is_same:
        yield say("a part of the file could not be looked at.")
    if len(now.tables) != len(approved.tables):
        tables = {"now": len(now.tables), "before": len(approved.tables)}
        yield say("it has {now} tables; {before} were approved.", **tables)
        return
    for table, before in zip(now.tables, approved.tables, strict=True):
        yield from _table_differences(table, before, settings)


def _table_differences(now: TableReport, approved: TableReport, settings: AutomaticSettings) -> Iterator[str]:
    place = say('table "{table}"', table=now.name)
    if [column.name for column in now.columns] != [column.name for column in approved.columns]:
        yield say("{place} has other columns than approved.", place=place)
        return
    if now.hidden != approved.hidden:
        yield say(HIDDEN if now.hidden else SHOWN, place=place)
    if abs(now.rows - approved.rows) > settings.row_change * max(approved.rows, 1):
        yield say("{place} has {now} rows; {before} were approved.", place=place, now=now.rows, before=approved.rows)
    for column, before in zip(now.columns, approved.columns, strict=True):
        yield from _column_differences(column, before, settings)
    for sentence in _risk_differences(now.risk, approved.risk):
        yield say("{place}: {sentence}", place=place, sentence=sentence)


def _column_differences(now: ColumnReport, approved: ColumnReport, settings: AutomaticSettings) -> Iterator[str]:
    if now.sensitivity.rank > approved.sensitivity.rank:
        yield say('column "{column}" is graver than approved.', column=now.name)
    shares = {found.entity: found.share for found in approved.entities}
    for found in now.entities:
        known = {"column": now.name, "what": called(found.entity)}
        if found.entity not in shares:
            yield say('column "{column}" holds {what}, which it did not hold before.', **known)
        elif found.share > shares[found.entity] + settings.share_growth:
            yield say('column "{column}" holds {what} in a larger share of its rows than approved.', **known)


def _risk_differences(now: RiskReport, approved: RiskReport) -> Iterator[str]:
    if now.k is not None and (approved.k is None or now.k < approved.k):
        yield say("its smallest group of equal people has {rows} rows, fewer than approved.", rows=now.k)
    if (now.sample_uniques or 0) > (approved.sample_uniques or 0):
        yield say("{rows} rows are the only ones of their kind, more than approved.", rows=now.sample_uniques)
    if _small_groups(now) > _small_groups(approved):
        yield say("it has more small groups or counts than approved.")
    known = {(each.rule, each.columns) for each in approved.combinations}
    if any((each.rule, each.columns) not in known for each in now.combinations):
        yield say("it has columns that point at people together, which it did not have before.")
    diversity = {each.column: each.l for each in approved.l_diversity}
    if any(each.l < diversity.get(each.column, each.l + 1) for each in now.l_diversity):
        yield say("a sensitive column has fewer different values within a group than approved.")


def _small_groups(risk: RiskReport) -> int:
    return sum(cell.groups for cell in risk.small_cells)
