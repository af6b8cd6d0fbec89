"""Tags and file formats: only those that occur in datasets the reader may see."""

from __future__ import annotations

from typing import Any, cast

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.logic.schema import page_of


def seen(context: Context, field: str) -> dict[str, int]:
    """Return the values of an index field in what the reader may see, with the number of datasets."""
    search = {"rows": 0, "facet.field": [field], "facet.limit": -1, "facet.mincount": 1, "include_private": True}
    kept = ("user", "auth_user_obj", "ignore_auth")
    own = cast("Context", {key: value for key, value in context.items() if key in kept})
    return tk.get_action("package_search")(own, search)["facets"].get(field, {})


@tk.chained_action
@tk.side_effect_free
def tag_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List free tags the reader may see. A vocabulary's tags are the site's own words and stay open."""
    tags = original(context, data_dict)
    if data_dict.get("vocabulary_id"):
        return tags
    visible = seen(context, "tags")
    return [tag for tag in tags if (tag if isinstance(tag, str) else tag["name"]) in visible]


@tk.chained_action
@tk.side_effect_free
def tag_search(original: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Search among free tags the reader may see."""
    if data_dict.get("vocabulary_id"):
        return original(context, data_dict)
    found = original(context, _without_page(data_dict))["results"]
    visible = seen(context, "tags")
    tags = [tag for tag in found if tag["name"] in visible]
    return {"count": len(tags), "results": _paged(tags, data_dict)}


@tk.chained_action
@tk.side_effect_free
def tag_autocomplete(original: Action, context: Context, data_dict: DataDict) -> list[str]:
    """Complete free tags the reader may see."""
    if data_dict.get("vocabulary_id"):
        return original(context, data_dict)
    found = original(context, _without_page(data_dict))
    visible = seen(context, "tags")
    return _paged([tag for tag in found if tag in visible], data_dict)


def _without_page(data_dict: DataDict) -> DataDict:
    return {key: value for key, value in data_dict.items() if key not in ("limit", "offset")}


def _paged(found: list[Any], data_dict: DataDict) -> list[Any]:
    limit, offset = page_of(data_dict)
    return found[offset or 0 :][:limit]


@tk.chained_action
@tk.side_effect_free
def tag_show(original: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show a tag that occurs in something the reader may see."""
    tag = model.Tag.get(tk.get_or_bust(data_dict, "id"), vocab_id_or_name=data_dict.get("vocabulary_id"))
    if tag is not None and tag.vocabulary_id is None and tag.name not in seen(context, "tags"):
        raise tk.ObjectNotFound(tk._("Not found"))
    return original(context, data_dict)


@tk.chained_action
@tk.side_effect_free
def format_autocomplete(original: Action, context: Context, data_dict: DataDict) -> list[str]:
    """Complete file formats that occur in something the reader may see, the most used first."""
    tk.check_access("format_autocomplete", context, data_dict)
    query, (limit, _) = str(tk.get_or_bust(data_dict, "q")).lower(), page_of(data_dict)
    counts: dict[str, int] = {}
    for name, count in seen(context, "res_format").items():
        counts[name.lower()] = counts.get(name.lower(), 0) + count
    found = sorted((name for name in counts if query in name), key=lambda name: (-counts[name], name))
    return found[: limit or 5]
