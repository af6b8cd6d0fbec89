"""The search index holds one document a dataset, and many readers: it is built from the release where there is one."""

from __future__ import annotations

import itertools
import time
from contextvars import ContextVar
from typing import Any

from ckan import model
from ckan import plugins as p
from ckan.lib.search.index import PackageSearchIndex

from ckanext.privacy.gate import labels, released

Document = dict[str, Any]

_flattening: ContextVar[bool] = ContextVar("privacy_flattening", default=False)


#: Until when a dataset is known to have a release in force, by this process's clock. The index itself is brought in
#: line when a release ends; this only bounds what a search shows while the index could not be reached, or lags.
_in_force_until: dict[str, float] = {}
_KNOWN_FOR = 1.0
_MOST_KNOWN = 100


class _Flattened(Exception):  # noqa: N818 - not an error: it carries a document out of CKAN's indexer
    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document


def document_for(working: Document) -> Document:
    """Return the index document of a dataset: its release if it has one, else its working copy, closed.

    ``working`` is the flattened document CKAN is about to index. CKAN flattens inside of one long method, so the
    snapshot is sent through the same method, which calls us again at the same place, and is caught there.
    """
    if _flattening.get():
        raise _Flattened(working)
    if working.get("state") != "active":
        return {**working, "capacity": "private"}
    found = released.both(working["id"])
    if found is None:
        return {**working, "capacity": "private"}
    default, custom = found
    return {**_flatten({**default, "with_custom_schema": custom}), "capacity": "public"}


def _flatten(package: dict[str, Any]) -> Document:
    token = _flattening.set(True)
    try:
        PackageSearchIndex().index_package(package)
    except _Flattened as flattened:
        return flattened.document
    finally:
        _flattening.reset(token)
    raise RuntimeError("CKAN's indexer did not call its plugins, so a release could not be indexed.")


def expected_document(package_id: str) -> Document | None:
    """Return the document that the index should hold of a dataset's release, made anew by all plugins, or None."""
    found = released.both(package_id)
    package = model.Session.get(model.Package, package_id)
    if found is None or package is None:
        return None
    default, custom = found
    document = {**_flatten({**default, "with_custom_schema": custom}), "capacity": "public"}
    for plugin in _plugins_after_the_gate():
        document = plugin.before_dataset_index(document)
    return {**document, "permission_labels": labels.dataset_labels(package)}


def _plugins_after_the_gate() -> list[Any]:
    plugins = p.PluginImplementations(p.IPackageController)
    return list(itertools.dropwhile(lambda plugin: plugin.name != "privacy", plugins))[1:]


def with_identity(search: dict[str, Any]) -> dict[str, Any]:
    """Make a search for single fields return what :func:`without_ended` needs to know as well."""
    fields = search.get("fl")
    return {**search, "fl": [*dict.fromkeys((*fields, "id", "capacity"))]} if fields else search


def without_ended(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the index still shows of releases that have ended: it may lag behind, or have been down then."""
    ended = _ended({package["id"] for package in found["results"] if _is_shown_as_public(package)})
    if not ended:
        return found
    kept = [package for package in found["results"] if package.get("id") not in ended]
    return {**found, "count": found["count"] - len(ended), "results": kept}


def _is_shown_as_public(package: dict[str, Any]) -> bool:
    return package.get("private") is False or package.get("capacity") == "public"


def _ended(shown: set[str]) -> set[str]:
    """Return which of the datasets found have no release in force; each is asked about once a second at most.

    What other searches found of late is asked about along with them: one statement a second, not one for each page.
    """
    moment = time.monotonic()
    unsure = {package_id for package_id in shown if _in_force_until.get(package_id, 0.0) < moment}
    if not unsure:
        return set()
    in_force = released.in_force(unsure | _in_force_until.keys())
    _in_force_until.clear()
    _in_force_until.update(dict.fromkeys(itertools.islice(in_force, _MOST_KNOWN), moment + _KNOWN_FOR))
    return unsure - in_force


def forget(package_id: str) -> None:
    """Ask again about a dataset in the next search."""
    _in_force_until.pop(package_id, None)
