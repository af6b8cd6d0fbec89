"""XML within packages, read as a stream: no entity is resolved, no network asked, nothing but text taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import BLOCK

#: Attributes that carry what a person wrote, where text usually stands in elements.
TELLING = frozenset({
    "v", "val", "author", "displayName", "userId", "name", "descr", "title", "prompt", "promptTitle", "error",
    "errorTitle",
    "tooltip", "display", "location", "comment", "connection", "command", "sourceFile", "refreshedBy", "initials",
    "href", "alt", "value", "string-value", "content", "description", "caption", "uniqueName",
})  # fmt: skip


#: The encoding that an XML declaration names.
DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?\bencoding=[\"']([^\"']*)")


def is_of_ascii(text: bytes) -> bool:
    """Whether the tags of a part that starts so can be found in its bytes: it is in UTF-8."""
    declared = DECLARED.match(text)
    return b"\0" not in text and (not declared or declared[1].lower() in {b"utf-8", b"us-ascii"})


def elements(stream: Any, events: tuple[str, ...] = ("end",)) -> Iterator[tuple[str, Any]]:
    """Give events and elements of a stream. Raises ``UnreadableFile`` when it declares entities or is malformed."""
    parse = etree.iterparse(stream, events, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        first = True
        for event, element in parse:
            if first and _has_entities(element):
                raise UnreadableFile(say("The XML declares entities, as XML bombs do; save it without them."))
            first = False
            yield event, element
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(say("The XML is malformed; save it again.")) from error


def _has_entities(element: Any) -> bool:
    declared = element.getroottree().docinfo.internalDTD
    return declared is not None and next(iter(declared.iterentities()), None) is not None


def local(element: Any) -> str:
    """An element's name without its namespace; empty for comments and instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def release(element: Any) -> None:
    """Let go of an element and what stood before it, so that memory stays bounded."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def texts_of(stream: Any) -> Iterator[str]:
    """Every piece of text in an XML stream, comments and the values of attributes that carry text included.

    Raises ``UnreadableFile`` when it declares entities or is malformed.
    """
    found: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda _tag, given: found.extend(_told(given))
    parser.CharacterDataHandler = parser.CommentHandler = found.append
    parser.EntityDeclHandler = _refuse
    try:
        while block := stream.read(BLOCK):
            parser.Parse(block)
            yield from (text.strip() for text in found if not text.isspace())
            found.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UnreadableFile(say("The XML is malformed; save it again.")) from error


def _told(given: dict[str, str]) -> Iterator[str]:
    return (value for key, value in given.items() if value and key.rpartition(":")[2] in TELLING)


def _refuse(*_declaration: Any) -> None:
    raise UnreadableFile(say("The XML declares entities, as XML bombs do; save it without them."))


def attributes(element: Any) -> dict[str, str]:
    """An element's attributes by their names without namespaces."""
    return {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
