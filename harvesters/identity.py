"""Who a remote record is, also when its portal calls it something else today.

A portal changes identifiers far more often than it deletes data: in the recorded city feeds four of five
"disappearances" are the same dataset under a new name. So a record is known by several *aliases*, strings of
the form ``kind:value``:

==========  =====================================================================================
``id``      the identifier as the portal gives it, without scheme, default port and trailing slash
``hub``     the item id (32 hex digits) of ArcGIS, with its layer number where it has one
``slug``    the page name ArcGIS Hub uses since 2022, whatever folder it stands in
``4x4``     Socrata's view id (``abcd-1234``)
``service`` the address of the ArcGIS map or feature service behind it
``work``    title and date of issue together
==========  =====================================================================================

Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HUB_ITEM = re.compile(r"([0-9a-f]{32})(?:_(\d+)|[^#]*?[?&]sublayer=(\d+))?")
_HUB_SLUG = re.compile(r"/(?:datasets|maps|apps|documents)/([^/?#]*::[^/?#]+)")
_FOUR_BY_FOUR = re.compile(r"(?<=/)[a-z0-9]{4}-[a-z0-9]{4}(?=$|[/?#.])")


def canonical_url(text: str) -> str:
    """An address reduced to what tells it from another one; other text is only trimmed.

    >>> canonical_url("HTTP://Data.Example.org:80/datasets/a1/")
    'data.example.org/datasets/a1'
    >>> canonical_url(" 5f2c ")
    '5f2c'
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    if not parts.scheme or not parts.hostname:
        return text
    named_port = f":{port}" if port and port != _DEFAULT_PORTS.get(parts.scheme) else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.hostname}{named_port}{parts.path.rstrip('/')}{query}"


def within(address: str, site: str) -> bool:
    """Whether an address belongs to a site, which may stand below a path of its host.

    >>> within("http://Data.example.org:80/api", "https://data.example.org")
    True
    >>> within("https://data.example.org/city-b", "https://data.example.org/city")
    False
    """
    return f"{canonical_url(address).partition('?')[0]}/".startswith(f"{canonical_url(site)}/")


def id_alias(identifier: str) -> str:
    """The alias every record has."""
    return f"id:{canonical_url(identifier)}"


def hub_aliases(addresses: Iterable[str]) -> Iterator[str]:
    """Item id (with layer) and page name of ArcGIS Hub, wherever they stand in these addresses."""
    for address in addresses:
        item = _HUB_ITEM.search(address)
        if item:
            layer = item.group(2) or item.group(3)
            yield f"hub:{item.group(1)}_{layer}" if layer else f"hub:{item.group(1)}"
        slug = _HUB_SLUG.search(address)
        if slug:
            yield f"slug:{slug.group(1).lower()}"


def socrata_aliases(addresses: Iterable[str]) -> Iterator[str]:
    """View ids of Socrata that stand in these addresses as a path segment of their own."""
    for address in addresses:
        for found in _FOUR_BY_FOUR.findall(address):
            yield f"4x4:{found}"


def service_aliases(addresses: Iterable[str]) -> Iterator[str]:
    """ArcGIS service addresses. Servers treat their case as equal, so we do."""
    for address in addresses:
        if "/rest/services/" in address.lower():
            yield f"service:{canonical_url(address).lower()}"


def work_alias(title: str | None, issued: str | None) -> str | None:
    """Title and date of issue; either alone says too little."""
    if not title or not issued:
        return None
    return f"work:{' '.join(title.split()).casefold()}|{issued.strip()}"


def digest(record: dict[str, Any], noise: frozenset[str] = frozenset()) -> str:
    """SHA-256 of what a record says, whatever the order of its keys, without its ``noise`` keys.

    >>> digest({"a": 1, "b": 2, "modified": "x"}, frozenset({"modified"})) == digest({"b": 2, "a": 1})
    True
    """
    heard = {key: value for key, value in record.items() if key not in noise}
    return hashlib.sha256(json.dumps(heard, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
