"""ArcGIS Hub, read through the DCAT-US feed every Hub site publishes."""

from __future__ import annotations

from collections.abc import Iterator

from ckanext.cityportals import identity
from ckanext.cityportals.portals.dcat_us import DcatUsPortal


class ArcgisHubPortal(DcatUsPortal):
    """An ArcGIS Hub site.

    Hubs changed every identifier at once three times between 2020 and 2022, so the item id, the page name and the
    service behind a record matter more here than its identifier.
    """

    source_type = "arcgis-hub"
    title = "ArcGIS Hub"
    description = "An ArcGIS Hub or ArcGIS Open Data site; its address is enough"
    paths = ("/api/feed/dcat-us/1.1.json", "/data.json")

    def platform_aliases(self, addresses: list[str]) -> Iterator[str]:
        yield from identity.hub_aliases(addresses)

    def licence_text(self, text: str) -> str:
        """Hubs put the address of a page of their own where a licence should stand; it says nothing."""
        return "" if text.rstrip("/").endswith(("/license", "/license.json")) else super().licence_text(text)
