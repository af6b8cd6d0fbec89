"""Records that a portal took from this catalogue, directly or by way of another one: they are not harvested again.

A portal that harvests us lists our datasets among its own. Taken again they would stand here twice, and each harvest of
the other side would bring them back once more. They give themselves away by our addresses, by the ids of our datasets,
which travel from CKAN to CKAN, and by what they say about where they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.cityportals import identity, ledger
from ckanext.cityportals.portals import PORTALS, Record

#: members in which a record names the catalogue it was harvested from
_HARVESTED_FROM = frozenset({"harvest_source_url", "harvest_catalogue_url", "harvest_url", "source_catalog_homepage"})
#: members in which a record names what it was made from: it is ours if it also bears the same title
_MADE_FROM = frozenset(
    {"source", "source_url", "isVersionOf", "is_version_of", "wasDerivedFrom", "was_derived_from", "original_url"}
)
#: how deep such members stand in a record
_LEVELS = 3

_OWN_IDS = sa.text("""
    SELECT package.id, package.name FROM package
     WHERE package.id = ANY(:ids) AND package.type != 'harvest'
       AND package.plugin_data -> :key ->> 'source_id' IS DISTINCT FROM :source_id
       AND NOT EXISTS (SELECT 1 FROM harvest_object AS object JOIN harvest_source AS source
                           ON source.id = object.harvest_source_id
                        WHERE object.package_id = package.id AND source.type != ALL(:types))
""")
_TITLES = sa.text("SELECT id, name, title FROM package WHERE id = ANY(:ids) OR name = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record of a portal, with its aliases."""

    key: str
    aliases: tuple[str, ...]
    record: Record


class Ours:
    """Tells this catalogue's own datasets among a source's records."""

    def __init__(self, source_id: str) -> None:
        self._source_id = source_id
        sites = (tk.config.get(name) or "" for name in ("ckan.site_url", "ckanext.dcat.base_uri"))
        self._sites = [each for each in sites if each]

    def among(self, candidates: list[Candidate]) -> dict[str, str]:
        """Which of these records are ours, by key: the name of the dataset, or its address where there is none now."""
        named = self._by_id(candidates)
        found = {}
        for each in candidates:
            here = named.get(each.key) or self._by_address(each) or self._by_origin(each.record)
            if here:
                found[each.key] = here
        return found

    def _is_here(self, address: str) -> bool:
        return any(identity.within(address, site) for site in self._sites)

    def _by_id(self, candidates: list[Candidate]) -> dict[str, str]:
        """Ids of datasets here are made here, so another catalogue has them from us."""
        uuids = {each.removeprefix("uuid:"): candidate.key for candidate in candidates for each in candidate.aliases
                 if each.startswith("uuid:")}  # fmt: skip
        if not uuids:
            return {}
        wanted = {"ids": list(uuids), "key": ledger.KEY, "source_id": self._source_id, "types": list(PORTALS)}
        return {uuids[row.id]: row.name for row in model.Session.execute(_OWN_IDS, wanted)}

    def _by_address(self, candidate: Candidate) -> str:
        """An identifier or landing page here; or files, all of them here."""
        said = [(kind, f"https://{rest}") for kind, _, rest in (each.partition(":") for each in candidate.aliases)]
        here = next((address for kind, address in said if kind in ("id", "page") and self._is_here(address)), "")
        files = [address for kind, address in said if kind == "file"]
        return here or (files[0] if files and all(map(self._is_here, files)) else "")

    def _by_origin(self, record: Record) -> str:
        made_from = []
        for name, address in _origins(record, _LEVELS):
            if not self._is_here(address):
                continue
            if name in _HARVESTED_FROM:
                return address
            made_from.append(address)
        return self._of_same_title(record, made_from) if made_from else ""

    def _of_same_title(self, record: Record, addresses: list[str]) -> str:
        ids = [identity.canonical_url(each).partition("?")[0].rpartition("/")[2] for each in addresses]
        titles = {_plain(row.title): row.name for row in model.Session.execute(_TITLES, {"ids": ids})}
        said = [_plain(each) for each in _values(record.get("title") or record.get("dct:title"))]
        return next((titles[each] for each in said if each in titles), "")


def _plain(text: Any) -> str:
    return " ".join(str(text).split()).casefold()


def _origins(value: Any, levels: int) -> Iterator[tuple[str, str]]:
    """Members of a record that name an address it came from, as members or as CKAN's pairs of key and value."""
    if not levels:
        return
    if isinstance(value, list):
        for each in value:
            yield from _origins(each, levels)
        return
    if not isinstance(value, dict):
        return
    members = {**value, str(value["key"]): value.get("value")} if value.get("key") else value
    for name, each in members.items():
        short = str(name).rpartition(":")[2]
        if short in _HARVESTED_FROM or short in _MADE_FROM:
            yield from ((short, address) for address in _values(each))
        elif isinstance(each, dict | list):
            yield from _origins(each, levels - 1)


def _values(value: Any) -> Iterable[str]:
    """A text, the texts of a list, or what an object of RDF says."""
    members = value if isinstance(value, list) else [value]
    for each in members:
        said = (each.get("uri") or each.get("text") or each.get("@id")) if isinstance(each, dict) else each
        if isinstance(said, str) and said:
            yield said
