"""The kinds of portals this catalogue can read."""

from __future__ import annotations

from ckanext.cityportals.portals.arcgis import ArcgisHubPortal
from ckanext.cityportals.portals.base import Page, Portal, Record
from ckanext.cityportals.portals.ckan import CkanPortal
from ckanext.cityportals.portals.dcat_ap import DcatApPortal
from ckanext.cityportals.portals.dcat_us import DcatUsPortal
from ckanext.cityportals.portals.dkan import DkanPortal
from ckanext.cityportals.portals.junar import JunarPortal
from ckanext.cityportals.portals.kobo import KoboPortal
from ckanext.cityportals.portals.listing import ListPortal
from ckanext.cityportals.portals.ogd_india import OgdIndiaPortal
from ckanext.cityportals.portals.opendatasoft import OpendatasoftPortal
from ckanext.cityportals.portals.practice import PracticePortal
from ckanext.cityportals.portals.socrata import SocrataPortal
from ckanext.cityportals.portals.udata import UdataPortal

__all__ = ["PORTALS", "Page", "Portal", "Record"]

#: every adapter by its ``source_type``
PORTALS: dict[str, Portal] = {
    portal.source_type: portal
    for portal in (
        CkanPortal(),
        DcatUsPortal(),
        SocrataPortal(),
        ArcgisHubPortal(),
        OpendatasoftPortal(),
        DcatApPortal(),
        DkanPortal(),
        UdataPortal(),
        JunarPortal(),
        OgdIndiaPortal(),
        KoboPortal(),
        ListPortal(),
        PracticePortal(),
    )
}
