"""DKAN, which publishes DCAT-US and, in its first version, an API after CKAN's.

Sites: https://getdkan.org/. Version 2 keeps its records in a metastore, also in DCAT-US's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.mapping import Mapped
from ckanext.cityportals.portals.base import Page, Portal, Record, paged, site_of
from ckanext.cityportals.portals.ckan import CkanPortal
from ckanext.cityportals.portals.dcat_us import DcatUsPortal
from ckanext.privacy.engine.sentences import say, to_say

_PAGE = 100
_METASTORE = "/api/1/metastore/schemas/dataset/items"
_LIKE_CKAN = "/api/3/action/current_package_list_with_resources"


class DkanPortal(Portal):
    """A DKAN site. A record is in DCAT-US's words or, from an old site without ``data.json``, in CKAN's."""

    source_type = "dkan"
    title = "DKAN"
    description = to_say("A DKAN site such as Lima's; its address is enough")
    noise = DcatUsPortal.noise | CkanPortal.noise

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        site = site_of(url, "/api/", "/data.json")
        first_error: PortalError | None = None
        for read in (_read_data_json, _read_metastore, _read_like_ckan):
            pages = read(client, site, unless)
            try:
                first = next(pages)
            except PortalError as error:
                if error.busy:
                    raise
                first_error = first_error or error
                continue  # it may be another version of DKAN, which has its catalogue elsewhere
            yield first
            yield from pages
            return
        if first_error:
            raise first_error

    def remote_id(self, record: Record) -> str:
        return _words_of(record).remote_id(record)

    def aliases(self, record: Record) -> tuple[str, ...]:
        return _words_of(record).aliases(record)

    def to_dataset(self, record: Record) -> Mapped:
        return _words_of(record).to_dataset(record)


_DCAT_US, _CKAN = DcatUsPortal(), CkanPortal()


def _words_of(record: Record) -> Portal:
    """The portal whose words a record is in: only CKAN's has resources."""
    return _CKAN if "resources" in record else _DCAT_US


def _read_data_json(client: Client, site: str, unless: Mapping[str, Validators]) -> Iterator[Page]:
    address = f"{site}/data.json"
    yield from paged(client.get_list(address, "dataset", unless=unless.get(address)))


def _read_metastore(client: Client, site: str, unless: Mapping[str, Validators]) -> Iterator[Page]:
    address = f"{site}{_METASTORE}"
    records = client.get_json(address, unless=unless.get(address))
    if not isinstance(records, list):
        raise PortalError(say("{url} answered with JSON that holds no list of datasets.", url=address))
    yield from paged(each for each in records if isinstance(each, dict))


def _read_like_ckan(client: Client, site: str, unless: Mapping[str, Validators]) -> Iterator[Page]:
    address, offset = f"{site}{_LIKE_CKAN}", 0
    while True:
        document = client.get_json(address, {"limit": _PAGE, "offset": offset})
        result = document.get("result") if isinstance(document, dict) else None
        if not isinstance(result, list):
            raise PortalError(
                say("{url} answered with JSON that holds no list of datasets ('result' is missing).", url=address)
            )
        # DKAN puts the list into a list of its own, unlike CKAN.
        records = result[0] if result and isinstance(result[0], list) else result
        yield Page([each for each in records if isinstance(each, dict)])
        offset += len(records)
        if len(records) < _PAGE:
            return
