"""What this extension remembers about datasets and sources.

It is kept in CKAN's own ``package.plugin_data``, under ``cityportals``: in the same transaction and with the same life
as the dataset, out of reach of forms and of the public, and untouched when ckanext-harvest's job history is cleared
(its harvest objects may be deleted at any time, so they hold nothing that must last).

A dataset's entry: ``source_id``, ``remote_ids`` (newest first), ``aliases``, ``digest``, ``mapped`` (what the source
said last), ``saved`` (fingerprints of what was saved; of a field that people edited, of what they edited),
``conflicts`` and ``declined`` (see ``merge.standing``), ``twins`` (datasets that other sources brought of the same
thing), ``warnings``, ``leftovers``, ``public`` (whether the portal shows it to everybody), ``missing_since``,
``missing_runs``, ``doubted`` (so many went at once that a person must say it is true), ``withdrawn``. A source's entry:
``run`` (what the last gathering found), ``validators``, ``purged``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.cityportals.reconcile import Known

KEY = "cityportals"

# Only what matching needs: the last harvested copies would not fit in memory for a large source.
_KNOWN_COLUMNS = """
    SELECT id, state, plugin_data -> :key -> 'remote_ids' AS remote_ids, plugin_data -> :key -> 'aliases' AS aliases,
           plugin_data -> :key ->> 'digest' AS digest, plugin_data -> :key ->> 'missing_since' AS missing_since,
           plugin_data -> :key -> 'missing_runs' AS missing_runs, plugin_data -> :key -> 'withdrawn' AS withdrawn,
           plugin_data -> :key -> 'doubted' AS doubted
      FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id
"""
_KNOWN = sa.text(f"{_KNOWN_COLUMNS} ORDER BY metadata_created, id")
_KNOWN_MISSING = sa.text(
    f"{_KNOWN_COLUMNS} AND plugin_data -> :key ->> 'missing_since' IS NOT NULL ORDER BY metadata_created, id"
)
_DIGESTS = sa.text("""
    SELECT plugin_data -> :key -> 'remote_ids' ->> 0 AS remote_id, plugin_data -> :key ->> 'digest' AS digest
      FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id AND state != 'deleted'
       AND plugin_data -> :key ->> 'missing_since' IS NULL
""")
_COUNT_RUN = sa.text("""
    UPDATE package
       SET plugin_data = jsonb_set(plugin_data, ARRAY[:key, 'missing_runs'],
                                   to_jsonb(coalesce((plugin_data -> :key ->> 'missing_runs')::int, 0) + 1))
     WHERE id = ANY(:ids)
""")
_NOTE = sa.text("""
    UPDATE package
       SET plugin_data = jsonb_set(plugin_data, ARRAY[:key], (plugin_data -> :key) || CAST(:members AS jsonb))
     WHERE id = ANY(:ids)
""")
_WRITE_ALL = sa.text("""
    UPDATE package
       SET plugin_data = jsonb_set(coalesce(plugin_data, '{}'::jsonb), ARRAY[:key],
                                   coalesce(plugin_data -> :key, '{}'::jsonb) || rows.entry)
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS rows(id text, entry jsonb)
     WHERE package.id = rows.id
""")
_IN_CONFLICT = sa.text("""
    SELECT id FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id AND state != 'deleted'
       AND coalesce(plugin_data -> :key -> 'conflicts', '{}'::jsonb) != '{}'::jsonb
     ORDER BY title, id
""")

_ANY = sa.text("SELECT 1 FROM package WHERE plugin_data -> :key ->> 'source_id' = :source_id LIMIT 1")
_SHARED = sa.text("""
    SELECT alias FROM package, jsonb_array_elements_text(plugin_data -> :key -> 'aliases') AS alias
     WHERE plugin_data -> :key ->> 'source_id' = :source_id AND alias = ANY(:aliases)
     GROUP BY alias HAVING count(*) > 1
""")

#: rows that are in memory at a time where all datasets of a source are looked at
_ROWS = 1000


def digests(source_id: str) -> Iterator[tuple[str, str]]:
    """Current identifier and digest of every dataset of a source that is neither missing nor deleted."""
    for row in _stream(_DIGESTS, source_id):
        yield row.remote_id, row.digest or ""


def _stream(query: sa.TextClause, source_id: str) -> sa.Result[Any]:
    options = {"yield_per": _ROWS}
    return model.Session.execute(query, {"key": KEY, "source_id": source_id}, execution_options=options)


def known_datasets(source_id: str, *, only_missing: bool = False) -> Iterator[Known]:
    """Every dataset a source ever brought, deleted ones included: what a person deleted is not brought back.

    :param only_missing: leave out those whose record was there last time
    """
    for row in _stream(_KNOWN_MISSING if only_missing else _KNOWN, source_id):
        yield Known(
            dataset_id=row.id,
            remote_ids=tuple(row.remote_ids),
            aliases=frozenset(row.aliases),
            digest=row.digest or "",
            missing_since=row.missing_since,
            missing_runs=row.missing_runs or 0,
            withdrawn=bool(row.withdrawn),
            doubted=bool(row.doubted),
            deleted=row.state == model.State.DELETED,
        )


def shared(source_id: str, aliases: Collection[str]) -> set[str]:
    """Those of these aliases that several datasets of a source carry."""
    wanted = {"key": KEY, "source_id": source_id, "aliases": list(aliases)}
    return set(model.Session.scalars(_SHARED, wanted)) if aliases else set()


def has_datasets(source_id: str) -> bool:
    """Whether a source ever brought a dataset."""
    return model.Session.execute(_ANY, {"key": KEY, "source_id": source_id}).first() is not None


def in_conflict(source_id: str) -> list[str]:
    """Ids of the datasets of a source in which conflicts were found, by title."""
    return list(model.Session.scalars(_IN_CONFLICT, {"key": KEY, "source_id": source_id}))


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


def write_all(entries: Mapping[str, dict[str, Any]]) -> None:
    """Set members of many entries in one statement, by dataset id. Commits nothing."""
    rows = json.dumps([{"id": package_id, "entry": members} for package_id, members in entries.items()])
    model.Session.execute(_WRITE_ALL, {"key": KEY, "rows": rows})


def note(dataset_ids: Iterable[str], **members: Any) -> None:
    """Set the same members in the entries of many datasets. Commits nothing."""
    ids = list(dataset_ids)
    if ids:
        model.Session.execute(_NOTE, {"key": KEY, "members": json.dumps(members), "ids": ids})


def count_run(dataset_ids: Iterable[str]) -> None:
    """Count one more complete answer in which these datasets' records were missing. Commits nothing."""
    ids = list(dataset_ids)
    if ids:
        model.Session.execute(_COUNT_RUN, {"key": KEY, "ids": ids})


def remembered_ids(remote_id: str, earlier: Iterable[str]) -> list[str]:
    """All identifiers a dataset ever had, the newest first."""
    return list(dict.fromkeys([remote_id, *earlier]))
