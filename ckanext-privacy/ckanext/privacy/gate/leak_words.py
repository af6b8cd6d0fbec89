"""Words that only unreleased content holds: whatever page a stranger reads, none of them may stand in it.

They are runs of a few words from what editors wrote in datasets, files and views and what no release says; what also
stands in a release, or in what is said of an organisation or a group, is no sign of anything and left out.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import index_terms, released
from ckanext.privacy.model import Release

#: So many words in a row are found by chance in no other text.
RUN = 4
#: Runs that are looked for of one text: its beginning, middle and end.
_OF_EACH = 3
#: A text with fewer words tells something only if it is long, or a name with a number in it.
_TELLING = 10
BATCH = 200
_ADDRESS = re.compile(r"[a-z]+://\S+$")
_WORD = re.compile(r"[^\W_]+")

Run = tuple[str, ...]

#: What editors write, by table: all as text, with the dataset it is of.
_WRITTEN = sa.text("""
    SELECT id, name FROM package
    UNION ALL SELECT id, unnest(ARRAY[title, notes, url, author, author_email, maintainer, maintainer_email,
        extras::text]) FROM package
    UNION ALL SELECT package_id, unnest(ARRAY[id, name, description, url, extras]) FROM resource
    UNION ALL SELECT package_id, unnest(ARRAY[v.id, v.title, v.description])
        FROM resource_view v JOIN resource r ON r.id = v.resource_id
    UNION ALL SELECT package_id, name FROM package_tag p JOIN tag ON tag.id = p.tag_id WHERE p.state = 'active'
""")
_TOLD_OF_OTHERS = sa.text("""
    SELECT unnest(ARRAY[id, name, title, description, image_url, extras::text]) FROM "group"
""")


class HeldWords:
    """The runs of words that nobody may read, and whose they are. A run is kept as its hash: there may be many."""

    def __init__(self) -> None:
        written = ((run, package_id) for package_id, text in _written() for run in _telling(text))
        self._owners = {hash(run): package_id for run, package_id in written}
        for text in _public():
            for key in _keys(text):
                self._owners.pop(key, None)

    def found_in(self, page: str) -> set[str]:
        """Return the datasets of which held words stand in a page; none when all is well."""
        found = (key for text in _texts_of(page) for key in _keys(text))
        return {self._owners[key] for key in found if key in self._owners}


def _keys(text: str) -> Iterator[int]:
    words = _WORD.findall(text.casefold())
    for length in range(1, RUN + 1):
        yield from (hash(tuple(words[start : start + length])) for start in range(len(words) - length + 1))


def _written() -> Iterator[tuple[str, str]]:
    """Yield each text that was written, after its dataset."""
    with model.ensure_engine().connect() as connection:
        for package_id, value in connection.execution_options(yield_per=1000).execute(_WRITTEN):
            yield from ((package_id, text) for text in index_terms.texts(value))


def _telling(text: str) -> list[Run]:
    """Return the runs of a text that tell most of it; none where it says nothing that others would not."""
    words = _WORD.findall(_own_part(text).casefold())
    if len(words) < RUN:
        tells = sum(map(len, words)) >= _TELLING and (len(words) > 1 or any(sign.isdigit() for sign in text))
        return [tuple(words)] if tells else []
    last = len(words) - RUN
    starts = {last * part // (_OF_EACH - 1) for part in range(_OF_EACH)}
    runs = [tuple(words[start : start + RUN]) for start in sorted(starts)]
    return [run for run in runs if any(not word.isdigit() for word in run)]


def _own_part(text: str) -> str:
    """Leave out what many texts share: the host of an address, an address of this site, and the marks of JSON.

    What stands in JSON is a text by itself.
    """
    if text.startswith((tk.config["ckan.site_url"], "{", "[")):
        return ""
    address = urlsplit(text) if _ADDRESS.match(text) else None
    return f"{address.path} {address.query}" if address else text


def _public() -> Iterator[str]:
    """Yield everything that releases say, and what is said of organisations and groups."""
    snapshots = sa.select(Release.snapshot.op("-")("package_default")).where(*released.conditions())
    with model.ensure_engine().connect() as connection:
        for (snapshot,) in connection.execution_options(yield_per=BATCH).execute(snapshots):
            yield from index_terms.texts(snapshot)
        for told in connection.execute(_TOLD_OF_OTHERS).scalars():
            yield from index_terms.texts(told)


def _texts_of(page: str) -> Iterable[str]:
    """Return a page as it is read: JSON and HTML write letters in other ways. Each value of JSON is its own text."""
    if page.startswith(("{", "[")):
        try:
            return list(index_terms.texts(json.loads(page)))
        except ValueError:
            return [page]
    return [html.unescape(page)]
