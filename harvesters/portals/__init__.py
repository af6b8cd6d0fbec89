"""The kinds of portals this catalogue can read."""

from __future__ import annotations

from ckanext.cityportals.portals.arcgis import ArcgisHubPortal
from ckanext.cityportals.portals.base import Page, Portal, Record
from ckanext.cityportals.portals.ckan import CkanPortal
from ckanext.cityportals.portals.dcat_us import DcatUsPortal
from ckanext.cityportals.portals.socrata import SocrataPortal

__all__ = ["PORTALS", "Page", "Portal", "Record"]

#: every adapter by its ``source_type``
PORTALS: dict[str, Portal] = {
    portal.source_type: portal for portal in (CkanPortal(), DcatUsPortal(), SocrataPortal(), ArcgisHubPortal())
}
