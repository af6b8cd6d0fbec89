"""Reading a long list out of a JSON document without holding the document in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import ijson
from ijson.common import ObjectBuilder

#: Catalogues nest a handful of levels; a document that nests deeper is an attack on the reader, not a catalogue.
MOST_LEVELS = 100
_OPENING, _CLOSING = frozenset({"start_map", "start_array"}), frozenset({"end_map", "end_array"})


class NotAList(ValueError):  # noqa: N818 - it says what the document is
    """The document holds no such list."""


class TooDeep(ValueError):  # noqa: N818 - as above
    """The document nests too deeply to be a catalogue."""


def objects_in(stream: IO[bytes], member: str) -> Iterator[dict[str, Any]]:
    """The objects of the list that stands under ``member`` of the document's outer object, one by one.

    :raises NotAList: at the end, when there is no such list
    :raises TooDeep: when something nests too deeply
    :raises ijson.JSONError: when the document is broken or cut off
    """
    depth, name, found = 0, "", False
    builder: Any = None
    for event, value in ijson.basic_parse(stream, use_float=True):
        depth += (event in _OPENING) - (event in _CLOSING)
        if depth > MOST_LEVELS:
            raise TooDeep
        if depth == 1:
            name = value if event == "map_key" else name
        elif depth == 2 and event == "start_array" and name == member:
            found = True
        elif depth == 3 and event == "start_map" and builder is None and found and name == member:
            builder = ObjectBuilder()
        if builder is not None:
            builder.event(event, value)
            if depth == 2:
                yield builder.value
                builder = None
    if not found:
        raise NotAList
