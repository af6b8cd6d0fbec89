"""The plugin's options, one typed getter each, and what it sets up for the plugins it builds on."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.exceptions import CkanConfigurationException

from .fields import language_tag

FORM_LANGUAGES = "ckanext.communitydata.form_languages"
NAMESPACE = "ckanext.communitydata.namespace"
LOCAL_CONTEXTS_HUB = "ckanext.communitydata.local_contexts_hub"
LOCAL_CONTEXTS_KEY = "ckanext.communitydata.local_contexts_key"
MAP_TILES = "ckanext.communitydata.map_tiles"
MAP_ATTRIBUTION = "ckanext.communitydata.map_attribution"

SCHEMAS = "ckanext.communitydata:schemas/dataset.yaml ckanext.communitydata:schemas/city_practice.yaml"
PRESETS = "ckanext.communitydata:schemas/presets.yaml"
SCHEMING_PRESETS = "ckanext.scheming:presets.json"
RDF_PROFILES = "ckanext.dcat.rdf.profiles"
ALL_TYPES = "ckan.search.show_all_types"


def form_languages() -> list[str]:
    """Language tags that the forms offer."""
    return [language_tag(code) for code in tk.config[FORM_LANGUAGES]]


def namespace() -> str:
    """Address under which our own terms are named."""
    return tk.config[NAMESPACE]


def local_contexts_hub() -> str:
    """Address of the Local Contexts Hub; empty where labels are not fetched."""
    return tk.config[LOCAL_CONTEXTS_HUB] or ""


def local_contexts_key() -> str:
    """The site's key for the Hub's API."""
    return tk.config[LOCAL_CONTEXTS_KEY] or ""


def map_tiles() -> str:
    """Address of map tiles with {z}, {x} and {y}; empty where maps have no background."""
    return tk.config[MAP_TILES] or ""


def map_attribution() -> str:
    """Whom the tiles come from."""
    return tk.config[MAP_ATTRIBUTION] or ""


def site_id() -> str:
    """The name that sets this site's keys apart in a Redis shared with others."""
    return tk.config["ckan.site_id"]


def default_language() -> str:
    """The language of a text that does not say in which language it is: the site's."""
    return language_tag(tk.config["ckan.locale_default"])


def prepare_scheming(config: Any) -> None:
    """Have scheming read our schemas unless the site chose its own, and our presets beside the site's."""
    if not config.get("scheming.dataset_schemas"):
        config["scheming.dataset_schemas"] = SCHEMAS
    presets = config.get("scheming.presets") or SCHEMING_PRESETS
    if PRESETS not in presets.split():
        config["scheming.presets"] = f"{PRESETS} {presets}"


def prepare_dcat(config: Any) -> None:
    """Add our RDF profile where the site left ckanext-dcat's profiles as they come."""
    if config.get(RDF_PROFILES) == "euro_dcat_ap_3":
        config[RDF_PROFILES] = "euro_dcat_ap_3 communitydata"


def prepare_search(config: Any) -> None:
    """List data alone on the page of data, where the site left CKAN's way, which adds all other types to it."""
    if config.get(ALL_TYPES) == "dataset":
        config[ALL_TYPES] = "false"


def require_scheming(config: Any) -> None:
    """Stop with one sentence if the plugin that reads our schemas is missing or would override our forms."""
    plugins = config.get("ckan.plugins")
    names = plugins.split() if isinstance(plugins, str) else list(plugins or [])
    if "scheming_datasets" not in names:
        raise CkanConfigurationException(
            "The plugin communitydata needs scheming_datasets: add it to ckan.plugins, after communitydata."
        )
    if names.index("scheming_datasets") < names.index("communitydata"):
        raise CkanConfigurationException(
            "The plugin communitydata must come before scheming_datasets in ckan.plugins, or its forms are not used."
        )
