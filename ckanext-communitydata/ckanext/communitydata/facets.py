"""Filters of the search pages, and the names of their entries in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ckanext.communitydata import vocabularies
from ckanext.communitydata.fields import _

PRACTICE = "city-practice"
#: Filters by type of record: field of the index, heading, list that names its entries.
FACETS: dict[str, dict[str, tuple[str, str | None]]] = {
    PRACTICE: {
        "vocab_topics": (_("Challenge"), "practice-topic"),
        "vocab_groups_served": (_("Groups served"), "community-kind"),
        "vocab_stage": (_("Stage"), "practice-stage"),
        "vocab_evidence": (_("What the results rest on"), "evidence"),
        "organization": (_("Organizations"), None),
    },
    "dataset": {
        "vocab_community_data_kind": (_("Kind of data"), "data-kind"),
        "vocab_data_about": (_("What it describes"), "data-about"),
        "vocab_place": (_("Places"), None),
    },
}
#: The filter of pages that list records of all types, and the names of its entries.
TYPES = "dataset_type"
TYPE_NAMES = {"dataset": _("Datasets"), PRACTICE: _("City practices")}


def of_type(dataset_type: str, others: Mapping[str, str], translate: Callable[[str], str]) -> dict[str, str]:
    """The filters of a type with their headings; a practice has none of CKAN's own, which are about files."""
    ours = {name: translate(heading) for name, (heading, _scheme) in FACETS.get(dataset_type, {}).items()}
    return ours if dataset_type == PRACTICE else {**ours, **others}


def of_all_types(others: Mapping[str, str], translate: Callable[[str], str]) -> dict[str, str]:
    """The filters of a page that lists datasets and city practices together."""
    return {TYPES: translate(_("Kind of record")), **others}


def name_entries(found: Mapping[str, Any], translate: Callable[[str], str]) -> None:
    """Give the entries of our filters their names in place of their tokens."""
    schemes = {name: scheme for facets in FACETS.values() for name, (_heading, scheme) in facets.items() if scheme}
    for facet, scheme in schemes.items():
        for item in found.get(facet, {}).get("items", []):
            concept = vocabularies.find(scheme, item["name"])
            item["display_name"] = translate(concept.label) if concept else item["display_name"]
    for item in found.get(TYPES, {}).get("items", []):
        item["display_name"] = translate(TYPE_NAMES.get(item["name"]) or item["display_name"])
