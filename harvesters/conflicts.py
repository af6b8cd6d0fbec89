"""Fields that were changed here and at the source: shown with their versions, and decided by a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.cityportals import ledger
from ckanext.cityportals.merge import fingerprint, fingerprints, says_the_same, taken
from ckanext.cityportals.placing import lift, place, schema_fields

#: a text in several languages is kept beside the one in the site's own, and both are decided together
_TRANSLATED = "_translated"

#: by field: ``last``, ``remote`` and ``at``, see ``merge.standing``
Conflicts = dict[str, dict[str, Any]]


def of_dataset(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """The conflicts of a dataset as it stands here now (``package_show``); see ``cityportals_conflict_list``."""
    found = waiting(shown["id"])
    local = lift(shown, found)
    return [
        {
            "dataset_id": shown["id"],
            "dataset_name": shown["name"],
            "dataset_title": shown["title"],
            "field": name,
            **conflict,
            "local": local.get(name),
        }
        for name, conflict in found.items()
        if f"{name}{_TRANSLATED}" not in found and not says_the_same(name, local, conflict["remote"], conflict["last"])
    ]


def waiting(dataset_id: str) -> Conflicts:
    """The conflicts that the last runs found in a dataset, by field."""
    return ledger.entry(ledger.package(dataset_id)).get("conflicts") or {}


def together(name: str, found: Conflicts) -> Conflicts:
    """The conflicts that are decided with that of this field, itself included."""
    plain = name.removesuffix(_TRANSLATED)
    return {each: found[each] for each in (plain, f"{plain}{_TRANSLATED}") if each in found}


def take_remote(context: Context, dataset_id: str, decided: Conflicts) -> None:
    """Bring the source's values into the dataset as an edit of this person, which the gate treats as any other."""
    stands = show(context, dataset_id)
    local = lift(stands, decided)
    values = {name: taken(name, local, {name: each["remote"]}, {name: each["last"]}) for name, each in decided.items()}
    placed = place({**local, **values}, decided, schema_fields(stands["type"]))
    changed = [name if name in placed else "extras" for name in decided]
    change = {"id": dataset_id, **{name: placed[name] for name in changed}}
    tk.get_action("package_patch")(tk.fresh_context(context), change)
    saved = lift(show(context, dataset_id), decided)
    entry = _locked(dataset_id)
    prints = fingerprints(saved, {name: each["remote"] for name, each in decided.items()})
    _forget(dataset_id, entry, decided, saved={**entry["saved"], **prints})


def keep_local(dataset_id: str, decided: Conflicts) -> None:
    """Remember that these values of the source were declined: they are not asked about again."""
    entry = _locked(dataset_id)
    declined = dict(entry.get("declined") or {})
    for name, each in decided.items():
        declined[name] = list(dict.fromkeys([*declined.get(name, []), fingerprint(name, each["remote"])]))
    _forget(dataset_id, entry, decided, declined=declined)


def show(context: Context, dataset_id: str) -> dict[str, Any]:
    """The working copy as it stands now, for this person."""
    own = tk.fresh_context(context)
    own["use_cache"] = False
    return tk.get_action("package_show")(own, {"id": dataset_id})


def _locked(dataset_id: str) -> dict[str, Any]:
    """A dataset's entry as it is in the database; no run changes it before the next commit."""
    return ledger.entry(model.Session.get_one(model.Package, dataset_id, with_for_update=True, populate_existing=True))


def _forget(dataset_id: str, entry: dict[str, Any], decided: Conflicts, **members: Any) -> None:
    """Drop what was decided, but not what a run has found meanwhile."""
    found = entry.get("conflicts") or {}
    left = {name: each for name, each in found.items() if each != decided.get(name)}
    ledger.write_all({dataset_id: {**members, "conflicts": left}})
    model.Session.commit()
    model.Session.expire_all()


def of_source(context: Context, source_id: str, most: int) -> Iterator[dict[str, Any]]:
    """The conflicts of a source's datasets that this person may edit, at most of so many datasets."""
    for dataset_id in ledger.in_conflict(source_id)[:most]:
        try:
            tk.check_access("package_update", tk.fresh_context(context), {"id": dataset_id})
        except tk.NotAuthorized:
            continue
        yield from of_dataset(show(context, dataset_id))
