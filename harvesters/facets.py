"""Filters of the page of harvest sources: their headings and entries in words instead of codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.privacy.translation import N_

HEADINGS = {"source_type": N_("Kind of portal"), "frequency": N_("How often")}
FREQUENCIES = {
    "MANUAL": N_("When somebody starts it"),
    "MONTHLY": N_("Every month"),
    "BIWEEKLY": N_("Every two weeks"),
    "WEEKLY": N_("Every week"),
    "DAILY": N_("Every day"),
    "ALWAYS": N_("All the time"),
}


def name_entries(found: Mapping[str, Any]) -> None:
    """Give the entries of these filters their names in place of their codes."""
    if "source_type" in found:
        kinds = {each["value"]: each["text"] for each in tk.h.harvester_types()}
        _name(found["source_type"], kinds)
    if "frequency" in found:
        _name(found["frequency"], {code: tk._(word) for code, word in FREQUENCIES.items()})


def _name(filter_: Mapping[str, Any], words: Mapping[str, str]) -> None:
    for item in filter_.get("items", []):
        item["display_name"] = words.get(item["name"], item["display_name"])
