"""The catalogue read as a stranger reads it: through the site's own addresses, without a log-in, in this process.

Whatever is answered is compared with the releases: fields and views by what they say, files by their bytes, tables by
their columns and length, pages and feeds by the words that only unreleased content holds. What cannot be compared is
no clean bill. One answer at a time is in memory.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.config import middleware
from flask import Flask, current_app, has_app_context
from werkzeug.test import TestResponse

from ckanext.privacy.gate import freeze, index_terms, leak_check, leak_words, released
from ckanext.privacy.gate.leak_check import Leak, leak

#: More of a page than this many bytes is not looked at for words; files are hashed whole.
LONGEST = 8 << 20

#: What everyone may read of the catalogue as a whole: by plugin, "" for CKAN itself.
_OF_THE_SITE = (
    ("", "/"),
    ("", "/feeds/dataset.atom"),
    ("", "/api/3/action/package_list"),
    ("", "/api/3/action/tag_list"),
    ("", "/api/3/action/current_package_list_with_resources?limit=100"),
    ("", "/api/3/action/package_search?rows=0&facet.field=%5B%22tags%22%2C%22res_format%22%5D&facet.limit=-1"),
    ("activity", "/api/3/action/recently_changed_packages_activity_list?limit=100"),
    ("dcat", "/catalog.ttl"),
    ("dcat", "/catalog.jsonld"),
)
#: The same of each organisation, and of each group: ``{name}`` is what it is called.
_OF_ORGANIZATIONS = ("/organization/{name}", "/feeds/organization/{name}.atom",
                     "/api/3/action/organization_show?id={name}&include_datasets=true")  # fmt: skip
_OF_GROUPS = ("/group/{name}", "/feeds/group/{name}.atom", "/api/3/action/group_show?id={name}&include_datasets=true")
#: The same of a dataset: ``{id}`` and ``{name}``.
_OF_DATASETS = (
    ("", "/dataset/{name}"),
    ("activity", "/dataset/activity/{id}"),
    ("activity", "/api/3/action/package_activity_list?id={id}&limit=100"),
    ("dcat", "/dataset/{id}.ttl"),
)
#: The same of a file: ``{rid}``. The first is its bytes.
_OF_FILES = (
    ("", "/dataset/{id}/resource/{rid}"),
    ("", "/api/3/action/resource_show?id={rid}"),
    ("", "/api/3/action/resource_view_list?id={rid}"),
)
#: Addresses of what is not released; none may be answered.
_CLOSED = (
    ("", "/dataset/{id}/resource/{rid}/download/file"),
    ("datastore", "/datastore/dump/{rid}"),
    ("datastore", "/api/3/action/datastore_search?resource_id={rid}&limit=1"),
    ("resource_proxy", "/dataset/{id}/resource/{rid}/proxy"),
)

Progress = Callable[[], None]


@dataclass(frozen=True)
class Answer:
    """What a stranger was answered; ``body`` gives its bytes in pieces, once."""

    status: int
    body: Iterator[bytes]

    @property
    def is_given(self) -> bool:
        """Say whether something was given away."""
        return self.status == HTTPStatus.OK

    def text(self) -> str:
        """Return the page, as far as it is looked at."""
        found = bytearray()
        for piece in self.body:
            found += piece
            if len(found) > LONGEST:
                break
        return found.decode(errors="replace")


class Stranger:
    """Somebody without a log-in."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    @contextmanager
    def reading(self, path: str) -> Iterator[Answer]:
        """Ask for an address, and take what is answered as it comes."""
        # A context of its own: a request within another would be made by whoever is logged in there.
        with self._app.app_context():
            response: TestResponse = self._app.test_client(use_cookies=False).get(path, buffered=False)
            try:
                yield Answer(response.status_code, response.iter_encoded())
            finally:
                response.close()

    def text(self, path: str) -> str | None:
        """Return a page, or None when it is not given."""
        with self.reading(path) as answer:
            return answer.text() if answer.is_given else None

    def result(self, path: str) -> Any:
        """Return what an action answers, or None when it refuses."""
        text = self.text(f"/api/3/action/{path}")
        return json.loads(text)["result"] if text else None


def site() -> Flask:
    """Return the application that this process serves, or was started with."""
    if has_app_context():
        return current_app._get_current_object()  # type: ignore[attr-defined]
    # CKAN makes addresses with it where there is no request, too.
    context = middleware._internal_test_request_context
    if context is None:
        raise RuntimeError("CKAN's application was not made, so its pages cannot be read.")
    return context.app


def find_leaks(progress: Progress = lambda: None, app: Flask | None = None) -> list[Leak]:
    """Return what a stranger reads that no release shows, and what is released and cannot be read.

    ``progress`` is called after each dataset; there are :func:`how_many`.
    """
    visit = _Visit(Stranger(app or site()), leak_words.HeldWords())
    leaks = list(visit.of_the_site())
    public = leak_check.public_ids()
    for package_id, name in visit.names.items():
        leaks += visit.of_released(package_id, name) if package_id in public else visit.of_held(package_id, name)
        progress()
    return leaks


def how_many() -> int:
    """Return how many datasets there are to visit."""
    return model.Session.scalar(sa.select(sa.func.count()).select_from(model.package_table)) or 0


def _paths(table: tuple[tuple[str, str], ...], **ids: str) -> list[str]:
    return [path.format(**ids) for plugin, path in table if not plugin or p.plugin_loaded(plugin)]


