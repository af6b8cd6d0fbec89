"""Many stored datasets as ``package_show`` shows them, and as the search index holds them, in a few queries.

The dicts and documents are those of ``package_show`` and of CKAN's own indexer, all plugins' parts included; what
belongs to a batch is read once for all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import ckan.plugins as p
import sqlalchemy as sa
from ckan import logic, model
from ckan.lib import dictization
from ckan.lib.dictization import model_dictize
from ckan.lib.search import index as search_index
from ckan.lib.search.common import make_connection
from ckan.types import Context

from ckanext.cityportals.harvest_metadata import HarvestMetadata
from ckanext.cityportals.validation import Validator, rebound

Document = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A dataset with CKAN's own schema, and with that of its type, as plugins complete it."""

    default: dict[str, Any]
    custom: dict[str, Any]


def show(packages: list[model.Package], validator: Validator, context: Context) -> list[Shown]:
    """These datasets (all of the validator's type) in both forms, in their order."""
    return [
        Shown(_default(dictized, validator, own), _custom(dictized, validator, own))
        for dictized, own in _passed_to_plugins(packages, context)
    ]


def read(packages: list[model.Package], validator: Validator, context: Context) -> list[dict[str, Any]]:
    """What ``package_show`` gives for these datasets (all of the validator's type), in their order."""
    return [_custom(dictized, validator, own) for dictized, own in _passed_to_plugins(packages, context)]


def _passed_to_plugins(packages: list[model.Package], context: Context) -> Iterator[tuple[dict[str, Any], Context]]:
    """Each dataset as the plugins complete it before its schema is applied, and a context of its own."""
    for package, dictized in dictize(packages, context):
        for controller in p.PluginImplementations(p.IPackageController):
            controller.read(package)
        for plugin in p.PluginImplementations(p.IResourceController):
            for resource in dictized["resources"]:
                plugin.before_resource_show(resource)
        yield dictized, logic.fresh_context(context, package=package)


def _default(dictized: dict[str, Any], validator: Validator, context: Context) -> dict[str, Any]:
    # validation takes extras out of the dict it is given
    return validator.shown_by_default({**dictized, "extras": [dict(each) for each in dictized["extras"]]}, context)


def _custom(dictized: dict[str, Any], validator: Validator, context: Context) -> dict[str, Any]:
    custom = validator.shown(dictized, context)
    logic.apply_after_dataset_show_plugins(context, custom)
    return custom


def dictize(packages: list[model.Package], context: Context) -> Iterable[tuple[model.Package, dict[str, Any]]]:
    """CKAN's ``package_dictize`` for many datasets: the same queries, each for all of them."""
    ids = [package.id for package in packages]
    parts = _Parts(ids, {package.owner_org for package in packages if package.owner_org}, context)
    for package in packages:
        yield package, parts.complete(package)


class _Parts:
    """What hangs on datasets, by the dataset's id."""

    def __init__(self, ids: list[str], organizations: set[str], context: Context) -> None:
        self._context = context
        resource, tag, tagged = model.resource_table, model.tag_table, model.package_tag_table
        self.resources = _by("package_id", sa.select(resource).where(resource.c["package_id"].in_(ids)))
        tags = sa.select(tag, tagged.c["state"], tagged.c["package_id"]).join(tagged, tag.c["id"] == tagged.c["tag_id"])
        self.tags = _by("package_id", tags.where(tagged.c["package_id"].in_(ids)))
        self.groups = _by("table_id", _groups(ids))
        related = model.package_relationship_table
        self.subjects = _by("subject_package_id", sa.select(related).where(related.c["subject_package_id"].in_(ids)))
        self.objects = _by("object_package_id", sa.select(related).where(related.c["object_package_id"].in_(ids)))
        group = model.group_table
        owners = sa.select(group).where(group.c["id"].in_(organizations), group.c["state"] == "active")
        self.organizations = _by("id", owners)

    def complete(self, package: model.Package) -> dict[str, Any]:
        """One dataset, as ``package_dictize`` gives it."""
        context = self._context
        found = dictization.table_dictize(package, context)
        found.pop("plugin_data", None)
        found["title"] = found["title"].strip() if found.get("title") else found.get("title")
        found["resources"] = model_dictize.resource_list_dictize(cast(Any, self.resources[package.id]), context)
        found["num_resources"] = len(found["resources"])
        found["tags"] = sorted(self._tags(package.id), key=lambda each: each["name"])
        found["num_tags"] = len(found["tags"])
        found["extras"] = [{"key": key, "value": value} for key, value in (found["extras"] or {}).items()]
        context["with_capacity"] = False
        found["groups"] = model_dictize.group_list_dictize(
            cast(Any, self.groups[package.id]), context, with_package_counts=False
        )
        found["organization"] = self._organization(package.owner_org)
        found["relationships_as_subject"] = dictization.obj_list_dictize(self.subjects[package.id], context)
        found["relationships_as_object"] = dictization.obj_list_dictize(self.objects[package.id], context)
        return {**found, **_of_the_row(package)}

    def _tags(self, package_id: str) -> list[dict[str, Any]]:
        names = ("id", "name", "vocabulary_id", "state")
        rows = (row._mapping for row in self.tags[package_id] if row.state == "active")
        return [{name: row[name] for name in names} | {"display_name": row["name"]} for row in rows]

    def _organization(self, owner: str | None) -> dict[str, Any] | None:
        rows = self.organizations[owner] if owner else []
        if not rows:
            return None
        found = dictization.table_dictize(rows[0], self._context)
        found.pop("extras", None)
        return found


