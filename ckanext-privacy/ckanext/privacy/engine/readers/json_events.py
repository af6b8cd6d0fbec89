"""JSON values as the stream of events that ijson gives, and its scalars as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Event = tuple[str, Any]


def events_of(value: Any) -> Iterator[Event]:
    """Give the events that a parsed value would have been read from."""
    if isinstance(value, dict):
        yield "start_map", None
        for key, item in value.items():
            yield "map_key", key
            yield from events_of(item)
        yield "end_map", None
    elif isinstance(value, list):
        yield "start_array", None
        for item in value:
            yield from events_of(item)
        yield "end_array", None
    else:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        yield "number" if number else "scalar", value


def text_of(value: Any) -> str:
    """Write a scalar as the file has it.

    >>> [text_of("a"), text_of(True), text_of(1.5)]
    ['a', 'true', '1.5']
    """
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_ndjson(head: str) -> bool:
    """Whether the text's first line is a whole record, and another line follows."""
    line, _, rest = head.removeprefix("\ufeff").lstrip().partition("\n")
    if not rest.strip():
        return False
    try:
        return isinstance(json.loads(line, strict=False), (dict, list))
    except (ValueError, RecursionError):
        return False
