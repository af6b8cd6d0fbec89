"""What the templates ask for."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from babel import Locale, UnknownLocaleError
from markupsafe import Markup

from ckanext.communitydata import (
    area_search,
    atlas,
    config,
    drawing,
    errors,
    facets,
    light,
    local_contexts,
    multilingual,
    place_keys,
    requirements,
    searching,
    vocabularies,
)
from ckanext.communitydata.fields import NOT_MEASURED, FieldError, _

__all__ = [
    "communitydata_area_asked",
    "communitydata_can_look",
    "communitydata_choices",
    "communitydata_conditions",
    "communitydata_country",
    "communitydata_counts",
    "communitydata_drawing",
    "communitydata_error_links",
    "communitydata_form_texts",
    "communitydata_gate_decides",
    "communitydata_is_light",
    "communitydata_known_places",
    "communitydata_labels",
    "communitydata_language_name",
    "communitydata_leave_out_assets",
    "communitydata_map_settings",
    "communitydata_missing",
    "communitydata_needed",
    "communitydata_newest",
    "communitydata_open_choices",
    "communitydata_open_label",
    "communitydata_outline",
    "communitydata_place_is_known",
    "communitydata_place_key",
    "communitydata_places",
    "communitydata_pointed_at",
    "communitydata_practices_found",
    "communitydata_practices_using",
    "communitydata_rows",
    "communitydata_sections",
    "communitydata_share",
    "communitydata_size",
    "communitydata_text",
    "communitydata_today",
    "get_translated",
    "humanize_entity_type",
]


def communitydata_today() -> str:
    """This day, as ISO 8601."""
    return datetime.now(timezone.utc).date().isoformat()


#: Formats that are tables, as people write them.
LOOKED_AT = frozenset({"csv", "tsv", "xls", "xlsx", "ods", "json", "ndjson", "geojson", "parquet"})


def communitydata_can_look(resource: dict[str, Any]) -> bool:
    """Whether a file of ours can be looked at on a page."""
    return resource.get("url_type") == "upload" and str(resource.get("format") or "").lower() in LOOKED_AT


def communitydata_is_light() -> bool:
    """Whether this page goes to a visitor who only reads it: no scripts of CKAN, no cookie."""
    return light.is_light()


def communitydata_leave_out_assets() -> str:
    """Keep CKAN's scripts off this page; nothing to show."""
    return light.leave_out_assets()


def communitydata_choices(field: dict[str, Any]) -> list[dict[str, str]]:
    """The entries of a field's vocabulary as scheming wants them."""
    return [{"value": c.token, "label": c.label} for c in vocabularies.concepts(field["vocabulary"])]


def communitydata_open_choices(field: dict[str, Any]) -> list[dict[str, str]]:
    """The entries of somebody else's vocabulary, by their addresses, as scheming wants them."""
    return [{"value": c.iri(config.namespace()), "label": c.label} for c in vocabularies.concepts(field["vocabulary"])]


def communitydata_open_label(field: dict[str, Any], value: str) -> str:
    """The name of an entry in the reader's language; words that are in no list come back as they are."""
    concept = vocabularies.find(field["vocabulary"], value, config.namespace())
    return tk._(concept.label) if concept else value