def _by(column: str, query: sa.Select[Any]) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(query):
        found[row._mapping[column]].append(row)
    return found


def _groups(ids: list[str]) -> sa.Select[Any]:
    group, member = model.group_table, model.member_table
    query = sa.select(group, member.c["capacity"], member.c["table_id"]).join(
        member, group.c["id"] == member.c["group_id"]
    )
    return query.where(
        member.c["table_id"].in_(ids), member.c["state"] == "active", group.c["is_organization"] == sa.false()
    )


def _of_the_row(package: model.Package) -> dict[str, Any]:
    licence = package.license
    said: dict[str, Any] = {"license_title": package.license_id}
    if licence:
        said["license_title"] = licence.title
    if licence and licence.url:
        said = {"license_url": licence.url, "license_title": licence.title.split("::")[-1]}
    return {
        "isopen": package.isopen(),
        "type": package.type or "dataset",
        **said,
        "metadata_modified": package.metadata_modified.isoformat(),
        "metadata_created": package.metadata_created.isoformat() if package.metadata_created else None,
    }


class _Collector:
    """Stands where CKAN's indexer expects Solr, and keeps the documents."""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def add(self, docs: list[Document], **_options: Any) -> None:
        self.documents += docs


def documents(shown: Iterable[Shown], origins: Mapping[str, HarvestMetadata]) -> list[Document]:
    """What CKAN's own indexer makes of these datasets, nothing sent.

    :param origins: by dataset: what ckanext-harvest adds, so that it need not look it up for each
    """
    collector = _Collector()
    hooks = list(p.PluginImplementations(p.IPackageController))
    index = rebound(
        search_index.PackageSearchIndex.index_package,
        make_connection=lambda: collector,
        PluginImplementations=lambda _interface: [
            _Known(origins) if getattr(hook, "name", "") == "harvest" else hook for hook in hooks
        ],
    )
    indexer = search_index.PackageSearchIndex()
    for each in shown:
        index(indexer, {**each.default, "with_custom_schema": each.custom}, defer_commit=True)
    return collector.documents


class _Known:
    """ckanext-harvest's part in an index document, with its harvest object known."""

    def __init__(self, origins: Mapping[str, HarvestMetadata]) -> None:
        self._origins = origins

    def before_dataset_index(self, document: Document) -> Document:
        return self._origins[document["id"]].add_to(document)


class NotIndexable(ValueError):  # noqa: N818 - it says what the documents are
    """The search index does not take a document, whenever it is sent."""


#: what Solr answers to such a document
_BAD_DOCUMENT = "(HTTP 400)"


def send(documents: list[Document]) -> None:
    """Give documents to Solr in one request. They count once the index is committed.

    :raises NotIndexable: when one of them cannot be indexed
    :raises SearchIndexError: when the index cannot be reached
    """
    if not documents:
        return
    try:
        make_connection().add(docs=documents, commit=False)
    except Exception as error:
        if _BAD_DOCUMENT in str(error):
            raise NotIndexable from error
        raise search_index.SearchIndexError(f"The search index did not take the datasets: {error}"[:1000]) from error
