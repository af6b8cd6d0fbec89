"""Many datasets in one transaction: what ``package_create`` and ``package_update`` do for each, done for all at once.

Every dataset goes through this site's own schema (``validation``), is written through CKAN's models, so that listeners
of its database session hear of it, is passed to the plugins' ``IPackageController`` (``create``,
``after_dataset_create``; ``edit``, ``after_dataset_update``), gets its activity and its document in the index, and a
new one its default views. Not called are wrappers that plugins put around the two actions and listeners of their
signals: what the privacy gate and the activity stream do there is done here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import datapreview, uploader
from ckan.lib.dictization import model_save
from ckan.lib.munge import munge_title_to_name
from ckan.types import Context

from ckanext.cityportals import gate
from ckanext.cityportals.validation import Validator

_PACKAGE_COLUMNS = frozenset(model.package_table.c.keys()) - {"extras", "plugin_data", "metadata_created"}
#: members of a resource that CKAN does not save
_NO_MEMBERS = frozenset({"extras", "revision_timestamp", "tracking_summary"})
_SHORTEST_NAME = 2
_RELATED = frozenset({"relationships_as_subject", "relationships_as_object"})


def free_names(wanted: Mapping[str, str]) -> dict[str, str]:
    """A name for each dataset id, from its title; with a piece of the id where another dataset has it.

    Deleted datasets keep their names too: links to them must not lead somewhere else.
    """
    munged = {key: munge_title_to_name(title)[:90].strip("-") or "dataset" for key, title in wanted.items()}
    query = sa.select(model.Package.name).where(model.Package.name.in_(set(munged.values())))
    taken, names = set(model.Session.scalars(query)), {}
    for dataset_id, name in munged.items():
        free = name not in taken and len(name) >= _SHORTEST_NAME
        names[dataset_id] = name if free else f"{name}-{dataset_id[:8]}"
        taken.add(names[dataset_id])
    return names


def write(datasets: list[dict[str, Any]], context: Context) -> list[model.Package]:
    """Write checked datasets (as ``Validator.for_create`` gives them) and tell the plugins. Commits nothing."""
    creator = model.User.get(context.get("user") or "")
    tags = _tags(datasets)
    packages = [_package(dataset, creator, tags) for dataset in datasets]
    model.Session.add_all(packages)
    model.Session.flush()
    members = _memberships(packages)
    if members:
        model.Session.execute(sa.insert(model.member_table), members)
    for dataset, package in zip(datasets, packages, strict=True):
        dataset["id"] = package.id
        for resource, row in zip(dataset.get("resources") or [], package.resources_all, strict=True):
            resource["id"] = row.id
    _tell_plugins(datasets, packages, context)
    _add_views(datasets, context)
    return packages


def _package(dataset: dict[str, Any], creator: model.User | None, tags: Mapping[str, model.Tag]) -> model.Package:
    moment = datetime.now(timezone.utc).replace(tzinfo=None)
    package = model.Package()
    for name in _PACKAGE_COLUMNS & dataset.keys():
        setattr(package, name, dataset[name])
    package.state = package.state or model.State.ACTIVE
    package.metadata_created = package.metadata_modified = moment
    package.extras = {each["key"]: each["value"] for each in dataset.get("extras") or []}
    if creator is not None:
        package.creator_user_id = creator.id
    package.resources_all = [_resource(each, moment) for each in dataset.get("resources") or []]
    names = dict.fromkeys(each["name"] for each in dataset.get("tags") or [])
    package.package_tags = [model.PackageTag(package, tags[name], model.State.ACTIVE) for name in names]
    return package


def _resource(resource: dict[str, Any], moment: datetime) -> model.Resource:
    row = model.Resource()
    _, row.extras = row.from_dict({name: value for name, value in resource.items() if name not in _NO_MEMBERS})
    row.metadata_modified = moment
    row.state = model.State.ACTIVE
    row.url_changed = True
    return row


def _memberships(packages: Iterable[model.Package]) -> list[dict[str, Any]]:
    """The organisations' memberships as rows: as objects each of them would look up its dataset once more."""
    return [
        {
            "id": str(uuid4()),
            "table_id": package.id,
            "table_name": "package",
            "capacity": "organization",
            "group_id": package.owner_org,
            "state": model.State.ACTIVE,
        }
        for package in packages
        if package.owner_org
    ]


def _tags(datasets: Iterable[dict[str, Any]]) -> dict[str, model.Tag]:
    """The free tags these datasets name; those that were never used before are made."""
    names = {tag["name"] for dataset in datasets for tag in dataset.get("tags") or []}
    query = sa.select(model.Tag).where(model.Tag.name.in_(names), model.Tag.vocabulary_id.is_(None))
    found = {tag.name: tag for tag in model.Session.scalars(query)}
    found.update((name, model.Tag(name)) for name in names - found.keys())
    return found


def _tell_plugins(datasets: list[dict[str, Any]], packages: list[model.Package], context: Context) -> None:
    gate.note_edits(context, [package.id for package in packages])
    hooks = [hook for hook in p.PluginImplementations(p.IPackageController) if hook.name != gate.PLUGIN]
    for dataset, package in zip(datasets, packages, strict=True):
        for hook in hooks:
            hook.create(package)
            hook.after_dataset_create(context, dataset)


