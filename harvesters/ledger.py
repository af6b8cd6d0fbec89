"""What this extension remembers about datasets and sources.

It is kept in CKAN's own ``package.plugin_data``, under ``cityportals``: in the same transaction and with the same life
as the dataset, out of reach of forms and of the public, and untouched when ckanext-harvest's job history is cleared
(its harvest objects may be deleted at any time, so they hold nothing that must last).

A dataset's entry: ``source_id``, ``remote_ids`` (newest first), ``aliases``, ``digest``, ``mapped`` (what the source
said last), ``saved`` (fingerprints of what was saved), ``warnings``, ``leftovers``, ``missing_since``,
``missing_runs``, ``withdrawn``. A source's entry: ``run`` (what the last gathering found) and ``validators``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.cityportals.reconcile import Known

KEY = "cityportals"

# Only what matching needs: the last harvested copies would not fit in memory for a large source.
_KNOWN = sa.text("""
    SELECT id, state, plugin_data -> :key -> 'remote_ids' AS remote_ids, plugin_data -> :key -> 'aliases' AS aliases,
           plugin_data -> :key ->> 'digest' AS digest, plugin_data -> :key ->> 'missing_since' AS missing_since,
           plugin_data -> :key -> 'missing_runs' AS missing_runs, plugin_data -> :key -> 'withdrawn' AS withdrawn
      FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id
     ORDER BY metadata_created, id
""")
_NOTE = sa.text("""
    UPDATE package
       SET plugin_data = jsonb_set(plugin_data, ARRAY[:key], (plugin_data -> :key) || CAST(:members AS jsonb))
     WHERE id = ANY(:ids)
""")


def known_datasets(source_id: str) -> Iterator[Known]:
    """Every dataset a source ever brought, deleted ones included: what a person deleted is not brought back."""
    for row in model.Session.execute(_KNOWN, {"key": KEY, "source_id": source_id}):
        yield Known(
            dataset_id=row.id,
            remote_ids=tuple(row.remote_ids),
            aliases=frozenset(row.aliases),
            digest=row.digest or "",
            missing_since=row.missing_since,
            missing_runs=row.missing_runs or 0,
            withdrawn=bool(row.withdrawn),
            deleted=row.state == model.State.DELETED,
        )


def package(package_id: str) -> model.Package:
    """A dataset or source that is known to exist."""
    found = model.Package.get(package_id)
    if found is None:
        raise LookupError(f"Dataset {package_id} is gone from the database.")
    return found


def entry(package: model.Package) -> dict[str, Any]:
    """The entry of a dataset or source; empty where there is none."""
    return dict((package.plugin_data or {}).get(KEY) or {})


def write(package: model.Package, members: dict[str, Any]) -> None:
    """Set members of an entry. Commits nothing."""
    package.plugin_data = {**(package.plugin_data or {}), KEY: {**entry(package), **members}}


def note(dataset_ids: Iterable[str], **members: Any) -> None:
    """Set the same members in the entries of many datasets. Commits nothing."""
    ids = list(dataset_ids)
    if ids:
        model.Session.execute(_NOTE, {"key": KEY, "members": json.dumps(members), "ids": ids})


def remembered_ids(remote_id: str, earlier: Iterable[str]) -> list[str]:
    """All identifiers a dataset ever had, the newest first."""
    return list(dict.fromkeys([remote_id, *earlier]))
