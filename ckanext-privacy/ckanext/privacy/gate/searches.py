"""What a search may ask of the index: about documents that are found, never about all that there are.

Solr answers some questions from the whole index, whoever may see its documents: how many hold a word, which values of a
field come before another, which words there are at all. Held documents are in it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ckan.lib.search import SearchQueryError
from ckan.plugins import toolkit as tk

Search = dict[str, Any]

#: Functions that look at one document alone; ``docfreq``, ``idf``, ``ord``, ``scale`` and others look at all of them.
OF_ONE_DOCUMENT = frozenset({
    "abs", "ceil", "def", "div", "exists", "field", "floor", "geodist", "if", "linear", "log", "map", "max", "min",
    "ms", "not", "pow", "product", "recip", "sqrt", "sub", "sum",
})  # fmt: skip
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")
_FIELD = re.compile(r"[\w.*-]+")
_PARSERS = frozenset({"dismax", "edismax", "lucene"})


def within_what_is_found(search: Search) -> Search:
    """Return a search that counts only values of documents that it finds; raise ``SearchQueryError`` for the rest."""
    for asked in _refused(search):
        raise SearchQueryError(tk._("A search cannot ask the index for this: {asked}").format(asked=asked))
    # With none as the least count, Solr lists every value that any document has.
    return {**search, "facet.mincount": max(int(search.get("facet.mincount") or 1), 1)}


def _refused(search: Search) -> Iterator[str]:
    for name in ("sort", "bf", "boost"):
        for text in _each(search.get(name)):
            yield from (found for found in _FUNCTION.findall(text) if found.lower() not in OF_ONE_DOCUMENT)
    for text in _each(search.get("fl")):
        # How well a document fits depends on how rare a word is in all of them.
        yield from (found for found in re.split(r"[\s,]+", text) if found == "score" or not _FIELD.fullmatch(found))
    yield from (parser for parser in _each(search.get("defType")) if parser not in _PARSERS)


def _each(value: Any) -> list[str]:
    if not value:
        return []
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]
