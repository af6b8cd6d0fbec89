"""The checks of fields.py, multilingual.py and places.py as CKAN and scheming want them.

``fluent_text`` carries that name because ckanext-dcat takes a field for multilingual when its validators begin with
``fluent``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.munge import munge_title_to_name

from ckanext.communitydata import area_input, atlas, config, fields, multilingual, places, table_schema, vocabularies

Key = tuple[Any, ...]
FlatData = dict[Key, Any]
Validator = Callable[[Key, FlatData, dict[Key, list[str]], dict[str, Any]], None]

__all__ = [
    "communitydata_choice",
    "communitydata_choices",
    "communitydata_count",
    "communitydata_date",
    "communitydata_fill_core_fields",
    "communitydata_geometry",
    "communitydata_languages",
    "communitydata_lines",
    "communitydata_open_choice",
    "communitydata_open_choices",
    "communitydata_share",
    "communitydata_table_schema",
    "communitydata_text",
    "communitydata_tidy_rows",
    "communitydata_uuid",
    "fluent_text",
    "fluent_text_output",
]

#: What a dataset is about when rounding cannot wait until somebody says how exact its places are.
ABOUT_PEOPLE = {"persons", "households", "workers", "structures"}

#: A row of a repeating field is marked with this key when its "Remove" box is ticked.
REMOVE = "remove"


def _for_field(make: Callable[..., Validator]) -> Callable[..., Validator]:
    """Mark a function that scheming calls with the field and the schema to get the validator itself."""
    make.is_a_scheming_validator = True  # type: ignore[attr-defined]
    return make


def _kept(check: Callable[..., Any], *args: Any) -> Any:
    """Run a check of ours; what it complains about reaches the person in their language."""
    try:
        return check(*args)
    except fields.FieldError as error:
        raise tk.Invalid(tk._(error.message).format(**error.values)) from None


def _drop(key: Key, data: FlatData) -> None:
    data.pop(key, None)
    raise tk.StopOnError


def _given(key: Key, data: FlatData) -> Any:
    value = data.get(key)
    if isinstance(value, str):
        value = value.strip()
    return None if value is tk.missing or value in ("", [], {}) else value


# -- Single values
def communitydata_text(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
    """A text without blanks around it; one of blanks alone is not kept at all."""
    value = _given(key, data)
    if value is None:
        _drop(key, data)
    if not isinstance(value, str | int | float):
        raise tk.Invalid(tk._("Give one text."))
    data[key] = str(value)


def communitydata_date(value: str) -> str:
    """A year, month, day or time that exists."""
    return _kept(fields.date, value)


def communitydata_count(value: Any) -> str:
    """A whole number, or ``unknown``."""
    return _kept(fields.count, value)


def communitydata_share(value: Any) -> str:
    """A percentage, or ``not-measured``."""
    return _kept(fields.share, value)


def communitydata_uuid(value: str) -> str:
    """A UUID."""
    return _kept(fields.uuid, value)


def _token(scheme: str, value: Any) -> str:
    concept = vocabularies.find(scheme, value, config.namespace()) if isinstance(value, str) else None
    if concept is None:
        known = ", ".join(c.token for c in vocabularies.concepts(scheme))
        raise tk.Invalid(tk._("“{value}” is not in the list. Choose from: {known}.").format(value=value, known=known))
    return concept.token


@_for_field
def communitydata_choice(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """One entry of the field's vocabulary, given as its token or its IRI; kept as its token."""

    def validator(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
        data[key] = _token(field["vocabulary"], data[key])

    return validator


def _address(scheme: str, value: str) -> str:
    """The IRI of an entry that is known; anything else is kept, since other catalogues have other lists."""
    concept = vocabularies.find(scheme, value, config.namespace())
    return concept.iri(config.namespace()) if concept else value


@_for_field
def communitydata_open_choice(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """One entry of somebody else's vocabulary, kept as its IRI, or other words."""

    def validator(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
        data[key] = _address(field["vocabulary"], data[key])

    return validator


# -- Lists, kept as JSON
@_for_field
def communitydata_choices(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """Any entries of the field's vocabulary, kept in the vocabulary's order; nothing chosen is not kept at all."""

    def validator(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
        chosen = {_token(field["vocabulary"], value) for value in _kept(fields.text_list, _given(key, data) or [])}
        if not chosen:
            _drop(key, data)
        data[key] = json.dumps([c.token for c in vocabularies.concepts(field["vocabulary"]) if c.token in chosen])

    return validator


@_for_field
def communitydata_open_choices(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """Entries of somebody else's vocabulary, kept as their IRIs, and other addresses or words, each once, sorted."""

    def validator(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
        given = _kept(fields.text_list, _given(key, data) or [])
        lines = [line.strip() for entry in given for line in entry.splitlines() if line.strip()]
        if not lines:
            _drop(key, data)
        addresses = {_address(field["vocabulary"], line) for line in lines}
        data[key] = json.dumps(sorted(addresses), ensure_ascii=False)

    return validator


def communitydata_lines(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
    """Texts, one on each line of a form or as a list."""
    _keep_lines(key, data, str)


@_for_field
def communitydata_languages(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """Language tags. With ``normalise: false`` addresses from a public list of languages pass as well."""
    check = fields.language_tag if field.get("normalise", True) else _tag_or_address

    def validator(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
        _keep_lines(key, data, check)

    return validator


def _tag_or_address(value: str) -> str:
    return value if value.startswith(("http://", "https://")) else fields.language_tag(value)


def _keep_lines(key: Key, data: FlatData, check: Callable[[str], str]) -> None:
    lines = [_kept(check, line) for line in _kept(fields.text_list, _given(key, data) or [])]
    if not lines:
        _drop(key, data)
    data[key] = json.dumps(lines, ensure_ascii=False)


def communitydata_table_schema(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
    """The columns of a file as a Table Schema, kept as JSON."""
    value = _given(key, data)
    if value is None:
        _drop(key, data)
    data[key] = json.dumps(_kept(table_schema.parse, value), ensure_ascii=False)


# -- Texts in several languages
def _beside(key: Key, data: FlatData) -> dict[str, str]:
    """Collect ``title_translated-en`` and its like, which navl has put aside as extras of their level."""
    extras = data.get((*key[:-1], "__extras"), {})
    prefix = f"{key[-1]}-"
    return {name.removeprefix(prefix): text for name, text in extras.items() if name.startswith(prefix)}


def _texts(key: Key, data: FlatData) -> multilingual.Texts:
    value = _given(key, data) or _beside(key, data)
    return _kept(multilingual.parse, value, config.default_language())


@_for_field
def fluent_text(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Validator:
    """A text for each language, from the API as a mapping or from the form as one input for each language."""
    longest = field.get("max_length")

    def validator(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
        texts = _texts(key, data)
        if not texts:
            _drop(key, data)
        if longest and any(len(text) > longest for text in texts.values()):
            raise tk.Invalid(tk._("Use at most {longest} characters.").format(longest=longest))
        data[key] = json.dumps(texts, ensure_ascii=False)

    return validator


def fluent_text_output(value: Any) -> Any:
    """The texts by language as a mapping."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


# -- Places
def communitydata_geometry(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
    """A GeoJSON geometry, rounded before anything is stored to the precision that the dataset says it has."""
    row = _kept(area_input.given, _beside(key, data), atlas.as_area) if key[-1] == "geom" else {}
    for name, text in row.items():
        if name == "geom" or not _given((*key[:-1], name), data):
            data[(*key[:-1], name)] = text
    value = _given(key, data)
    if value is None:
        _drop(key, data)
    outline = _kept(places.read_geometry, value)
    data[key] = _kept(places.stored_form, value, _metres(data, outline))


def _metres(data: FlatData, outline: places.BaseGeometry) -> float:
    """Metres to round to. Unsaid, they are a block's where people are described or a home could be meant."""
    said = data.get(("spatial_precision",))
    concept = vocabularies.find("spatial-precision", said, config.namespace()) if isinstance(said, str) else None
    if concept:
        return concept.metres
    about_people = ABOUT_PEOPLE & set(_kept(fields.text_list, _given(("data_about",), data) or []))
    return places.UNSAID if about_people or places.could_be_a_home(outline) else 0


# -- The whole dataset
def communitydata_fill_core_fields(
    key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]
) -> None:
    """Keep ``title``/``notes`` and their texts by language in step, and make a web address from the title."""
    for plain in ("title", "notes"):
        _follow(plain, data, errors, context.get("package"))
    if not _given(("name",), data) and _given(("title",), data) and not context.get("package"):
        data[("name",)] = _free_name(data[("title",)])


def _follow(plain: str, data: FlatData, errors: dict[Key, list[str]], package: model.Package | None) -> None:
    translated = (f"{plain}_translated",)
    try:
        texts = _texts(translated, data)
    except tk.Invalid as invalid:
        errors.setdefault(translated, []).append(invalid.error)
        return
    language = config.default_language()
    before = multilingual.parse(package.extras.get(translated[0]) or {}, language) if package else {}
    plain_before = getattr(package, plain, None)
    texts = multilingual.follow_plain(_given((plain,), data), texts, plain_before, before, language)
    data[translated] = texts
    data[(plain,)] = multilingual.pick(texts, language, language)


def _free_name(title: str) -> str:
    """A web address made from the title; a few random letters are added if it is taken or too short."""
    name = munge_title_to_name(title)[:90].strip("-_")
    if len(name) >= 3 and model.Package.get(name) is None:
        return name
    return f"{name or 'data'}-{uuid4().hex[:6]}"


def communitydata_tidy_rows(key: Key, data: FlatData, errors: dict[Key, list[str]], context: dict[str, Any]) -> None:
    """Take out rows that are empty or marked for removal; refuse parts of a row that nobody would ever see again."""
    for row in _rows(data):
        inside = [k for k in data if k[:-1] == row]
        aside = data.pop((*row, "__extras"), {})
        filled = [k for k in inside if _given(k, data) is not None and k[-1] != "__extras"]
        wrong = any(errors.get(k) for k in inside)  # what was typed there is still to be put right
        if aside.get(REMOVE) or not (filled or wrong):
            _forget(row, data, errors)
            continue
        for unset in set(inside) - set(filled):
            data.pop(unset, None)
        for name in [name for name, value in aside.items() if value and not _belongs(name, inside)]:
            errors.setdefault((*row, name), []).append(tk._("Unknown part. Use the parts that the schema names."))


def _rows(data: FlatData) -> list[Key]:
    """The rows of our repeating fields, as (field, number)."""
    others = {"resources", "extras", "tags", "groups", "relationships_as_subject", "relationships_as_object"}
    return sorted({k[:2] for k in data if len(k) == 3 and k[0] not in others})


def _belongs(name: str, inside: list[Key]) -> bool:
    """Whether a form input such as ``name_translated-en`` belongs to a part of the row."""
    return name == REMOVE or any(name.startswith(f"{k[-1]}-") for k in inside)


def _forget(row: Key, data: FlatData, errors: dict[Key, list[str]]) -> None:
    for k in [k for k in data if k[:2] == row]:
        del data[k]
    for k in [k for k in errors if k[:2] == row]:
        errors[k] = []
