"""Who a remote record is, also when its portal calls it something else today.

A portal changes identifiers far more often than it deletes data: in the recorded city feeds four of five
"disappearances" are the same dataset under a new name. So a record is known by several *aliases*, strings of
the form ``kind:value``:

===========  ====================================================================================
``id``       an identifier as the portal gives it, without scheme, default port and trailing slash
``hub``      the item id (32 hex digits) of ArcGIS, with its layer number where it has one
``item``     the same item id without the layer
``slug``     the page name ArcGIS Hub uses since 2022, whatever folder it stands in
``4x4``      Socrata's view id (``abcd-1234``)
``uuid``     the UUID in an identifier, where it holds one
``doi``      the DOI in an identifier or in the address of a landing page
``path``     an identifier that is an address, without its host
``page``     the address of the landing page
``file``     the address of a file
``service``  the address of the ArcGIS map or feature service behind it
``work``     title and date of issue together
``name``     the title alone
``undated``  title and publisher of a record that names no date of issue
===========  ====================================================================================

Some of them tell a record from every other one, some only together; ``reconcile`` knows which.
Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HUB_ITEM = re.compile(r"(?<![0-9a-f])([0-9a-f]{32})(?![0-9a-f])(?:_(\d+)|[^#]*?[?&](?:sublayer|layer)=(\d+))?")
_HUB_SLUG = re.compile(r"/(?:datasets|maps|apps|documents)/([^/?#]*::[^/?#]+)")
_FOUR_BY_FOUR = re.compile(r"(?:(?<=/)|^)(?![a-z]{4}-(?:19|20)\d\d)[a-z0-9]{4}-[a-z0-9]{4}(?=$|[/?#.])")
_UUID = re.compile(r"(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])")
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>?#]+")
_SERVICE = re.compile(r"[^?#]*/rest/services/[^?#]*", re.IGNORECASE)


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
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{parts.hostname}{named_port}{unquote(parts.path).rstrip('/')}{query}{fragment}"


def within(address: str, site: str) -> bool:
    """Whether an address belongs to a site, which may stand below a path of its host.

    >>> within("http://Data.example.org:80/api", "https://data.example.org")
    True
    >>> within("https://data.example.org/city-b", "https://data.example.org/city")
    False
    """
    path = canonical_url(address).partition("?")[0].partition("#")[0]
    return f"{path}/".startswith(f"{canonical_url(site)}/")


def id_alias(identifier: str) -> str:
    """The alias every record has."""
    return f"id:{canonical_url(identifier)}"


@dataclass(frozen=True)
class Words:
    """What a record says in words, each whatever the portal sends.

    ``issued``: date of first issue; nothing where the portal's own clock stands for it.
    """

    title: Any = None
    issued: Any = None
    publisher: Any = None


def aliases(
    identifiers: Iterable[Any], words: Words, *, pages: Iterable[Any] = (), files: Iterable[Any] = ()
) -> tuple[str, ...]:
    """Every alias of a record, each once; that of its identifier first.

    :param identifiers: the one the portal goes by first, then others it names
    :param pages: landing pages
    :param files: addresses of its files and services
    """
    ids, addresses, shown = _texts(identifiers), _texts(files), _texts(pages)
    found = [id_alias(each) for each in ids]
    found += hub_aliases(ids)
    found += socrata_aliases(ids)
    found += _in_identifiers(ids)
    found += [f"doi:{doi.group().lower().rstrip('/')}" for each in [*ids, *shown] if (doi := _DOI.search(each))]
    found += [f"page:{canonical_url(each)}" for each in shown if _is_address(each)]
    found += service_aliases(addresses)
    found += [f"file:{canonical_url(each)}" for each in addresses if _is_address(each)]
    found += _in_words(_text(words.title), _text(words.issued), _text(words.publisher))
    return tuple(dict.fromkeys(found))


def _texts(values: Iterable[Any]) -> list[str]:
    return [text for each in values if (text := _text(each))]


def _text(value: Any) -> str:
    """A value as text; an object in several languages as all of them."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str) if value else ""
    return str(value).strip() if value is not None else ""


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://", "ftp://"))


def _in_identifiers(identifiers: list[str]) -> Iterator[str]:
    """What stays of an identifier when a portal moves to another host, or writes it in another way."""
    for each in identifiers:
        uuids = set(_UUID.findall(each.lower()))
        if len(uuids) == 1:
            yield f"uuid:{uuids.pop()}"
        if _is_address(each):
            path = canonical_url(each).partition("/")[2]
            if path:
                yield f"path:/{path}"


def hub_aliases(addresses: Iterable[str]) -> Iterator[str]:
    """Item id (with layer, and without) and page name of ArcGIS Hub, wherever they stand in these addresses."""
    for address in addresses:
        item = _HUB_ITEM.search(address)
        if item:
            layer = item.group(2) or item.group(3)
            yield f"hub:{item.group(1)}_{layer}" if layer else f"hub:{item.group(1)}"
            yield f"item:{item.group(1)}"
        slug = _HUB_SLUG.search(unquote(address))
        if slug:
            yield f"slug:{slug.group(1).lower()}"


def socrata_aliases(addresses: Iterable[str]) -> Iterator[str]:
    """View ids of Socrata that stand in these addresses as a path segment of their own."""
    for address in addresses:
        for found in _FOUR_BY_FOUR.findall(address):
            yield f"4x4:{found}"


def service_aliases(addresses: Iterable[str]) -> Iterator[str]:
    """ArcGIS service addresses, without their query. Servers treat their case as equal, so we do."""
    for address in addresses:
        service = _SERVICE.match(address)
        if service:
            yield f"service:{canonical_url(service.group()).lower()}"


def _in_words(title: str, issued: str, publisher: str) -> Iterator[str]:
    """Title and date of issue; a title alone says too little, unless no date was ever said."""
    folded = _folded(title)
    if not folded:
        return
    if issued:
        yield f"work:{folded}|{issued}"
    else:
        yield f"undated:{folded}|{_folded(publisher)}"
    yield f"name:{folded}"


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def digest(record: dict[str, Any], noise: frozenset[str] = frozenset()) -> str:
    """SHA-256 of what a record says, whatever the order of its keys, without its ``noise``.

    :param noise: members that do not count; those of inner objects, also in lists, with dots: ``resources.hits``

    >>> one, other = {"a": 1, "b": [{"c": 1, "d": 2}]}, {"b": [{"c": 1, "d": 3}], "a": 1}
    >>> digest(one, frozenset({"b.d"})) == digest(other, frozenset({"b.d"}))
    True
    """
    heard = _without(record, _tree(noise))
    return hashlib.sha256(json.dumps(heard, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@functools.cache
def _tree(paths: frozenset[str]) -> dict[str, Any]:
    """Paths with dots as nested dictionaries; an empty one ends a path."""
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for name in path.split("."):
            branch = branch.setdefault(name, {})
    return tree


def _without(value: Any, tree: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_without(each, tree) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _without(each, tree[name]) for name, each in value.items() if tree.get(name)}
    return {**{name: each for name, each in value.items() if name not in tree}, **inner}
