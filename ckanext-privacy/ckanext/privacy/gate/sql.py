"""What SQL reaches beside the tables that it names: text that a function runs, and the columns of a table's type.

Source: PostgreSQL 16, 9.13 (``ts_rewrite(query, text)`` runs its text), 8.16 (each table is a type, open to everybody).
"""

from __future__ import annotations

from typing import Any

import pglast
from ckanext.datastore.backend.postgres import nodes

#: Functions on CKAN's list that run the text they are given.
_RUN_TEXT = frozenset({"ts_rewrite"})
#: Types that no table makes.
_PLAIN_TYPES = frozenset({
    "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar", "char",
    "date", "time", "timetz", "timestamp", "timestamptz", "interval", "json", "jsonb", "uuid", "tsvector", "tsquery",
})  # fmt: skip


def reaches_beyond(sql: str) -> bool:
    """Whether SQL may read tables that it does not name as such; what cannot be parsed may."""
    try:
        parsed = pglast.parser.parse_sql(sql)
    except (pglast.parser.ParseError, TypeError):
        return True
    found = [node for each in parsed for node in nodes(each)]
    called = {_name(node["funcname"])[-1] for node in found if node["@"] == "FuncCall"}
    types = (_name(node["names"]) for node in found if node["@"] == "TypeName")
    return bool(called & _RUN_TEXT) or any(
        name[-1] not in _PLAIN_TYPES or set(name[:-1]) - {"pg_catalog"} for name in types
    )


def _name(parts: Any) -> tuple[str, ...]:
    """A name after its schema's, as the parser read it: escapes and capitals are resolved."""
    return tuple(part["sval"] for part in (parts if isinstance(parts, (list, tuple)) else (parts,)))
