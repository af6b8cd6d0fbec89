"""JSON as portals send it.

A long list is read piece by piece, without holding the document in memory. What strict readers refuse although nothing
of it is lost (another encoding, raw line breaks in texts, ``NaN``, words after the end) is read all the same; what is
cut off or broken is not.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

import ijson
from ijson.common import ObjectBuilder

#: Catalogues nest a handful of levels; a document that nests deeper is an attack on the reader, not a catalogue.
MOST_LEVELS = 100
_OPENING, _CLOSING = frozenset({"start_map", "start_array"}), frozenset({"end_map", "end_array"})
#: what a document in Unicode may begin with; the longer ones first
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class NotAList(ValueError):  # noqa: N818 - it says what the document is
    """The document holds no such list."""


class TooDeep(ValueError):  # noqa: N818 - as above
    """The document nests too deeply to be a catalogue."""


def document_in(body: bytes, charset: str = "") -> Any:
    """The JSON document in an answer.

    :param charset: the encoding the server names, for a document that is not in UTF-8
    :raises ValueError: when it is cut off or broken
    :raises RecursionError: when it nests too deeply
    """
    text = text_of(body, charset).lstrip()
    return json.JSONDecoder(strict=False).raw_decode(text)[0]


def text_of(body: bytes, charset: str = "") -> str:
    """The text of an answer: in Unicode if it can be, else in the encoding the server names, else in Windows-1252."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body.decode(encoding, errors="replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode(_known(charset) or "cp1252", errors="replace")


def _known(charset: str) -> str:
    """An encoding's name where Python knows it and it is not the one that did not fit."""
    try:
        name = codecs.lookup(charset).name if charset else ""
    except LookupError:
        return ""
    return "" if name == "utf-8" else name


def objects_in(stream: IO[bytes], member: str) -> Iterator[dict[str, Any]]:
    """The objects of the list that stands under ``member`` of the document's outer object, one by one.

    :param member: empty for a document that is the list itself
    :raises NotAList: at the end, when there is no such list
    :raises TooDeep: when something nests too deeply
    :raises ijson.JSONError: when the document is broken, cut off or not strictly JSON
    """
    depth, name, found, level = 0, "", False, 2 if member else 1
    builder: Any = None
    for event, value in ijson.basic_parse(stream, use_float=True):
        depth += (event in _OPENING) - (event in _CLOSING)
        if depth > MOST_LEVELS:
            raise TooDeep
        if depth == 1 and event == "map_key":
            name = value
        elif depth == level and event == "start_array" and name == member:
            found = True
        elif depth == level + 1 and event == "start_map" and builder is None and found and name == member:
            builder = ObjectBuilder()
        if builder is not None:
            builder.event(event, value)
            if depth == level:
                yield builder.value
                builder = None
    if not found:
        raise NotAList


def objects_at_once(body: bytes, member: str, charset: str = "") -> list[dict[str, Any]]:
    """The same objects of a document that is not strictly JSON.

    :raises NotAList: when there is no such list
    :raises ValueError: when it is cut off or broken
    """
    document = document_in(body, charset)
    listed = document
    if member:
        listed = document.get(member) if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise NotAList
    return [each for each in listed if isinstance(each, dict)]
