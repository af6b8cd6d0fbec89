"""Wiring: which interfaces this extension fills, and with what."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation

from ckanext.cityportals import automatic, facets, views
from ckanext.cityportals.harvester import PortalHarvester
from ckanext.cityportals.portals import PORTALS
from ckanext.privacy.interfaces import IPublicElsewhere

#: loaded together with ``city_portals``; ckanext-harvest wants a plugin of its own for each kind of source
_HARVESTERS = tuple(f"{source_type.replace('-', '_')}_harvester" for source_type in PORTALS)


@tk.blanket.actions
@tk.blanket.auth_functions
@tk.blanket.cli
@tk.blanket.config_declarations
@tk.blanket.blueprints(views.get_blueprints)
@tk.blanket.helpers
class CityPortalsPlugin(
    p.SingletonPlugin,
    DefaultTranslation,
    p.ITranslation,
    p.IConfigurer,
    p.IPluginObserver,
    p.IPackageController,
    IPublicElsewhere,
):
    """City portals as harvest sources, and the actions and commands around them."""

    # IConfigurer

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "cityportals")
        missing = [name for name in _HARVESTERS if not p.plugin_loaded(name)]
        if missing:
            p.load(*missing)

    # IPluginObserver

    def before_unload(self, plugin: p.Plugin) -> None:
        if plugin is self:
            p.unload(*(name for name in _HARVESTERS if p.plugin_loaded(name)))

    # IPackageController

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        facets.name_entries(search_results.get("search_facets", {}))
        return search_results

    # IPublicElsewhere

    def public_elsewhere(self, pkg_dict: dict[str, Any]) -> str | None:
        """The privacy gate asks for this (its ``IPublicElsewhere``) before a first release."""
        return automatic.public_elsewhere(pkg_dict)


class CityCkanHarvester(PortalHarvester):
    """CKAN city portals."""

    source_type = "city-ckan"


class DcatUsHarvester(PortalHarvester):
    """DCAT-US documents."""

    source_type = "dcat-us"


class SocrataHarvester(PortalHarvester):
    """Socrata domains."""

    source_type = "socrata"


class ArcgisHubHarvester(PortalHarvester):
    """ArcGIS Hub sites."""

    source_type = "arcgis-hub"


class OpendatasoftHarvester(PortalHarvester):
    """OpenDataSoft portals."""

    source_type = "opendatasoft"


class DcatApHarvester(PortalHarvester):
    """DCAT-AP catalogues in RDF."""

    source_type = "dcat-ap"


class DkanHarvester(PortalHarvester):
    """DKAN sites."""

    source_type = "dkan"


class UdataHarvester(PortalHarvester):
    """Udata sites."""

    source_type = "udata"


class JunarHarvester(PortalHarvester):
    """Junar sites."""

    source_type = "junar"


class OgdIndiaHarvester(PortalHarvester):
    """India's OGD platform."""

    source_type = "ogd-india"


class KoboHarvester(PortalHarvester):
    """Kobo and ODK projects."""

    source_type = "kobo"


class ListHarvester(PortalHarvester):
    """Lists of places that have no API."""

    source_type = "list"


class PracticeHarvester(PortalHarvester):
    """Pages with city practices."""

    source_type = "practice"
