"""Socrata, read through the DCAT-US document every Socrata domain publishes at ``/data.json``."""

from __future__ import annotations

from collections.abc import Iterator

from ckanext.cityportals import identity
from ckanext.cityportals.portals.dcat_us import DcatUsPortal


class SocrataPortal(DcatUsPortal):
    """A Socrata domain. Its records keep a view id (``abcd-1234``) whatever address they stand at."""

    source_type = "socrata"
    title = "Socrata"
    description = "A Socrata site such as data.cityofnewyork.us; its address is enough"

    def platform_aliases(self, addresses: list[str]) -> Iterator[str]:
        yield from identity.socrata_aliases(addresses)
