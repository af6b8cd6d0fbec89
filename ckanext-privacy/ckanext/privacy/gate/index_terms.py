"""What can be found in the search index: the stored values of a document, and the terms of fields that store none.

Solr cuts a text into terms by rules of each field (stems, pairs of letters), which only Solr knows. So the words that a
document may hold are cut by Solr as well, each once, and every term that is found must come from one of them.
"""

from __future__ import annotations

import bisect
import itertools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ckan.lib.search.common import make_connection

Document = Mapping[str, Any]

#: Fields that say when and how a document was written, not what it says.
OF_THE_INDEX = frozenset({"_version_", "indexed_ts", "index_id"})
#: Words that Solr cuts in one call.
BATCH = 2000
_TEXT, _STRING = "TextField", "StrField"
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_SPLIT = re.compile(r"[\W_]+")


class Terms:
    """The terms of an index, read field by field. Use one for a whole comparison: it remembers how words are cut."""

    def __init__(self) -> None:
        self._solr = make_connection(decode_dates=False)
        self._unstored = dict(_unstored(self._ask("admin/luke", numTerms=0), self._ask("schema/fieldtypes")))
        self._cut: dict[str, dict[str, frozenset[str]]] = {}

    def foreign(self, stored: Document, expected: Document) -> Iterator[str]:
        """Yield the fields in which a document holds what ``expected``, the document it should be, does not say."""
        values = {plain(text) for text in texts(expected)}
        for name, value in stored.items():
            if name not in OF_THE_INDEX and not {plain(text) for text in texts(value)} <= values:
                yield name
        words = {word for text in texts(expected) for word in str(text).split()}
        for name, terms in self._terms_of(stored["index_id"]).items():
            if not self._explained(name, terms, values, words):
                yield name

    def _explained(self, field: str, terms: set[str], values: set[str], words: set[str]) -> bool:
        if self._unstored[field] == _STRING:
            return {plain(term) for term in terms} <= values
        left = terms - _folded(words)
        return not left or left <= self._terms_from(field, words)

    def _terms_of(self, index_id: str) -> dict[str, set[str]]:
        if not self._unstored:
            return {}
        facets = {"facet": "true", "facet.field": sorted(self._unstored), "facet.limit": -1, "facet.mincount": 1}
        found = self._solr.search(f'index_id:"{index_id}"', rows=0, **facets).facets["facet_fields"]
        return {field: set(counted[::2]) for field, counted in found.items() if counted}

    def _terms_from(self, field: str, words: set[str]) -> frozenset[str]:
        """Return all terms that Solr cuts these words into for a field."""
        known = self._cut.setdefault(field, {})
        new = sorted(words - known.keys())
        for start in range(0, len(new), BATCH):
            known |= self._cut_by_solr(field, new[start : start + BATCH])
        return frozenset[str]().union(*(known[word] for word in words))

    def _cut_by_solr(self, field: str, words: list[str]) -> dict[str, frozenset[str]]:
        starts = list(itertools.accumulate((len(word) + 1 for word in words), initial=0))[:-1]
        asked = {"analysis.fieldname": field, "analysis.fieldvalue": " ".join(words)}
        steps = self._ask("analysis/field", **asked)["analysis"]["field_names"][field]["index"]
        cut: dict[str, set[str]] = {word: set() for word in words}
        for token in steps[-1]:
            cut[words[bisect.bisect_right(starts, token["start"]) - 1]].add(token["text"])
        return {word: frozenset(terms) for word, terms in cut.items()}

    def _ask(self, handler: str, **asked: Any) -> dict[str, Any]:
        # Long texts have no place in an address, and Solr's schema answers no POST.
        method = "POST" if "analysis.fieldvalue" in asked else "GET"
        parts: Any = {"data" if method == "POST" else "params": {**asked, "wt": "json"}}
        answer = self._solr.get_session().request(
            method, f"{self._solr.url}/{handler}", timeout=self._solr.timeout, **parts
        )
        answer.raise_for_status()
        return json.loads(answer.content)


def _unstored(luke: dict[str, Any], types: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields whose values Solr does not give back, with the class of their type: texts and strings."""
    classes = {each["name"]: each["class"].rpartition(".")[2] for each in types["fieldTypes"]}
    for name, facts in luke["fields"].items():
        kind = classes.get(facts["type"], "")
        if "S" not in facts["schema"] and kind in (_TEXT, _STRING):
            yield name, kind


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a document, and whole values beside the parts of those that are JSON."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from texts(inner)
    elif value is not None:
        yield str(value)
        yield from _inside(value)


def _inside(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return
    try:
        yield from texts(json.loads(value))
    except ValueError:
        return


def plain(text: str) -> str:
    """Return a value as it compares: moments without parts of a second, all space alike, in lower case."""
    moment = _DATE.match(text)
    return moment.group() if moment else " ".join(text.split()).casefold()


def _folded(words: Iterable[str]) -> set[str]:
    """Return what most words become in most fields, so that Solr need not be asked: lower case, no accents."""
    plain = unicodedata.normalize("NFD", " ".join(words).lower())
    return set(_SPLIT.split("".join(sign for sign in plain if not unicodedata.combining(sign))))
