"""Turns the difference between a release and what is public into small tables. Plain functions over plain dicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.views.fields import Fields
from ckanext.privacy.workflow.differences import tell

Json = Mapping[str, Any]
#: What CKAN adds to a licence by itself.
DERIVED_FIELDS = frozenset({"license_title", "license_url"})


def groups(diff: Json, fields: Fields) -> list[dict[str, Any]]:
    """Return the difference as titled groups of rows ``{what, before, after}``: the description, then each file."""
    found = [{"title": tk._("Description"), "rows": list(_metadata(diff["metadata"], fields))}]
    found += [{"title": _title(each), "rows": list(_resource(each, fields.of_files))} for each in diff["resources"]]
    return [group for group in found if group["rows"]]


def description(diff: Json, fields: Fields) -> list[dict[str, str]]:
    """Return the fields of a description that would become public for the first time, as ``{label, value}``."""
    return [{"label": row["what"], "value": row["after"]} for row in _metadata(diff["metadata"], fields)]


def sentences(changes: Iterable[Json], fields: Fields) -> list[str]:
    """Return changes ``{what, name, change}`` as sentences, fields as people call them; what is said twice once."""
    known = list(changes)
    names = {each["name"] for each in known if each["what"] == "metadata"}
    shown = (each for each in known if each["what"] != "metadata" or _says_more(each["name"], names))
    return [tell(each["what"], _called(each, fields), each["change"])["sentence"] for each in shown]


def _called(each: Json, fields: Fields) -> str:
    return fields.label(each["name"]) if each["what"] == "metadata" else each["name"]


def _says_more(name: str, names: Collection[str]) -> bool:
    """Say whether a field that changed tells a reader something that no other changed field in ``names`` tells."""
    return name not in DERIVED_FIELDS and f"{name}_translated" not in names


def _title(each: Json) -> str:
    titles = {
        "added": tk._("New file: {name}"),
        "removed": tk._("Removed file: {name}"),
        "changed": tk._("Changed file: {name}"),
    }
    return titles[each["change"]].format(name=each["name"])


def _metadata(changed: Any, fields: Fields) -> Iterator[dict[str, str]]:
    known = {each["field"]: each for each in changed}
    for each in sorted(changed, key=lambda each: fields.position(each["field"])):
        if not _is_said_twice(each, known):
            yield _field(each, fields)


def _is_said_twice(each: Json, changed: Mapping[str, Json]) -> bool:
    """Say whether what a field says is said by its translations or by its licence, which stand beside it."""
    translated, licence = changed.get(f"{each['field']}_translated"), changed.get("license_id")
    if translated:
        return all(_is_among(each[when], translated[when]) for when in ("before", "after"))
    if licence and each["field"] in DERIVED_FIELDS:
        return all(_is_of_licence(each[when], licence[when]) for when in ("before", "after"))
    return False


def _is_among(text: Any, translations: Any) -> bool:
    return not text or (isinstance(translations, Mapping) and text in translations.values())


def _is_of_licence(text: Any, code: Any) -> bool:
    known = model.Package.get_license_register().get(code)
    return not text or text == code or (known is not None and text in (known.title, known.url))


def _resource(each: Json, fields: Fields) -> Iterator[dict[str, str]]:
    if each["change"] == "changed" and each["content"]:
        yield _row(tk._("Content"), tk._("the released file"), tk._("a different file"))
    yield from _said_of_a_file(each, fields)
    for table in each.get("tables", ()):
        yield from _table(table)


def said_of_a_file(each: Json, fields: Fields) -> list[dict[str, str]]:
    """Return what would become public about a new file beside its content, as ``{label, value}``."""
    return [{"label": row["what"], "value": row["after"]} for row in _said_of_a_file(each, fields.of_files)]


def _said_of_a_file(each: Json, fields: Fields) -> Iterator[dict[str, str]]:
    for changed in each["fields"]:
        # What a new file is called is its title here.
        if changed["field"] != "name" or each["change"] == "changed":
            yield _field(changed, fields)
    for columns in each["schema"]:
        yield _row(tk._("Columns of its rows"), _columns(columns["before"]), _columns(columns["after"]))
    for column in each["columns"]:
        what = tk._("Notes on the column {column}").format(column=column["field"])
        yield _row(what, _notes(column["before"]), _notes(column["after"]))
    for preview in each["previews"]:
        for changed in preview["fields"]:
            row = _field(changed, fields)
            what = tk._("Preview {name}: {field}").format(name=preview["name"] or "–", field=row["what"])
            yield {**row, "what": what}


def _columns(types: Mapping[str, str] | None) -> str:
    return ", ".join(f"{name} ({type_})" for name, type_ in (types or {}).items()) or "–"


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
