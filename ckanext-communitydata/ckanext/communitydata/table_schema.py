"""The columns of a table, described: Table Schema of the Data Package standard (v2). Plain Python: no CKAN in here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .fields import FieldError, _

#: A description of columns longer than this (in characters) is no description any more.
LONGEST = 500_000


def parse(value: Any) -> dict[str, Any]:
    """Return a Table Schema from a mapping or its JSON text; what it says beyond the standard is kept.

    Raises :class:`FieldError` with what is wrong.
    """
    # Takes half a second to load, which no page should wait for that has no such schema.
    from frictionless import FrictionlessException, Schema

    descriptor = _loaded(value) if isinstance(value, str) else value
    if not isinstance(descriptor, Mapping) or not _is_list_of_objects(descriptor.get("fields")):
        raise FieldError(
            _("This is not a Table Schema. It is a JSON object with a list called fields, an object for each column.")
        )
    try:
        Schema.from_descriptor(_standard_part(descriptor))
    except FrictionlessException as error:
        note = "; ".join(reason.note for reason in error.reasons) or error.error.note
        raise FieldError(_("This is not a Table Schema: {reason}"), reason=note) from None
    return dict(descriptor)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)


def _standard_part(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """What Frictionless is to check. Profiles and the like are left out: it would fetch the addresses they name."""
    keys = ("name", "type", "format", "constraints")
    columns = [{key: column[key] for key in keys if key in column} for column in descriptor["fields"]]
    return json.loads(json.dumps({"fields": columns}))


def _loaded(text: str) -> Any:
    if len(text) > LONGEST:
        raise FieldError(
            _("This Table Schema is too long ({size} characters, at most {limit})."), size=len(text), limit=LONGEST
        )
    try:
        return json.loads(text)
    except ValueError:
        return None
