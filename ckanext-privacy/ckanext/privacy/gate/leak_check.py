"""The net under the gate: everything a visitor can read, compared with the releases. It must find nothing.

It looks at what is stored (rows, index, activities, tables, files), and through the visitor's own actions: that is
quick. :mod:`ckanext.privacy.gate.leak_visits` goes on to read every page, file and table as a stranger does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import requests
import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.lib.search.common import make_connection
from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import activities, freeze, index, index_terms, released, rows, store
from ckanext.privacy.gate.snapshot import canonical
from ckanext.privacy.model import Release

Leak = dict[str, str]
PAGE = 500
#: The two fields of the index that keep a whole dataset, as answered to a reader.
WHOLE = ("validated_data_dict", "data_dict")
HARVESTED = "harvest_object_id"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: ckanext-harvest writes into the index, after the gate, which of the site's sources a dataset came from.
ADDED_BY_HARVEST = frozenset({"harvest_object_id", "harvest_source_id", "harvest_source_title"})


def find_leaks() -> list[Leak]:
    """Return every place where a visitor can read what no release shows: ``[{"where", "what"}]``."""
    return [found for check in CHECKS for found in check()]


def leak(where: str, what: str) -> Leak:
    """Say where something leaks, and what."""
    return {"where": where, "what": what}


def public_ids() -> set[str]:
    """Return the ids of the datasets that the public may see."""
    return set(model.Session.scalars(sa.select(Release.package_id).where(*released.conditions())))


def _open_rows() -> Iterator[Leak]:
    """Rows that CKAN would show to everyone if the gate's plugin were taken away."""
    table = model.package_table
    for name in model.Session.scalars(sa.select(table.c.name).where(table.c.private.is_(False))):
        yield leak("database", f"The dataset '{name}' is stored as public.")


def _renamed_rows() -> Iterator[Leak]:
    table = model.package_table
    query = sa.select(table.c.name, Release.snapshot["package"]["name"].astext)
    query = query.join(Release, Release.package_id == table.c.id).where(*released.conditions())
    for name, released_name in model.Session.execute(query):
        if name != released_name:
            yield leak("database", f"The dataset '{released_name}' goes by the name '{name}', which was not released.")


def _documents() -> Iterator[dict[str, Any]]:
    """Yield every document of the index that says "public" anywhere."""
    connection, start = make_connection(decode_dates=False), 0
    search = {"fq": f'+site_id:"{tk.config["ckan.site_id"]}" +(permission_labels:public OR capacity:public)'}
    while True:
        search |= {
            "fl": "*",
            "sort": "id asc",
            "start": start,
            "rows": PAGE,
        }
        page = connection.search("*:*", **search)
        yield from page.docs
        start += PAGE
        if start >= page.hits:
            return


def _index() -> Iterator[Leak]:
    """Documents that visitors find, which no release stands behind or which say something else."""
    try:
        terms = index_terms.Terms()
        for document in _documents():
            yield from _document(document, terms)
    except (requests.RequestException, KeyError, ValueError) as error:
        yield leak("search index", f"The search index could not be compared: {type(error).__name__}.")


def _document(document: dict[str, Any], terms: index_terms.Terms) -> Iterator[Leak]:
    name = document.get("name", document["id"])
    expected = index.expected_document(document["id"])
    if expected is None:
        yield leak("search index", f"The dataset '{name}' is marked as public and has no release.")
        return
    if any(_content(json.loads(document[part])) != _content(json.loads(expected[part])) for part in WHOLE):
        yield leak("search index", f"The document of '{name}' differs from its release.")
        return
    if released.waits_for_index(document["id"]):
        return
    for field in terms.foreign(_compared(document), {**expected, **_moved(document)}):
        yield leak("search index", f"The field '{field}' of '{name}' holds something that its release does not say.")


def _compared(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in WHOLE}


def _moved(document: dict[str, Any]) -> dict[str, Any]:
    """The record's number that a document was indexed with: a harvest run gives another, and need not index for it."""
    known = {name: str(document.get(name, "")) for name in (HARVESTED, f"extras_{HARVESTED}")}
    return {f"moved_{name}": value for name, value in known.items() if _UUID.fullmatch(value)}


def _content(package: dict[str, Any]) -> bytes:
    """Return what two answers about a dataset must agree in: all but what moves without the content changing."""
    compared = without_harvest(package)
    return canonical({key: value for key, value in compared.items() if key not in {"organization", "groups"}})


def without_harvest(answer: Any) -> Any:
    """Return an answer about a dataset without what others add to it: how often it is read, where it came from."""
    if not isinstance(answer, dict) or "resources" not in answer:
        return answer
    resources = [
        {key: value for key, value in each.items() if key != "tracking_summary"} for each in answer["resources"]
    ]
    extras = [each for each in answer.get("extras") or [] if each["key"] not in ADDED_BY_HARVEST]
    kept = {key: value for key, value in answer.items() if key != "tracking_summary"}
    return {**kept, "resources": resources, "extras": extras}


