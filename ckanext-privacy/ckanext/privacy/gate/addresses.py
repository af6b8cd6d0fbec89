"""Addresses of linked files: what a browser would run, or look for on the reader's own machine, is never released.

Which kinds of address lead somewhere is CKAN's own list, `ckan.valid_url_schemes`: its pages make links of no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.sentences import say

#: The names of the addresses under which this site serves what it keeps itself.
_OWN = frozenset({"upload", "datastore"})


def objections(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one sentence for each file whose address cannot be released."""
    found = ((each, _scheme(each.get("url") or "")) for each in resources if each.get("url_type") not in _OWN)
    return [
        say(
            '{name}: an address that begins with "{scheme}:" cannot be released. '
            "Give one that begins with https:// or http://, or upload the file.",
            name=each.get("name") or each["id"],
            scheme=scheme,
        )
        for each, scheme in found
        if scheme and scheme not in tk.config["ckan.valid_url_schemes"]
    ]


def objections_to(package_id: str) -> list[str]:
    """Return the same for the files of a dataset as its editors keep it."""
    table = model.resource_table.c
    query = sa.select(table.id, table.name, table.url, table.url_type).order_by(table.position)
    query = query.where(table.package_id == package_id, table.state == "active", table.url.regexp_match("^[^/]*:"))
    return objections(map(dict, model.Session.execute(query).mappings()))


def host(url: str) -> str:
    """Return whose machine an address names, in lower case; empty where it names none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _scheme(url: str) -> str:
    """Return what stands before the colon, as a browser reads it: without what it leaves out of an address."""
    try:
        return urlsplit("".join(character for character in url if character.isprintable()).strip()).scheme
    except ValueError:
        return ""
