"""What was done to a file, in words that a person can read, sign and keep beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckanext.privacy.engine.findings import FileReport, TableReport

from .changes import Change
from .plan import TablePlan

if TYPE_CHECKING:
    from .apply import CleanReport, TableCleaning

#: What each action does, as it follows the column's name.
DONE = {
    "blank": "its cells were emptied",
    "mask": "letters and digits were covered",
    "redact": "what points at people was taken out of the text",
    "pseudonymise": "values were replaced by keyed pseudonyms, which stay data about people",
    "generalise_date": "dates were cut to a coarser unit",
    "generalise_number": "numbers were put into bands",
    "round_number": "numbers were rounded",
    "random_round": "counts were rounded at random",
    "generalise_place": "places were told less finely",
    "generalise_text": "values were put into groups",
    "generalise_code": "codes were cut to their first characters",
    "small_groups": "cells were emptied where too few people share them",
    "small_counts": "small counts were hidden",
}
#: What is done by rules for the whole table, which give their reason themselves.
RULES = frozenset({"small_groups", "small_counts"})


def statement(report: CleanReport) -> str:
    """The statement as Markdown. Holds no cell."""
    lines = [f"# What was done to {report.rescan.file.name}", ""]
    for table in report.tables:
        lines += [*_table(table, report), ""]
    if report.left_out:
        lines += [f"Left out of the cleaned file: {', '.join(report.left_out)}.", ""]
    if report.formulas:
        lines += [
            f"{report.formulas} cells begin with a sign that spreadsheets take for a formula. They were left as they "
            "are, since changing them would change the data; open the file as text where that matters.",
            "",
        ]
    lines += [*_outcome(report), "", "No scan proves that data is safe: a person should look at the result, too."]
    return "\n".join(lines) + "\n"


def _table(table: TableCleaning, report: CleanReport) -> Iterator[str]:
    yield f"## {table.name}"
    yield ""
    if table.dropped:
        yield "The whole table was left out."
        return
    dropped = f", {table.rows_dropped} rows were dropped" if table.rows_dropped else ""
    yield f"{table.rows} rows{dropped}. About {table.lost:.0%} of what the table told is lost."
    yield ""
    for column in table.columns_dropped:
        yield f"- **{column}** was removed.{_because(table.plan, column)}"
    for change in table.changes:
        why = "" if change.action in RULES else _because(table.plan, change.column)
        yield f"- **{change.column}**: {_done(change)}.{why}"
    yield ""
    yield from _crowd(table.name, report)


def _done(change: Change) -> str:
    unread = f"; {change.unreadable} could not be read and were emptied" if change.unreadable else ""
    values = f"{change.distinct_after} different values are left of {change.distinct_before}"
    return (
        f"{DONE[change.action]} ({change.changed} of {change.filled} cells{unread}; {values}; {change.lost:.0%} lost)"
    )


def _because(plan: TablePlan | None, column: str) -> str:
    why = next((step.why for step in (plan.steps if plan else ()) if column in step.columns), "")
    return f" {why}" if why else ""


def _crowd(name: str, report: CleanReport) -> Iterator[str]:
    """How many people look the same, before and after."""
    before, after = (_find(each, name) for each in (report.before, report.rescan))
    told = [
        f"{when}, the smallest group of people alike in {', '.join(table.risk.quasi_identifiers)} has {table.risk.k}"
        for when, table in (("Before", before), ("After", after))
        if table and table.risk.k
    ]
    if told:
        yield f"{'. '.join(told)}."


def _find(report: FileReport | None, name: str) -> TableReport | None:
    tables = report.tables if report else ()
    visible = [table for table in tables if not table.hidden]
    named = next((table for table in visible if table.name == name), None)
    return named or (visible[0] if len(visible) == 1 else None)


def _outcome(report: CleanReport) -> Iterator[str]:
    if report.before:
        yield f"Outcome of the scan before: {report.before.outcome.value.replace('_', ' ')}."
    yield f"Outcome of the scan of the cleaned file: {report.rescan.outcome.value.replace('_', ' ')}."
