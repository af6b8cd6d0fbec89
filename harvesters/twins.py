"""The same dataset, brought by two sources: a city's own portal and one that collects those of a country, for example.

Both stay, since they may differ and each follows its own source; each knows of the other, so that a person who decides
about one of them sees it, and nothing is released twice by itself. They are recognised by what tells one dataset from
every other one across portals: DOI, item of ArcGIS or view of Socrata, UUID, addresses of its page, files and services,
or an identifier together with the title. What several datasets of one source carry tells nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.cityportals import gate, ledger

_KINDS = ["doi", "hub", "4x4", "uuid", "page", "file", "service"]

_OTHERS = sa.text("""
    SELECT 1 FROM package
     WHERE plugin_data -> :key ->> 'source_id' IS NOT NULL AND plugin_data -> :key ->> 'source_id' != :source_id
       AND state = 'active' LIMIT 1
""")
_PAIRS = sa.text("""
    WITH said AS (
        SELECT package.id, plugin_data -> :key ->> 'source_id' AS source_id, alias
          FROM package, jsonb_array_elements_text(plugin_data -> :key -> 'aliases') AS alias
         WHERE state = 'active' AND plugin_data -> :key ->> 'source_id' IS NOT NULL
    ), marks AS (
        SELECT id, source_id, alias AS mark FROM said
         WHERE split_part(alias, ':', 1) = ANY(:kinds) OR alias LIKE 'id:%/%'
         UNION ALL
        SELECT said.id, said.source_id, said.alias || ' ' || title.alias FROM said JOIN said AS title USING (id)
         WHERE said.alias LIKE 'id:%' AND title.alias LIKE 'name:%'
    ), telling AS (
        SELECT mark FROM marks GROUP BY mark
        HAVING count(DISTINCT source_id) > 1 AND count(DISTINCT id) = count(DISTINCT source_id)
    )
    SELECT DISTINCT mine.id AS mine, other.id AS other
      FROM marks AS mine JOIN telling USING (mark) JOIN marks AS other USING (mark)
     WHERE mine.source_id = :source_id AND other.source_id != :source_id
""")
_LINKED = sa.text("""
    SELECT id, plugin_data -> :key ->> 'source_id' AS source_id, plugin_data -> :key -> 'twins' AS twins
      FROM package WHERE plugin_data -> :key -> 'twins' != '[]'::jsonb
""")
_OF_SOURCE = sa.text("""
    SELECT id FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id AND state = 'active'
       AND plugin_data -> :key -> 'twins' != '[]'::jsonb
     ORDER BY title, id
""")


def link(source_id: str) -> None:
    """Find out which datasets of a source are brought by other sources too, and note it at both. Commits nothing."""
    linked = {row.id: row for row in model.Session.execute(_LINKED, {"key": ledger.KEY})}
    found = _pairs(source_id)
    own = {row.id for row in linked.values() if row.source_id == source_id} | found.keys()
    named_by: dict[str, set[str]] = defaultdict(set)
    for mine, others in found.items():
        for other in others:
            named_by[other].add(mine)
    changed = {}
    for dataset_id in linked.keys() | found.keys() | named_by.keys():
        before = set(linked[dataset_id].twins) if dataset_id in linked else set()
        now = found.get(dataset_id, set()) if dataset_id in own else before - own | named_by[dataset_id]
        if now != before:
            changed[dataset_id] = {"twins": sorted(now)}
    if changed:
        ledger.write_all(changed)


def _pairs(source_id: str) -> dict[str, set[str]]:
    """The twins of each dataset of a source that has some."""
    wanted: dict[str, Any] = {"key": ledger.KEY, "source_id": source_id}
    if model.Session.execute(_OTHERS, wanted).first() is None:
        return {}
    found: dict[str, set[str]] = defaultdict(set)
    for row in model.Session.execute(_PAIRS, {**wanted, "kinds": _KINDS}):
        found[row.mine].add(row.other)
    return found


def of_dataset(dataset_id: str) -> list[str]:
    """Ids of the datasets that other sources brought of the same thing."""
    return ledger.entry(ledger.package(dataset_id)).get("twins") or []


def of_source(source_id: str) -> list[str]:
    """Ids of a source's datasets that another source brings as well, by title."""
    return list(model.Session.scalars(_OF_SOURCE, {"key": ledger.KEY, "source_id": source_id}))


def seen_by(context: Context, dataset_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Datasets with their twins, as far as this person may see these; see ``cityportals_duplicate_list``."""
    for dataset_id in dataset_ids:
        seen = (_described(context, each) for each in of_dataset(dataset_id) if _may_see(context, each))
        found = [each for each in seen if each["title"]]
        package = ledger.package(dataset_id)
        yield {"id": package.id, "name": package.name, "title": package.title or package.name, "duplicates": found}


def _described(context: Context, dataset_id: str) -> dict[str, str]:
    """A twin as this person may read it: without a title where there is nothing of it for them."""
    package = ledger.package(dataset_id)
    source = model.Package.get(ledger.entry(package).get("source_id"))
    return {
        "id": package.id,
        "name": package.name,
        "title": gate.title_for(context, package) or "",
        "source_title": (gate.title_for(context, source) or "") if source else "",
    }


def _may_see(context: Context, dataset_id: str) -> bool:
    package = model.Package.get(dataset_id)
    if package is None or package.state != model.State.ACTIVE:
        return False
    try:
        return tk.check_access("package_show", tk.fresh_context(context), {"id": dataset_id})
    except tk.NotAuthorized:
        return False
