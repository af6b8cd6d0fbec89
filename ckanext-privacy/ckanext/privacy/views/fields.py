"""What people call the fields of a dataset, and how their values read: asked from ckanext-scheming if it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.translation import N_
from ckanext.privacy.views import words

Json = Mapping[str, Any]
_EMPTY = (None, "", [], {})
#: What CKAN calls its own fields where no schema says more; CKAN's own translations have them.
_OF_CKAN = {
    "author": "Author",
    "author_email": "Author Email",
    "cache_last_updated": N_("Day of the copy"),
    "cache_url": N_("Address of a copy"),
    "description": "Description",
    "extras": "Custom Field",
    "format": "Format",
    "groups": "Groups",
    "hash": N_("Checksum"),
    "license_id": "License",
    "maintainer": "Maintainer",
    "maintainer_email": "Maintainer Email",
    "mimetype": N_("Media type"),
    "mimetype_inner": N_("Media type of what is packed inside"),
    "name": "Name",
    "notes": "Description",
    "owner_org": "Organization",
    "position": N_("Place in the list"),
    "relationships_as_object": N_("Datasets that name this one"),
    "relationships_as_subject": N_("Related datasets"),
    "resource_type": N_("Kind of file"),
    "size": N_("Size in bytes"),
    "tags": "Tags",
    "title": "Title",
    "url": "URL",
    "type": N_("Type"),
    "version": "Version",
    "view_type": N_("Kind of preview"),
}
#: What a form asks for under another name.
_ASKED_AS = {"tags": "tag_string"}
#: How fields are called whose values are codes of languages, as with DCAT.
_OF_LANGUAGES = ("language", "languages")
#: An area drawn on the map, which holds no words, and each of its corners.
_OUTLINE = re.compile(r'\{"type": ?"(?:Multi)?Polygon", ?"coordinates": ?[][\d., -]+\}')
_CORNER = re.compile(r"\[(-?[\d.]+), ?(-?[\d.]+)\]")


@dataclass(frozen=True)
class Fields:
    """The fields of one dataset type by name; none where no schema is known."""

    dataset: dict[str, Json] = field(default_factory=dict)
    resource: dict[str, Json] = field(default_factory=dict)

    @property
    def of_files(self) -> Fields:
        """The fields of its files by name: a file's name is not called as the dataset's."""
        return Fields(self.resource)

    def label(self, name: str) -> str:
        """Return what people call a field."""
        return label({**self.resource, **self.dataset}, name)

    def position(self, name: str) -> int:
        """Return where a field stands in the form; after all others where it is none of the form's."""
        return list(self.dataset).index(name) if name in self.dataset else len(self.dataset)

    def value(self, name: str, value: Any) -> str:
        """Return a field's value as text; codes of a vocabulary as their words, parts by what people call them."""
        if name in _NAMED:
            return _NAMED[name](value)
        return _told(self.dataset.get(name) or self.resource.get(name) or {}, value)

    def section(self, package: Json, section: str) -> list[dict[str, str]]:
        """Return what a dataset says in one section of its form, as ``{label, value}`` in the form's order."""
        names = [name for name, known in self.dataset.items() if known.get("section") == section]
        return [
            {"label": self.label(name), "value": self.value(name, package[name])}
            for name in names
            if package.get(name) not in _EMPTY
        ]


def asked_as(form: Mapping[str, Json], name: str) -> str:
    """Return the name under which a form asks for a field: that of its translations, or another than CKAN's."""
    return next((each for each in (f"{name}_translated", name, _ASKED_AS.get(name, name)) if each in form), name)


def label(form: Mapping[str, Json], name: str) -> str:
    """Return what people call a field of a form, or of CKAN where no form has it."""
    known = form.get(asked_as(form, name), {})
    if known.get("label"):
        return tk.h.scheming_language_text(known["label"])
    return tk._(_OF_CKAN[name]) if name in _OF_CKAN else name.replace("_", " ").capitalize()


def of_type(dataset_type: str | None) -> Fields:
    """Return the fields of a dataset type."""
    schema = tk.h.scheming_get_dataset_schema(dataset_type or "dataset") if _has_scheming() else None
    if not schema:
        return Fields()
    dataset = {each["field_name"]: each for each in schema["dataset_fields"]}
    return Fields(dataset, {each["field_name"]: each for each in schema.get("resource_fields", ())})


def _has_scheming() -> bool:
    return "scheming_get_dataset_schema" in tk.h


def _licence(code: Any) -> str:
    known = model.Package.get_license_register().get(code)
    return known.title if known else _text(code, {})


def _organization(reference: Any) -> str:
    known = model.Group.get(str(reference)) if reference else None
    return known.title or known.name if known else _text(reference, {})


def _names(members: Any) -> str:
    """Tags and groups by what the public calls them; what else a group says of itself is its own."""
    if not isinstance(members, list):
        return _text(members, {})
    called = (each.get("display_name") or each.get("name") if isinstance(each, Mapping) else each for each in members)
    return " / ".join(str(each) for each in called if each) or "–"


def _extras(members: Any) -> str:
    """Fields that no form has, each with its own name."""
    if not isinstance(members, list):
        return _text(members, {})
    return " / ".join(f"{each.get('key')}: {_text(each.get('value'), {})}" for each in members) or "–"


#: Fields whose values stand for something that has a name.
_NAMED: dict[str, Callable[[Any], str]] = {
    "license_id": _licence,
    "owner_org": _organization,
    "tags": _names,
    "groups": _names,
    "extras": _extras,
}


def _told(known: Json, value: Any) -> str:
    parts = known.get("repeating_subfields")
    if parts and value and isinstance(value, list):
        return " / ".join(_parts(parts, each) if isinstance(each, Mapping) else _text(each, {}) for each in value)
    if str(known.get("field_name", "")).endswith("_translated") and isinstance(value, Mapping):
        return " / ".join(f"{text} ({words.language(code)})" for code, text in value.items() if text) or "–"
    if value and isinstance(value, list) and str(known.get("field_name", "")).endswith(_OF_LANGUAGES):
        return " / ".join(words.language(str(code)) for code in value)
    choices = tk.h.scheming_field_choices(known) if known else None
    return _text(value, {each["value"]: tk.h.scheming_language_text(each["label"]) for each in choices or ()})


def _parts(parts: Iterable[Json], value: Json) -> str:
    """One of a field's repeated parts, as its own fields say it; members that are none of its fields by their names."""
    known = {part["field_name"]: part for part in parts}
    told = {name: _told(known.get(name, {}), value.get(name)) for name in [*known, *(value.keys() - known)]}
    return "; ".join(f"{label(known, name)}: {text}" for name, text in told.items() if text != "–")


def _outline(geometry: str) -> str:
    """How many corners an area has and where it begins: enough to see that it is another one."""
    corners = _CORNER.findall(geometry)
    longitude, latitude = corners[0]
    place = {"n": len(corners), "latitude": latitude, "longitude": longitude}
    return tk._("an outline of {n} points, the first at {latitude}, {longitude}").format(**place)


def _text(value: Any, words: Mapping[str, str]) -> str:
    if value in _EMPTY:
        return "–"
    if isinstance(value, str):
        return _outline(value) if _OUTLINE.fullmatch(value) else words.get(value, value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_text(inner, words)}" for key, inner in value.items() if inner not in _EMPTY)
    if isinstance(value, list):
        return " / ".join(_text(inner, words) for inner in value)
    return json.dumps(value, ensure_ascii=False)
