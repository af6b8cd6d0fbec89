"""What was done, written beside the cleaned file: a Frictionless Table Schema with DPV terms on each column.

Sources: Data Package standard v2, Table Schema; W3C Data Privacy Vocabulary 2, technical measures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ckanext.privacy.engine.documents import parse_yaml
from ckanext.privacy.engine.findings import FileReport
from ckanext.privacy.engine.packs import identifiers
from ckanext.privacy.engine.quality import check_quality

from .changes import Change

if TYPE_CHECKING:
    from .apply import CleanReport

VOCABULARY = Path(__file__).with_name("vocabulary.yaml")
#: The DPV technical measure and the plain words for each action.
MEASURES = {
    "drop": ("DataRedaction", "The column was removed."),
    "blank": ("DataRedaction", "The cells were emptied."),
    "mask": ("DataRedaction", "Letters and digits were covered."),
    "redact": ("DataRedaction", "What points at people was taken out of the text."),
    "pseudonymise": ("DeterministicPseudonymisation", "Values were replaced by keyed pseudonyms."),
    "generalise_date": ("Deidentification", "Dates were cut to a coarser unit."),
    "generalise_number": ("Deidentification", "Numbers were put into bands."),
    "round_number": ("Deidentification", "Numbers were rounded."),
    "random_round": ("Deidentification", "Counts were rounded at random."),
    "generalise_place": ("Deidentification", "Places were told less finely."),
    "generalise_text": ("Deidentification", "Values were put into groups."),
    "generalise_code": ("Deidentification", "Codes were cut to their first characters."),
    "small_groups": ("Deidentification", "Values of small groups were emptied."),
    "small_counts": ("Deidentification", "Small counts were hidden."),
}


class CleanedTable:
    """What the schema of one cleaned table is made from."""

    def __init__(self, name: str, columns: Sequence[str], dropped: Sequence[str], changes: Sequence[Change]) -> None:
        self.name, self.columns, self.dropped, self.changes = name, columns, dropped, changes


def write_schemas(file: Path, tables: Sequence[CleanedTable], report: CleanReport) -> list[Path]:
    """Write a Table Schema for each table of the cleaned `file` beside it, and return where.

    One table gets ``<file>.schema.json``; several get ``<file>.1.schema.json`` and so on, in the file's order. What the
    scans before and after found says which kinds of personal data a column held and holds.
    """
    inferred = {table.name: table.table_schema for table in check_quality(file).tables}
    sole = next(iter(inferred.values()), {}) if len(tables) == 1 else {}
    written = []
    for number, table in enumerate(tables, 1):
        ending = ".schema.json" if len(tables) == 1 else f".{number}.schema.json"
        path = file.with_name(file.name + ending)
        kinds = _kinds(report.before, table.name), _kinds(report.rescan, table.name)
        schema = table_schema(table, sole or inferred.get(table.name, {}), *kinds)
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", "utf-8")
        written.append(path)
    return written


def table_schema(
    table: CleanedTable, inferred: dict[str, Any], held: Mapping[str, list[str]], holds: Mapping[str, list[str]]
) -> dict[str, Any]:
    """The inferred schema, with data and measures on each field, and the removed columns named.

    `held` and `holds` are the terms for the personal data in a column before and after.
    """
    types = [field["type"] for field in inferred.get("fields", ())]
    if len(types) != len(table.columns):
        types = ["string"] * len(table.columns)
    fields = [
        {"name": name, "type": kind, **_measures(actions), **_data(holds.get(name, []), actions)}
        for name, kind in zip(table.columns, types, strict=True)
        for actions in [[each.action for each in table.changes if each.column == name]]
    ]
    schema: dict[str, Any] = {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json"}
    schema |= {"@context": _vocabulary()["namespaces"], "title": table.name, "fields": fields}
    if table.dropped:
        schema["removedFields"] = [
            {"name": name, **_measures(["drop"]), **_data(held.get(name, []), [])} for name in table.dropped
        ]
    return schema


def _measures(actions: Sequence[str]) -> dict[str, Any]:
    if not actions:
        return {}
    terms = dict.fromkeys(f"dpv:{MEASURES[action][0]}" for action in actions)
    words = " ".join(MEASURES[action][1] for action in actions)
    return {"description": words, "dpv:hasTechnicalMeasure": list(terms)}


def _data(terms: Sequence[str], actions: Sequence[str]) -> dict[str, Any]:
    pseudonyms = [_vocabulary()["pseudonyms"]] if "pseudonymise" in actions else []
    told = list(dict.fromkeys([*terms, *pseudonyms]))
    return {"dpv:hasPersonalData": told} if told else {}


def _kinds(report: FileReport | None, name: str) -> dict[str, list[str]]:
    """The terms for what a scan found in each column of a table."""
    tables = report.tables if report else ()
    table = next((each for each in tables if each.name == name), tables[0] if len(tables) == 1 else None)
    columns = table.columns if table else ()
    return {
        column.name: list(dict.fromkeys(_term(found.entity) for found in column.entities))
        for column in columns
        if column.entities
    }


def _term(entity: str) -> str:
    words, identifier = _vocabulary(), identifiers().get(entity)
    return words["personal_data"].get(identifier.kind if identifier else entity, words["otherwise"])


@lru_cache
def _vocabulary() -> dict[str, Any]:
    return parse_yaml(VOCABULARY.read_text("utf-8"))