def communitydata_sections(dataset_type: str, data: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The form's sections, each with its fields; ``more`` holds those that most people can leave alone.

    ``relevant`` tells whether the answers so far call for a section at all.
    """
    schema = tk.h.scheming_get_dataset_schema(dataset_type) or {}
    shown = [f for f in schema.get("dataset_fields", []) if f.get("form_snippet", "") is not None]
    return [
        {
            **section,
            "relevant": requirements.relevant(section, schema, data),
            "fields": [f for f in shown if f.get("section") == section["name"] and not f.get("more")],
            "more": [f for f in shown if f.get("section") == section["name"] and f.get("more")],
        }
        for section in schema.get("sections", [])
    ]


def communitydata_conditions(dataset_type: str) -> str:
    """The schema's conditions as JSON, for the script that says while somebody types what will be needed."""
    schema = tk.h.scheming_get_dataset_schema(dataset_type) or {}
    return json.dumps(schema.get("release_conditions", {}))


def communitydata_error_links(error_dict: dict[str, Any], dataset_type: str) -> list[errors.ErrorLink]:
    """What is wrong on a form, with the questions it is about."""
    return errors.links(error_dict, tk.h.scheming_get_dataset_schema(dataset_type) or {}, tk._)


def communitydata_form_texts(field_name: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    """The texts to put on a form as (language, text): the form's languages first, then others that have a text."""
    value = data.get(field_name)
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    prefix = f"{field_name}-"
    typed = {k.removeprefix(prefix): v for k, v in data.items() if k.startswith(prefix) and isinstance(v, str)}
    texts = {**(value if isinstance(value, dict) else {}), **typed}
    if isinstance(value, str) and value and not texts:
        texts = {config.default_language(): value}
    offered = config.form_languages()
    return [(code, texts.get(code, "")) for code in [*offered, *(c for c in texts if c not in offered)]]


def communitydata_rows(field: dict[str, Any], data: dict[str, Any]) -> list[tuple[int, bool]]:
    """The rows of a repeating field to put on a form as (number, holds something), with an empty one at the end.

    ``data`` may hold rows (as stored) or single inputs such as ``contact-0-name`` (as sent back after an error).
    """
    name = field["field_name"]
    value = data.get(name) or []
    stored = json.loads(value) if isinstance(value, str) else value
    sent = [k.split("-")[1] for k, v in data.items() if k.startswith(f"{name}-") and v and not k.endswith("-remove")]
    filled = max([len(stored), *(int(number) + 1 for number in sent if number.isdigit())])
    return [*((number, True) for number in range(filled)), (filled, False)]


def communitydata_labels(project: str | None) -> dict[str, Any]:
    """What the Local Contexts Hub said last about a project (see ``local_contexts.summary``); empty if nothing."""
    return local_contexts.kept(project) if project else {}


def communitydata_language_name(code: str) -> str:
    """A language's name in the reader's own language; the code itself if it has no name."""
    try:
        return Locale.parse(code, sep="-").get_display_name(tk.h.lang()) or code
    except (UnknownLocaleError, ValueError):
        return code


def communitydata_country(code: str) -> str:
    """The name of a country, or of a region's country with the region's code, in the reader's language (ISO 3166)."""
    country, _dash, region = code.partition("-")
    try:
        name = Locale.parse(tk.h.lang(), sep="_").territories.get(country.upper())
    except (UnknownLocaleError, ValueError):
        name = None
    if not name:
        return code
    return f"{name} ({code})" if region else name


def communitydata_text(value: Any) -> str:
    """The text that serves the reader best."""
    if not isinstance(value, dict):
        return value or ""
    return multilingual.pick(value, tk.h.lang(), config.default_language())


@tk.chained_helper
def get_translated(next_helper: Any, data_dict: dict[str, Any], field: str) -> Any:
    """Look in texts by language the way they are kept here (BCP 47), and else as CKAN does."""
    texts = data_dict.get(f"{field}_translated")
    if isinstance(texts, dict) and any(texts.values()):
        return communitydata_text(texts)
    return next_helper(data_dict, field)


#: What a city practice is called, by CKAN's name of the text's purpose. CKAN puts the type's name into English words.
PRACTICE_WORDS = {
    "create label": _("Tell a city practice"),
    "create title": _("Tell a city practice"),
    "add link": _("Tell a city practice"),
    "delete confirmation": _("Are you sure you want to delete this city practice?"),
    "edit label": _("Edit the city practice"),
    "no description": _("There is no summary of this city practice."),
    "search placeholder": _("Search city practices…"),
    "save label": _("Save the city practice"),
    "update label": _("Save the city practice"),
    "view label": _("View the city practice"),
}


@tk.chained_helper
def humanize_entity_type(next_helper: Any, entity_type: str, object_type: str, purpose: str) -> Any:
    """Call a city practice by its name, in the reader's language."""
    if (entity_type, object_type) != ("package", facets.PRACTICE):
        return next_helper(entity_type, object_type, purpose)
    return tk._(PRACTICE_WORDS.get(purpose, _("City practices")))


def communitydata_missing(pkg_dict: dict[str, Any]) -> list[requirements.Requirement]:
    """What a dataset must still say before it can be released."""
    return requirements.missing_for_release(pkg_dict, tk._)


def communitydata_needed(field: dict[str, Any], data: dict[str, Any], dataset_type: str) -> bool:
    """Whether a question on the form must be answered before release, as far as the answers so far tell."""
    if field.get("required_for_release") is True and "-" not in field["field_name"]:
        return True
    lacks = requirements.missing_for_release({**data, "type": dataset_type}) if data.get("id") else []
    return any(lack.field == field["field_name"] and lack.blocking for lack in lacks)


def communitydata_gate_decides() -> bool:
    """Whether the privacy gate is there to decide what the public sees."""
    return p.plugin_loaded("privacy")


def communitydata_pointed_at(field: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """What the privacy gate points at in the texts of a question, one sentence each; nothing without the gate."""
    name = field["field_name"]
    if not communitydata_gate_decides() or field.get("choices"):
        return []
    value = data.get(name)
    texts = [value] if isinstance(value, str) else list(value.values()) if isinstance(value, dict) else []
    texts += [text for key, text in data.items() if key.startswith(f"{name}-")]
    return tk.h.privacy_pointed_at(name, [text for text in texts if isinstance(text, str)])


def communitydata_share(value: str | None) -> str:
    """A share of households in words."""
    if not value:
        return tk._("not said")
    return tk._("not asked") if value == NOT_MEASURED else f"{value} %"


def communitydata_size(resource: dict[str, Any]) -> str:
    """A file's size for people, or that it is not known."""
    size = str(resource.get("size") or "")
    return tk.h.localised_filesize(int(size)) if size.isdigit() else tk._("size not known")


def communitydata_outline(value: str) -> str:
    """An outline in words: its kind and its edges in degrees, for readers who see no map."""
    try:
        outline = json.loads(value)
        points = list(_positions(outline["coordinates"]))
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
    except (ValueError, KeyError, TypeError):
        return tk._("cannot be read")
    if outline["type"] == "Point":
        return tk._("a point at {north:.4f}° north, {east:.4f}° east").format(north=north, east=east)
    return tk._("from {west:.4f}° to {east:.4f}° east and from {south:.4f}° to {north:.4f}° north").format(
        west=west, east=east, south=south, north=north
    )


def _positions(coordinates: Any) -> Any:
    if coordinates and isinstance(coordinates[0], (int, float)):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from _positions(part)


def communitydata_known_places() -> list[atlas.Place]:
    """Places with an outline that somebody who describes data can pick; asked once for a form's many rows."""
    if not hasattr(tk.g, "communitydata_known_places"):
        tk.g.communitydata_known_places = [each for each in atlas.directory(atlas.AT_A_TIME) if each.outlines]
    return tk.g.communitydata_known_places


def communitydata_place_key(area: dict[str, Any]) -> str:
    """The key of an area in the address of its page."""
    return place_keys.key(area)


def communitydata_drawing(record: dict[str, Any]) -> drawing.Drawing | None:
    """The areas of a record as a drawing."""
    return drawing.draw(atlas.outlines_of(record))


def communitydata_map_settings() -> Markup:
    """What the scripts of a map are told, as attributes: where the library lies, and the tiles if the site has some."""
    folder = tk.h.url_for_static("/communitydata/map/")
    tiles, said = config.map_tiles(), {"folder": folder, "attribution": config.map_attribution()}
    if tiles:
        host = urlsplit(tiles).hostname or tk.config["ckan.site_title"]
        said |= {"tiles": tiles, "ask": tk._("Show the background map of {host}").format(host=host)}
    return Markup(" ").join(Markup('data-{}="{}"').format(name, value) for name, value in said.items())


def communitydata_area_asked() -> dict[str, Any]:
    """The area that this search is narrowed to: ``near``, ``kilometres``, ``edges`` (west, south, east, north)."""
    try:
        asked = area_search.read(tk.request.args)
    except FieldError:
        asked = area_search.Asked()
    return {"near": asked.near, "kilometres": f"{asked.kilometres:g}", "edges": [f"{e:g}" for e in asked.frame or ()]}


def communitydata_place_is_known(name: str) -> bool:
    """Whether a public record says where a place is."""
    return bool(searching.outlines_of(name))


def _search(**params: Any) -> dict[str, Any]:
    context = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    try:
        return tk.get_action("package_search")(context, params)  # type: ignore[arg-type]
    except tk.ValidationError:
        return {"count": 0, "results": [], "search_facets": {}}


def communitydata_newest(dataset_type: str, rows: int = 4) -> list[dict[str, Any]]:
    """The records of a type that were released last, as far as the reader may see them."""
    return _search(fq=f'dataset_type:"{dataset_type}" capacity:public', sort="metadata_modified desc", rows=rows)[
        "results"
    ]


def communitydata_places(rows: int = 12) -> list[atlas.Place]:
    """Places that records are about, most frequent first."""
    return sorted(atlas.directory(atlas.AT_A_TIME), key=lambda each: -each.count)[:rows]


def communitydata_counts(organization_id: str) -> dict[str, int]:
    """How many records of each type the reader may see of an organisation: ``{"dataset": 3, "city-practice": 2}``."""
    found = _search(
        fq=f'owner_org:"{organization_id}"', rows=0, include_private=True, **{"facet.field": [facets.TYPES]}
    )
    return {item["name"]: item["count"] for item in found["search_facets"].get(facets.TYPES, {}).get("items", [])}


def communitydata_practices_found(query: str) -> int:
    """How many city practices the words of a search for data would find."""
    return _search(q=query, fq='dataset_type:"city-practice"', rows=0, include_private=True)["count"] if query else 0


def communitydata_practices_using(pkg_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """City practices that say they used this dataset; the reader's permission labels decide which of them are shown."""
    address = tk.h.url_for(f"{pkg_dict['type']}.read", id=pkg_dict["name"], _external=True, locale="default")
    fq = f'dataset_type:"city-practice" vocab_data_used:"{address}"'
    return _search(fq=fq, rows=5, include_private=True)["results"]
