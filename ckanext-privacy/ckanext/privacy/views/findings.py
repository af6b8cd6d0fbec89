"""Turns scan reports into rows that people read: one a column, worst first. Plain functions over plain dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.findings import Sensitivity
from ckanext.privacy.said import said
from ckanext.privacy.views import risk_words, words

Json = Mapping[str, Any]


def tables(report: Json | None, *, everything: bool) -> list[dict[str, Any]]:
    """Return the tables of a report with their columns as rows; only columns about people unless ``everything``."""
    return [
        {
            "name": table["name"],
            "hidden": table["hidden"],
            "rows": table["rows"],
            "columns": columns(table, everything=everything),
            "summary": _summary(table),
            "risk": risk(table.get("risk") or {}, table["rows"]),
        }
        for table in (report or {}).get("tables", ())
    ]


def _summary(table: Json) -> str:
    """Say how much of a table is about people, and how much of it was looked at."""
    about, count, rows = sum(each["sensitive"] for each in table["columns"]), len(table["columns"]), table["rows"]
    told = tk.ungettext(
        "{about} of {count} column holds something about people.",
        "{about} of {count} columns hold something about people.",
        count,
    ).format(about=about, count=count)
    looked_at = tk.ungettext("{rows} row was looked at.", "{rows} rows were looked at.", rows).format(rows=rows)
    return f"{told} {looked_at}"


def columns(table: Json, *, everything: bool) -> list[dict[str, Any]]:
    """Return a table's columns, gravest first, then by how many rows are concerned."""
    shown = [column for column in table["columns"] if everything or column["sensitive"]]
    return [_column(column, table["rows"]) for column in sorted(shown, key=_gravity, reverse=True)]


def _gravity(column: Json) -> tuple[bool, int, int]:
    most = max((entity["rows"] for entity in column["entities"]), default=0)
    return column["sensitive"], Sensitivity(column["sensitivity"]).rank, most


def _column(column: Json, table_rows: int) -> dict[str, Any]:
    entities = sorted(column["entities"], key=lambda entity: entity["rows"], reverse=True)
    top = entities[0] if entities else None
    return {
        "name": column["name"],
        "sensitive": column["sensitive"],
        "level": column["sensitivity"],
        "level_word": words.say(words.LEVELS, column["sensitivity"]),
        "sentence": sentence(column["sensitive"], entities, column["rows"]),
        "why": said(column["reason"]),
        "share": top["share"] if top else 0,
        "share_word": words.percent(top["share"]) if top else "",
        "rows": top["rows"] if top else 0,
        "filled": column["rows"],
        "table_rows": table_rows,
        "examples": [example for entity in entities for example in entity["examples"]][:3],
        "first_rows": (top or {}).get("first_rows", [])[:5],
    }


def sentence(sensitive: bool, entities: Iterable[Json], filled: int) -> str:
    """Say in one sentence what a column holds, or that nothing about people was found in it."""
    kinds = [
        tk._("{kind} ({rows} of {filled} rows)").format(
            kind=words.kind(entity["entity"]), rows=entity["rows"], filled=filled
        )
        for entity in entities
    ]
    if not sensitive:
        return tk._("Nothing about identifiable people was found.")
    if not kinds:
        return tk._("Holds something about people.")
    return tk._("Holds {kinds}.").format(kinds=and_list(kinds))


def and_list(items: Sequence[str]) -> str:
    """Join words as people do: ``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return tk._("{most} and {last}").format(most=", ".join(items[:-1]), last=items[-1])


def risk(risk: Json, rows: int) -> dict[str, Any]:
    """Say in words how easily a person stands out in a table, with the numbers a small bar needs."""
    uniques, k = risk.get("sample_uniques"), risk.get("k")
    names = list(risk.get("quasi_identifiers") or ())
    return {
        "columns": names,
        "k": k,
        "uniques": uniques,
        "rows": rows,
        "share": (uniques / rows) if uniques and rows else 0,
        "sentences": list(_risk_sentences(names, k, uniques, rows)),
        "details": [
            *(_combination(each) for each in risk.get("combinations") or ()),
            *(_small_cell(each) for each in risk.get("small_cells") or ()),
            *risk_words.sentences(risk),
        ],
    }


def _risk_sentences(names: Sequence[str], k: int | None, uniques: int | None, rows: int) -> Iterable[str]:
    if not names or k is None:
        yield tk._("No columns were found that together could point at one person.")
        return
    joined = and_list(names)
    if uniques:
        yield tk.ungettext(
            "{n} of {rows} rows stands alone with its {columns}: who knows these about a person finds the row.",
            "{n} of {rows} rows stand alone with their {columns}: who knows these about a person finds the row.",
            uniques,
        ).format(n=uniques, rows=rows, columns=joined)
    yield tk.ungettext(
        "The smallest group of people who look the same in {columns} has {n} row.",
        "The smallest group of people who look the same in {columns} has {n} rows.",
        k,
    ).format(n=k, columns=joined)


def _combination(each: Json) -> str:
    told = {"columns": and_list(list(each["columns"])), "level": words.say(words.LEVELS, each["sensitivity"])}
    return f"{tk._('{columns} together ({level}):').format(**told)} {said(each['reason'])}"


def _small_cell(each: Json) -> str:
    return tk.ungettext(
        "{n} group by {columns} is too small; the smallest has {smallest}.",
        "{n} groups by {columns} are too small; the smallest has {smallest}.",
        each["groups"],
    ).format(n=each["groups"], columns=and_list(list(each["columns"])), smallest=each["smallest"])


def quality(quality: Json | None) -> dict[str, Any]:
    """Return how well the tables are made: one summary sentence and the first few errors."""
    if not quality:
        return {"sentence": "", "errors": []}
    if quality.get("not_checked"):
        return {"sentence": said(quality["not_checked"]), "errors": []}
    tables_ = quality.get("tables") or []
    count = sum(table["error_count"] for table in tables_)
    errors = [error["sentence"] for table in tables_ for error in table["errors"]][:10]
    if not count:
        return {"sentence": tk._("The tables are well formed."), "errors": []}
    counted = tk.ungettext("{n} error in the form of the tables.", "{n} errors in the form of the tables.", count)
    return {"sentence": counted.format(n=count), "errors": [said(error) for error in errors]}
