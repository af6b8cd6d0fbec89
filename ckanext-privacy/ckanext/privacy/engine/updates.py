"""What is new in an update against what was approved: the part of a policy that lets a nightly feed go by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .findings import ColumnReport, FileReport, MetadataFinding, RiskReport, TableReport


@dataclass(frozen=True)
class AutomaticSettings:
    """When an update needs no person.

    `up_to`: the gravest outcome of its files that may still go by itself, once a person agreed to the same findings.
    `share_growth`: how much the share of a finding may rise (0..1). `row_change`: how much a table may grow or shrink,
    as a part of its approved rows.
    """

    allowed: bool = True
    up_to: str = "two_stewards"
    share_growth: float = 0.02
    row_change: float = 0.5


@dataclass(frozen=True)
class Evidence:
    """What is known of a release's content: reports and error counts by resource, findings in its description."""

    files: Mapping[str, FileReport]
    metadata: tuple[MetadataFinding, ...] = ()
    quality_errors: Mapping[str, int] = field(default_factory=dict)


def differences(now: Evidence, approved: Evidence, settings: AutomaticSettings) -> tuple[str, ...]:
    """Say, in one sentence each, what in `now` goes beyond what was `approved`; empty when nothing does."""
    return tuple(dict.fromkeys(_differences(now, approved, settings)))


def _differences(now: Evidence, approved: Evidence, settings: AutomaticSettings) -> Iterator[str]:
    for key, report in now.files.items():
        name = report.file.name
        before = approved.files.get(key)
        if before is None:
            yield f"{name}: the file is new."
            continue
        for sentence in _file_differences(report, before, settings):
            yield f"{name}: {sentence}"
        if now.quality_errors.get(key, 0) > approved.quality_errors.get(key, 0):
            yield f"{name}: its tables have more errors than the approved ones."
    known = {(finding.field, finding.entity) for finding in approved.metadata}
    for finding in now.metadata:
        if (finding.field, finding.entity) not in known:
            yield f'The description\'s field "{finding.field}" holds something new about people.'


def _file_differences(now: FileReport, approved: FileReport, settings: AutomaticSettings) -> Iterator[str]:
    if now.held:
        yield "a part of the file could not be looked at."
    if len(now.tables) != len(approved.tables):
        yield f"it has {len(now.tables)} tables; {len(approved.tables)} were approved."
        return
    for table, before in zip(now.tables, approved.tables, strict=True):
        yield from _table_differences(table, before, settings)


def _table_differences(now: TableReport, approved: TableReport, settings: AutomaticSettings) -> Iterator[str]:
    place = f'table "{now.name}"'
    if [column.name for column in now.columns] != [column.name for column in approved.columns]:
        yield f"{place} has other columns than approved."
        return
    if now.hidden != approved.hidden:
        yield f"{place} is {'hidden' if now.hidden else 'no longer hidden'}."
    if abs(now.rows - approved.rows) > settings.row_change * max(approved.rows, 1):
        yield f"{place} has {now.rows} rows; {approved.rows} were approved."
    for column, before in zip(now.columns, approved.columns, strict=True):
        yield from _column_differences(column, before, settings)
    yield from (f"{place}: {sentence}" for sentence in _risk_differences(now.risk, approved.risk))


def _column_differences(now: ColumnReport, approved: ColumnReport, settings: AutomaticSettings) -> Iterator[str]:
    if now.sensitivity.rank > approved.sensitivity.rank:
        yield f'column "{now.name}" is graver than approved.'
    shares = {found.entity: found.share for found in approved.entities}
    for found in now.entities:
        what = found.entity.replace("_", " ").lower()
        if found.entity not in shares:
            yield f'column "{now.name}" holds {what}, which it did not hold before.'
        elif found.share > shares[found.entity] + settings.share_growth:
            yield f'column "{now.name}" holds {what} in a larger share of its rows than approved.'


def _risk_differences(now: RiskReport, approved: RiskReport) -> Iterator[str]:
    if now.k is not None and (approved.k is None or now.k < approved.k):
        yield f"its smallest group of equal people has {now.k} rows, fewer than approved."
    if (now.sample_uniques or 0) > (approved.sample_uniques or 0):
        yield f"{now.sample_uniques} rows are the only ones of their kind, more than approved."
    if _small_groups(now) > _small_groups(approved):
        yield "it has more small groups or counts than approved."
    known = {(each.rule, each.columns) for each in approved.combinations}
    if any((each.rule, each.columns) not in known for each in now.combinations):
        yield "it has columns that point at people together, which it did not have before."
    diversity = {each.column: each.l for each in approved.l_diversity}
    if any(each.l < diversity.get(each.column, each.l + 1) for each in now.l_diversity):
        yield "a sensitive column has fewer different values within a group than approved."


def _small_groups(risk: RiskReport) -> int:
    return sum(cell.groups for cell in risk.small_cells)
