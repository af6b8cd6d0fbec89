"""Turns the difference between a release and what is public into small tables. Plain functions over plain dicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.views.fields import Fields
from ckanext.privacy.workflow.differences import tell

Json = Mapping[str, Any]
#: Fields that name a thing twice or mean nothing to a reader.
HIDDEN_FIELDS = frozenset(
    {"id", "name", "creator_user_id", "owner_org", "type", "metadata_created", "package_id", "state"}
)
#: What CKAN and its extensions keep of a file for themselves.
FIELDS_OF_MACHINES = frozenset(
    {"id", "package_id", "state", "url_type", "created", "size", "mimetype", "mimetype_inner", "resource_type",
     "cache_url", "cache_last_updated"}
)  # fmt: skip
#: What CKAN adds to a licence by itself.
DERIVED_FIELDS = frozenset({"license_title", "license_url", "isopen"})


def groups(diff: Json, fields: Fields) -> list[dict[str, Any]]:
    """Return the difference as titled groups of rows ``{what, before, after}``: the description, then each file."""
    found = [{"title": tk._("Description"), "rows": list(_metadata(diff["metadata"], fields))}]
    found += [{"title": _title(each), "rows": list(_resource(each, fields))} for each in diff["resources"]]
    return [group for group in found if group["rows"]]


def description(diff: Json, fields: Fields) -> list[dict[str, str]]:
    """Return the fields of a description that would become public for the first time, as ``{label, value}``."""
    return [{"label": row["what"], "value": row["after"]} for row in _metadata(diff["metadata"], fields)]


def sentences(changes: Iterable[Json], fields: Fields) -> list[str]:
    """Return changes ``{what, name, change}`` as sentences, fields as people call them; what is said twice once."""
    known = list(changes)
    names = {each["name"] for each in known if each["what"] == "metadata"}
    shown = (each for each in known if each["what"] != "metadata" or _says_more(each["name"], each["change"], names))
    return [tell(each["what"], _called(each, fields), each["change"])["sentence"] for each in shown]


def _called(each: Json, fields: Fields) -> str:
    return fields.label(each["name"]) if each["what"] == "metadata" else each["name"]


def _says_more(name: str, change: str, names: Collection[str]) -> bool:
    """Say whether a field tells a reader something that no other field in ``names`` tells."""
    twice = name in DERIVED_FIELDS or f"{name}_translated" in names
    return not twice and (name not in HIDDEN_FIELDS or change == "changed")


def _title(each: Json) -> str:
    titles = {
        "added": tk._("New file: {name}"),
        "removed": tk._("Removed file: {name}"),
        "changed": tk._("Changed file: {name}"),
    }
    return titles[each["change"]].format(name=each["name"])


def _metadata(changed: Any, fields: Fields) -> Iterator[dict[str, str]]:
    names = {each["field"] for each in changed}
    for each in sorted(changed, key=lambda each: fields.position(each["field"])):
        if _says_more(each["field"], each["change"], names):
            yield _field(each, fields)


def _resource(each: Json, fields: Fields) -> Iterator[dict[str, str]]:
    if each["change"] == "changed" and each["content"]:
        yield _row(tk._("Content"), tk._("the released file"), tk._("a different file"))
    yield from _said_of_a_file(each, fields)
    for table in each.get("tables", ()):
        yield from _table(table)


def said_of_a_file(each: Json, fields: Fields) -> list[dict[str, str]]:
    """Return what would become public about a new file beside its content, as ``{label, value}``."""
    return [{"label": row["what"], "value": row["after"]} for row in _said_of_a_file(each, fields)]


def _said_of_a_file(each: Json, fields: Fields) -> Iterator[dict[str, str]]:
    for changed in each["fields"]:
        if changed["field"] not in FIELDS_OF_MACHINES and (each["change"] == "changed" or changed["field"] != "name"):
            yield _field(changed, fields)
    for column in each["columns"]:
        what = tk._("Notes on the column {column}").format(column=column["field"])
        yield _row(what, _notes(column["before"]), _notes(column["after"]))
    if each["views"]:
        after = " / ".join(text for preview in each["previews"] for text in preview.values() if text)
        yield _row(
            tk._("Previews"), "–" if each["change"] == "added" else tk._("as released"), after or tk._("changed")
        )


def _notes(said: Any) -> str:
    """What a data dictionary says of a column, its parts in a row."""
    parts = said.values() if isinstance(said, Mapping) else [said]
    return " / ".join(str(part) for part in parts if part) or "–"


def _field(each: Json, fields: Fields) -> dict[str, str]:
    name = each["field"]
    return _row(fields.label(name), fields.value(name, each["before"]), fields.value(name, each["after"]))


def _table(table: Json) -> Iterator[dict[str, str]]:
    before, after = table["rows_before"], table["rows_after"]
    if before != after:
        what = tk._("Rows of {table}").format(table=table["name"])
        yield _row(what, "–" if before is None else str(before), "–" if after is None else str(after))
    if table["columns_added"]:
        what = tk._("New columns of {table}").format(table=table["name"])
        yield _row(what, "–", ", ".join(table["columns_added"]))
    if table["columns_removed"]:
        what = tk._("Removed columns of {table}").format(table=table["name"])
        yield _row(what, ", ".join(table["columns_removed"]), "–")


def _row(what: str, before: str, after: str) -> dict[str, str]:
    return {"what": what, "before": before, "after": after}
