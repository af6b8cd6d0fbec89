"""Places of a description, as the scan calls them, in the words of the form, and where they can be changed.

``resource 1 column litres notes`` is a place; people read "Wells: Notes on the column litres".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.description import member_at
from ckanext.privacy.said import said
from ckanext.privacy.views import fields, words

Json = Mapping[str, Any]
_OF_A_FILE = re.compile(r"resource (?P<number>\d+)(?: (?P<rest>.*))?", re.DOTALL)
#: What a data dictionary says of a column: its own name, or what is said of it under one word.
_OF_A_COLUMN = re.compile(r"column (?:name of a field|(?P<column>.+?)(?: [^ ]+)?)", re.DOTALL)
_OF_A_PREVIEW = re.compile(r"preview (?P<number>\d+)(?: .*)?", re.DOTALL)

#: Whose members stand in one box of the form.
_NAMED_TOGETHER = frozenset({"tags", "groups"})


def reason(sentence: str, places: Iterable[str], package: Json) -> str:
    """Return a reason of the policy in the reader's language, with the places that it quotes as people call them."""
    known = {place: called(place, package) for place in places}
    if not known:
        return said(sentence)
    quoted = re.compile("|".join(re.escape(f'"{place}"') for place in known))
    return said(quoted.sub(lambda match: f'"{known[match[0][1:-1]]}"', sentence))


def called(place: str, package: Json) -> str:
    """Return what people call a place in the description of this dataset."""
    place, is_name = member_at(place)
    told = _called(place, package)
    return tk._("{field} (its name)").format(field=told) if is_name else told


def _called(place: str, package: Json) -> str:
    known = fields.of_type(package.get("type"))
    resource, rest = _file(place, package)
    if resource is None:
        return _field(place.split(" "), known.dataset)
    name = resource.get("name") or tk._("Unnamed file")
    return f"{name}: {_of_a_file(rest, known)}"


def href(place: str, package: Json) -> str:
    """Return the address where an editor changes what stands at a place: its field in a form where that is known."""
    known, (place, _) = fields.of_type(package["type"]), member_at(place)
    resource, rest = _file(place, package)
    if resource is None:
        return tk.h.url_for(f"{package['type']}.edit", id=package["name"], _anchor=_anchor(place, known.dataset))
    of = {"id": package["name"], "resource_id": resource["id"]}
    if _OF_A_COLUMN.fullmatch(rest):
        return tk.h.url_for("datastore.dictionary", **of)
    if _OF_A_PREVIEW.fullmatch(rest):
        return tk.h.url_for(f"{package['type']}_resource.views", **of)
    return tk.h.url_for(f"{package['type']}_resource.edit", **of, _anchor=_anchor(rest, known.resource))


def _file(place: str, package: Json) -> tuple[Json | None, str]:
    """The file that a place is about, and the place within what is said of it."""
    match, resources = _OF_A_FILE.fullmatch(place), package.get("resources", [])
    if not match or not 0 < int(match["number"]) <= len(resources):
        return None, place
    return resources[int(match["number"]) - 1], match["rest"] or ""


def _of_a_file(rest: str, known: fields.Fields) -> str:
    column = _OF_A_COLUMN.fullmatch(rest)
    if column:
        return tk._("Notes on the column {column}").format(column=column["column"] or "–")
    if _OF_A_PREVIEW.fullmatch(rest):
        return tk._("Previews")
    return _field(rest.split(" "), known.resource)


def _field(path: Sequence[str], form: Mapping[str, Json]) -> str:
    """What people call a field, its part or its translation, by the names and numbers that lead to it."""
    name, *rest = path
    label, parts = fields.label(form, name), _parts(form, name)
    if parts and len(rest) > 1:
        return f"{label} {rest[0]}: {_field(rest[1:], parts)}"
    if name.endswith("_translated") and len(rest) == 1:
        return f"{label} ({words.language(rest[0])})"
    return label if name in _NAMED_TOGETHER else " ".join([label, *rest])


def _parts(form: Mapping[str, Json], name: str) -> dict[str, Json]:
    return {each["field_name"]: each for each in form.get(name, {}).get("repeating_subfields", ())}


def _anchor(place: str, form: Mapping[str, Json]) -> str:
    """The id that a form of ours gives the question: ``field-contact-0-email`` for ``contact 1 email``."""
    name, *rest = place.split(" ")
    path = [] if name in _NAMED_TOGETHER else [str(int(each) - 1) if each.isdigit() else each for each in rest]
    return "-".join(["field", fields.asked_as(form, name), *path])