class _Visit:
    """One walk of a stranger through the whole catalogue."""

    def __init__(self, stranger: Stranger, held: leak_words.HeldWords) -> None:
        self.stranger, self.held = stranger, held
        table = model.package_table.c
        rows = model.Session.execute(sa.select(table.id, table.name).order_by(table.id)).tuples().all()
        self.names: dict[str, str] = dict(rows)

    def of_the_site(self) -> Iterator[Leak]:
        """What everyone may read of the catalogue as a whole."""
        for path in _paths(_OF_THE_SITE):
            yield from self._page(path)
        groups = model.Session.execute(
            sa.select(model.Group.name, model.Group.is_organization).where(model.Group.state == "active")
        )
        for name, is_organization in groups.tuples().all():
            for path in _OF_ORGANIZATIONS if is_organization else _OF_GROUPS:
                yield from self._page(path.format(name=name))

    def of_released(self, package_id: str, name: str) -> Iterator[Leak]:
        """What everyone may read of a released dataset: it must be there, and say what the release says."""
        expected = released.package(package_id)
        if expected is None:
            return
        found = self.stranger.result(f"package_show?id={package_id}")
        if found is None:
            yield leak("package_show", f"The released dataset '{name}' cannot be read.")
            return
        yield from _foreign("package_show", f"What is answered about '{name}'", found, expected)
        for path in _paths(_OF_DATASETS, id=package_id, name=expected["name"]):
            yield from self._page(path)
        snapshot = released.snapshot(package_id)
        for resource_id in freeze.resource_ids(package_id):
            entry, ids = snapshot["resources"].get(resource_id), {"id": package_id, "rid": resource_id}
            yield from self._closed(name, ids) if entry is None else self._file(ids, entry, snapshot)

    def of_held(self, package_id: str, name: str) -> Iterator[Leak]:
        """What everyone may read of a dataset without a release: nothing."""
        paths = _paths(_OF_DATASETS, id=package_id, name=package_id)
        yield from self._none(name, [f"/api/3/action/package_show?id={package_id}", *paths])
        for resource_id in freeze.resource_ids(package_id):
            yield from self._closed(name, {"id": package_id, "rid": resource_id})

    def _closed(self, name: str, ids: dict[str, str]) -> Iterator[Leak]:
        yield from self._none(name, [*_paths(_OF_FILES, **ids), *_paths(_CLOSED, **ids)])

    def _none(self, name: str, paths: list[str]) -> Iterator[Leak]:
        for path in paths:
            with self.stranger.reading(path) as answer:
                given = answer.is_given
            if given:
                yield leak(path, f"It is answered, and '{name}' or this part of it has no release.")

    def _file(self, ids: dict[str, str], entry: dict[str, Any], snapshot: dict[str, Any]) -> Iterator[Leak]:
        for path in _paths(_OF_FILES, **ids):
            yield from self._page(path)
        shown, views = self.stranger.result(f"resource_view_list?id={ids['rid']}"), snapshot["views"].get(ids["rid"])
        yield from _foreign("resource_view_list", f"The views of {ids['rid']}", shown, views)
        if entry["kind"] == "file":
            yield from self._bytes(ids, entry)
        copy = released.rows(ids["rid"]) if p.plugin_loaded("datastore") else None
        if copy is not None:
            yield from self._rows(ids["rid"], copy)

    def _bytes(self, ids: dict[str, str], entry: dict[str, Any]) -> Iterator[Leak]:
        path, digest = "/dataset/{id}/resource/{rid}/download/file".format(**ids), hashlib.sha256()
        with self.stranger.reading(path) as answer:
            if not answer.is_given:
                yield leak("download", f"The released file of {ids['rid']} cannot be downloaded: {answer.status}.")
                return
            for piece in answer.body:
                digest.update(piece)
        if digest.hexdigest() != entry["sha256"]:
            yield leak("download", f"What is downloaded as {ids['rid']} are not the released bytes.")

    def _rows(self, resource_id: str, copy: dict[str, Any]) -> Iterator[Leak]:
        with self.stranger.reading(f"/datastore/dump/{resource_id}") as answer:
            if not answer.is_given:
                yield leak("dump", f"The released rows of {resource_id} cannot be downloaded: {answer.status}.")
                return
            lines = csv.reader(_lines(answer.body))
            heading, count = next(lines, []), sum(1 for _ in lines)
        if set(heading) - {"_id", *(field["id"] for field in copy["fields"])} or count != copy["rows"]:
            yield leak("dump", f"The table that is downloaded as {resource_id} is not the released one.")

    def _page(self, path: str) -> Iterator[Leak]:
        page = self.stranger.text(path)
        if page is None:
            yield leak(path, "It could not be read, so it could not be compared.")
            return
        for package_id in sorted(self.held.found_in(page)):
            yield leak(path, f"It shows words of '{self.names.get(package_id, package_id)}' that are not released.")


def _lines(body: Iterator[bytes]) -> Iterator[str]:
    """Yield the lines of a text that comes in pieces, with their ends."""
    left = b""
    for piece in body:
        *whole, left = (left + piece).split(b"\n")
        yield from (f"{line.decode(errors='replace')}\n" for line in whole)
    if left:
        yield left.decode(errors="replace")


def _foreign(where: str, what: str, answer: Any, expected: Any) -> Iterator[Leak]:
    """Tell when an answer says something that what it should say does not."""
    known = {index_terms.plain(text) for text in index_terms.texts(expected)}
    said = {index_terms.plain(text) for text in index_terms.texts(leak_check.without_harvest(answer))}
    if said - known:
        yield leak(where, f"{what} says something that its release does not say.")