def _add_views(datasets: Iterable[dict[str, Any]], context: Context) -> None:
    """Default views, for the resources that some view can show without the datastore."""
    views = datapreview.get_default_view_plugins(False)
    for dataset in datasets:
        for resource in dataset.get("resources") or []:
            if any(view.can_view({"resource": resource, "package": dataset}) for view in views):
                datapreview.add_views_to_resource(
                    _for_views(context), {**resource, "package_id": dataset["id"]}, dataset
                )


def _for_views(context: Context) -> Context:
    return {"user": context.get("user", ""), "ignore_auth": True, "defer_commit": True}


@dataclass(frozen=True)
class Change:
    """A dataset that stands here, as it is shown and as it shall be."""

    package: model.Package
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def unchanged_resources(self) -> dict[int, int]:
        """Positions of the resources that stay as they are: the new one, and the one they have."""
        known = {each["id"]: each for each in self.before.get("resources") or []}
        resources = self.after.get("resources") or []
        return {
            place: known[each["id"]]["position"]
            for place, each in enumerate(resources)
            if each.get("id") in known and each == known[each["id"]]
        }


def check(change: Change, validator: Validator, context: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """The changed dataset as this site's schema makes it, its unchanged resources as they were; and its errors."""
    kept = change.unchanged_resources
    resources = change.after.get("resources") or []
    looked_at = [_with_media_type(each) for place, each in enumerate(resources) if place not in kept]
    dataset, errors = validator.for_update({**change.after, "resources": looked_at}, context)
    if not errors:
        checked = iter(dataset.get("resources") or [])
        dataset["resources"] = [
            change.before["resources"][kept[place]] if place in kept else next(checked)
            for place in range(len(resources))
        ]
    return dataset, errors


def _with_media_type(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource with the media type that this site's uploader guesses from its address, where it says none."""
    guessed = getattr(uploader.get_resource_uploader(resource), "mimetype", None)
    return resource if "mimetype" in resource or not guessed else {**resource, "mimetype": guessed}


def change_all(changes: Iterable[tuple[Change, dict[str, Any]]], context: Context) -> set[str]:
    """Write changed datasets with what ``check`` made of them, and tell the plugins. Commits nothing.

    Returns the ids of those of which anything was changed.
    """
    written = []
    for change, dataset in changes:
        own = tk.fresh_context(context)
        own["package"] = change.package
        if _save_parts(change, dataset, own):
            change.package.metadata_modified = datetime.now(timezone.utc).replace(tzinfo=None)
            written.append((change.package, dataset, own))
    model.Session.flush()
    ids = {package.id for package, _, _ in written}
    gate.note_edits(context, ids)
    hooks = [hook for hook in p.PluginImplementations(p.IPackageController) if hook.name != gate.PLUGIN]
    for package, dataset, own in written:
        for hook in hooks:
            hook.edit(package)
            hook.after_dataset_update(own, dataset)
    return ids


def _save_parts(change: Change, dataset: dict[str, Any], context: Context) -> bool:
    """Write those parts of a dataset that are not as they were; whether there are any.

    CKAN's own way of writing them looks up every tag, group, resource and relationship of each dataset, whether or not
    it changed, which takes longer than all the rest.
    """
    package, before = change.package, change.before
    extras = {each["key"]: each["value"] for each in dataset.get("extras") or []}
    columns = {name: dataset[name] for name in _PACKAGE_COLUMNS & dataset.keys()}
    changed, _ = package.from_dict({**columns, "extras": extras})
    parts = [bool(changed)]
    kept, resources = change.unchanged_resources, dataset.get("resources") or []
    if kept != {place: place for place in range(len(resources))} or len(resources) != len(before["resources"]):
        parts.append(model_save.package_resource_list_save(resources, package, context, kept))
    if _named(dataset, "tags") != _named(before, "tags"):
        parts.append(model_save.package_tag_list_save(dataset.get("tags"), package, context))
    if "groups" in dataset and _named(dataset, "groups") != _named(before, "groups"):
        parts.append(model_save.package_membership_list_save(dataset["groups"], package, context))
    for related in _RELATED & dataset.keys():
        if dataset[related] or before.get(related):
            model_save.relationship_list_save(dataset[related], package, related, context)
    return any(parts)


def _named(dataset: Mapping[str, Any], part: str) -> set[tuple[str, str | None]]:
    return {(each.get("name") or each.get("id"), each.get("vocabulary_id")) for each in dataset.get(part) or []}


def note_activities(shown: Iterable[tuple[model.Package, dict[str, Any]]], user_name: str, kind: str) -> None:
    """A ``new`` or ``changed`` package in the activity stream for each dataset, as the activity plugin writes it."""
    if not p.plugin_loaded("activity") or not tk.config.get("ckan.activity_streams_enabled"):
        return
    from ckanext.activity.model import Activity

    user = model.User.get(user_name)
    rows = (
        Activity(
            user.id if user else "",
            package.id,
            f"{kind} package",
            {"package": custom, "actor": user_name},
            gate.activity_labels(package),
        )
        for package, custom in shown
    )
    model.Session.add_all(rows)


def existing(dataset_ids: Collection[str]) -> dict[str, model.Package]:
    """Those of these datasets that are there already, by id."""
    query = sa.select(model.Package).where(model.Package.id.in_(dataset_ids))
    return {package.id: package for package in model.Session.scalars(query)}