def _activities() -> Iterator[Leak]:
    """Activities that visitors see, which say something else than the release."""
    table = activities.table()
    if table is None:
        return
    query = sa.select(table.c.id, table.c.object_id, table.c.data).join(
        model.package_table, model.package_table.c.id == table.c.object_id
    )
    open_to_all = sa.or_(
        table.c.activity_type.is_(None),
        table.c.activity_type.not_like("%package"),
        sa.text("'public' = ANY(permission_labels)"),
    )
    for activity_id, package_id, data in model.Session.execute(query.where(open_to_all)):
        shown = released.package(package_id)
        if shown is None or _content((data or {}).get("package") or {"resources": []}) != _content(shown):
            yield leak("activity stream", f"The activity {activity_id} shows what is not released.")


def _visitor(action: str, **data: Any) -> Any:
    return tk.get_action(action)({"user": "", "auth_user_obj": None}, data)


def _answers() -> Iterator[Leak]:
    """What a visitor is answered about each dataset there is."""
    public = public_ids()
    yield from _lists(public)
    for package_id, name in model.Session.execute(sa.select(model.Package.id, model.Package.name)).all():
        if package_id in public:
            yield from _answer(package_id, name)
        elif _can(lambda package_id=package_id: _visitor("package_show", id=package_id)):
            yield leak("package_show", f"The dataset '{name}' is shown and has no release.")


def _lists(public: set[str]) -> Iterator[Leak]:
    known = dict(model.Session.execute(sa.select(model.Package.name, model.Package.id)).tuples().all())
    for name in _visitor("package_list"):
        if known.get(name) not in public:
            yield leak("package_list", f"The dataset '{name}' is listed and has no release.")
    tags = sa.func.jsonb_path_query(Release.snapshot, "$.package.tags[*].name")
    for tag in set(_visitor("tag_list")) - set(model.Session.scalars(sa.select(tags).where(*released.conditions()))):
        yield leak("tag_list", f"The tag '{tag}' is listed and no release has it.")
    start = 0
    while found := _visitor("package_search", rows=PAGE, start=start, include_private=True)["results"]:
        start += PAGE
        for package in found:
            if package["id"] not in public:
                yield leak("package_search", f"The dataset '{package['name']}' is found and has no release.")


def _answer(package_id: str, name: str) -> Iterator[Leak]:
    snapshot = released.snapshot(package_id)
    for resource_id in freeze.resource_ids(package_id):
        entry = snapshot["resources"].get(resource_id)
        if entry is None and _can(lambda resource_id=resource_id: _visitor("resource_show", id=resource_id)):
            yield leak("resource_show", f"A resource of '{name}' is shown and is not in its release: {resource_id}.")
        yield from _content_of(resource_id, entry)


def _content_of(resource_id: str, entry: dict[str, Any] | None) -> Iterator[Leak]:
    if entry and entry["kind"] == "file":
        yield from _file_of(resource_id, entry["sha256"])
    if p.plugin_loaded("datastore"):
        yield from _rows_of(resource_id)


def _file_of(resource_id: str, sha256: str) -> Iterator[Leak]:
    try:
        if not store.exists(sha256):
            yield leak("download", f"The released file of {resource_id} is not in the release store any more.")
        elif store.measure(store.stream(sha256)).sha256 != sha256:
            yield leak("download", f"The released file of {resource_id} does not have the released bytes any more.")
    except store.StoreDown:
        yield leak("download", f"The released file of {resource_id} could not be compared: the store does not answer.")


def _rows_of(resource_id: str) -> Iterator[Leak]:
    copy = released.rows(resource_id)
    if copy is None:
        if _can(lambda: _visitor("datastore_search", resource_id=resource_id, limit=0)):
            yield leak("datastore_search", f"The rows of {resource_id} can be read and are not released.")
        return
    if rows.fingerprint(resource_id, copy["table"]) != copy["fingerprint"]:
        yield leak("datastore_search", f"The released rows of {resource_id} are not the ones that were released.")
    elif rows.has_foreign_words(copy["table"]):
        remedy = 'The next run of "ckan privacy rescan" makes their words anew.'
        what = f"The released rows of {resource_id} may be found by words that they do not show. {remedy}"
        yield leak("datastore_search", what)


def _can(read: Callable[[], Any]) -> bool:
    try:
        read()
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return False
    return True


CHECKS: tuple[Callable[[], Iterator[Leak]], ...] = (_open_rows, _renamed_rows, _index, _activities, _answers)
