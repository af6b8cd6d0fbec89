"""RDF as catalogues send it: XML, Turtle, JSON-LD or N-Triples.

rdflib reads it, which would fetch what a document points at; so a document that declares entities or names a JSON-LD
context elsewhere is refused.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rdflib import Graph

from ckanext.cityportals.client import PortalError
from ckanext.privacy.engine.sentences import say

#: what RDF is sent as, and rdflib's name for it
FORMATS = {
    "application/rdf+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "text/n3": "n3",
    "application/n-triples": "nt",
    "application/ld+json": "json-ld",
    "application/json": "json-ld",
}
SUFFIXES = {"rdf": "xml", "xml": "xml", "owl": "xml", "ttl": "turtle", "n3": "n3", "nt": "nt", "jsonld": "json-ld"}
#: bytes at the start of a document that tell its format
PEEK = 2_000
#: a prefix line without its full stop, as catalogues written by hand have it
UNFINISHED_PREFIX = re.compile(rb"(?m)^(\s*@(?:prefix|base)\s[^\n]*>)[ \t]*\r?$")


def read_graph(body: bytes, media_type: str, address: str) -> Graph:
    """The graph in an answer. Raises ``PortalError`` when it is none, or would make the reader fetch or unfold more."""
    if not body.strip():
        raise PortalError(say("{url} answered with nothing instead of RDF.", url=address))
    if body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise PortalError(say("{url} answered with a web page instead of RDF.", url=address))
    kind = _kind(body, media_type, address)
    if kind == "xml" and b"<!ENTITY" in body:
        raise PortalError(say("{url} answered with XML that declares entities, which is refused.", url=address))
    try:
        mended = _mended(body, kind, address)
        return Graph().parse(data=mended, format=kind, publicID=address)
    except PortalError:
        raise
    except RecursionError as error:
        raise PortalError(
            say("{url} answered with RDF that is nested too deeply to be a catalogue.", url=address)
        ) from error
    except Exception as error:
        raise PortalError(say("{url} answered with RDF that is cut off or broken.", url=address)) from error


def _mended(body: bytes, kind: str, address: str) -> bytes | str:
    """A document as its author meant it."""
    if kind in {"turtle", "n3"}:
        return UNFINISHED_PREFIX.sub(rb"\1 .", body)
    return json.dumps(_json_ld(body, address)) if kind == "json-ld" else body


def _kind(body: bytes, media_type: str, address: str) -> str:
    """rdflib's name for a document's format: by what it starts with, since servers often say something else."""
    start = body[:PEEK].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")) and not start.startswith(b"[]"):
        return "json-ld"
    if start.startswith((b"<?xml", b"<rdf:RDF", b"<!DOCTYPE")):
        return "xml"
    suffix = address.partition("?")[0].rpartition(".")[2].lower()
    said = FORMATS.get(media_type) or SUFFIXES.get(suffix) or "turtle"
    return "turtle" if said in {"xml", "json-ld"} else said


def _json_ld(body: bytes, address: str) -> Any:
    """A document in JSON-LD whose context is its own."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise PortalError(say("{url} answered with JSON that is cut off or broken.", url=address)) from error
    if any(_is_elsewhere(context) for context in _contexts(document)):
        raise PortalError(
            say("{url} answered with JSON-LD whose context stands elsewhere; it is not fetched.", url=address)
        )
    listed = document.get("dcat:dataset") if isinstance(document, dict) else None
    return {**document, "dcat:dataset": _told_apart(listed)} if isinstance(listed, list) else document


def _told_apart(listed: list[Any]) -> list[Any]:
    """Datasets whose blank nodes have names of their own.

    Amsterdam's dcatd writes each dataset by itself and calls the first file of each ``_:d1``: read as one document,
    every dataset would have the files of all.
    """
    described = Counter(name for each in listed for name in {*_blank_nodes(each)})
    return [
        _renamed(each, {name: f"{name}x{place}" for name in _blank_nodes(each) if described[name] > 1})
        for place, each in enumerate(listed)
    ]


def _blank_nodes(value: Any) -> Iterator[str]:
    """Names of the blank nodes that are described in a value, not merely pointed at."""
    if isinstance(value, dict):
        name = value.get("@id")
        if isinstance(name, str) and name.startswith("_:") and len(value) > 1:
            yield name
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in members:
        yield from _blank_nodes(each)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if isinstance(value, dict):
        return {
            key: names.get(each, each) if key == "@id" and isinstance(each, str) else _renamed(each, names)
            for key, each in value.items()
        }
    return value


def _contexts(document: Any) -> Iterator[Any]:
    """Every ``@context`` and ``@import`` in a document, whatever it is nested in."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (value[name] for name in ("@context", "@import") if name in value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _is_elsewhere(context: Any) -> bool:
    members = context if isinstance(context, list) else [context]
    return any(isinstance(each, str) for each in members)
