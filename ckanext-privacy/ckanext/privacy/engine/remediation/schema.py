"""What was done, written beside the cleaned file: a Frictionless Table Schema with DPV terms on each column.

Sources: Data Package standard v2, Table Schema; W3C Data Privacy Vocabulary 2, technical measures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ckanext.privacy.engine.quality import check_quality

from .steps import Change

DPV = "https://w3id.org/dpv#"
#: The DPV technical measure and the plain words for each action.
MEASURES = {
    "drop": ("DataRedaction", "The column was removed."),
    "blank": ("DataRedaction", "The cells were emptied."),
    "mask": ("DataRedaction", "Letters and digits were covered."),
    "redact": ("DataRedaction", "What points at people was taken out of the text."),
    "pseudonymise": ("DeterministicPseudonymisation", "Values were replaced by keyed pseudonyms."),
    "generalise_date": ("Deidentification", "Dates were cut to a coarser unit."),
    "generalise_number": ("Deidentification", "Numbers were put into bands."),
    "generalise_place": ("Deidentification", "Places were moved to the middle of a grid cell."),
    "generalise_text": ("Deidentification", "Values were put into groups."),
    "generalise_code": ("Deidentification", "Codes were cut to their first characters."),
    "small_groups": ("Deidentification", "Values of small groups were emptied."),
    "small_counts": ("Deidentification", "Small counts were hidden."),
}


class CleanedTable:
    """What the schema of one cleaned table is made from."""

    def __init__(self, name: str, columns: Sequence[str], dropped: Sequence[str], changes: Sequence[Change]) -> None:
        self.name, self.columns, self.dropped, self.changes = name, columns, dropped, changes


def write_schemas(file: Path, tables: Sequence[CleanedTable]) -> list[Path]:
    """Write a Table Schema for each table of the cleaned `file` beside it, and return where.

    One table gets ``<file>.schema.json``; several get ``<file>.1.schema.json`` and so on, in the file's order.
    """
    inferred = {table.name: table.table_schema for table in check_quality(file).tables}
    sole = next(iter(inferred.values()), {}) if len(tables) == 1 else {}
    written = []
    for number, table in enumerate(tables, 1):
        ending = ".schema.json" if len(tables) == 1 else f".{number}.schema.json"
        path = file.with_name(file.name + ending)
        schema = table_schema(table, sole or inferred.get(table.name, {}))
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", "utf-8")
        written.append(path)
    return written


def table_schema(table: CleanedTable, inferred: dict[str, Any]) -> dict[str, Any]:
    """The inferred schema, with the measures on each changed field and the removed columns named."""
    types = [field["type"] for field in inferred.get("fields", ())]
    if len(types) != len(table.columns):
        types = ["string"] * len(table.columns)
    fields = [
        {"name": name, "type": kind, **_measures([each.action for each in table.changes if each.column == name])}
        for name, kind in zip(table.columns, types, strict=True)
    ]
    schema: dict[str, Any] = {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json"}
    schema |= {"@context": {"dpv": DPV}, "title": table.name, "fields": fields}
    if table.dropped:
        schema["removedFields"] = [{"name": name, **_measures(["drop"])} for name in table.dropped]
    return schema


def _measures(actions: Sequence[str]) -> dict[str, Any]:
    if not actions:
        return {}
    terms = dict.fromkeys(f"dpv:{MEASURES[action][0]}" for action in actions)
    words = " ".join(MEASURES[action][1] for action in actions)
    return {"description": words, "dpv:hasTechnicalMeasure": list(terms)}
