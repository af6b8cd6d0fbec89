"""The plugin ``communitydata``: metadata that tells who is behind the data. Wiring only."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import yaml
from ckan.lib.plugins import DefaultTranslation

from ckanext.privacy.interfaces import IReleaseRequirements

from . import cli, facets, helpers, light, locales, requirements, search_index, searching, views
from . import config as options
from .logic import action, auth, validators
from .vocabularies import SOURCE


@tk.blanket.helpers(helpers)
@tk.blanket.validators(validators)
@tk.blanket.auth_functions(auth)
@tk.blanket.blueprints(views)
@tk.blanket.cli(cli)
class CommunityDataPlugin(
    p.SingletonPlugin,
    p.IConfigDeclaration,
    p.IActions,
    p.IConfigurer,
    p.IMiddleware,
    p.IFacets,
    p.IPackageController,
    DefaultTranslation,
    p.ITranslation,
    IReleaseRequirements,
):
    """Schemas, forms, pages, vocabularies and RDF for data that communities collect."""

    # IConfigDeclaration
    def declare_config_options(self, declaration: Any, key: Any) -> None:
        """Declare our options, and set up scheming, which reads its own before our ``update_config`` has its turn."""
        declaration.load_dict(yaml.safe_load((SOURCE.parent / "config_declaration.yaml").read_text(encoding="utf-8")))
        options.prepare_scheming(tk.config)

    # IConfigurer
    def update_config(self, config: Any) -> None:
        """Add templates and assets; stop with one sentence if scheming is not there."""
        options.require_scheming(config)
        options.prepare_dcat(config)
        options.prepare_search(config)
        locales.offer_more(config)
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "communitydata")
        tk.add_public_directory(config, "public")

    # IMiddleware
    def make_middleware(self, app: Any, config: Any) -> Any:
        """Send visitors who read no cookie."""
        return light.prepare(app)

    # IActions
    def get_actions(self) -> dict[str, Any]:
        """Ours; city practices are kept out of the RDF catalogue, where there is one."""
        return {**action.ACTIONS, **(action.DCAT_ACTIONS if p.plugin_loaded("dcat") else {})}

    # IPackageController
    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Make our fields searchable."""
        schema = tk.h.scheming_get_dataset_schema(pkg_dict.get("type", "dataset"))
        return search_index.prepare(pkg_dict, schema["dataset_fields"]) if schema else pkg_dict

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        """Look in every language, and by area."""
        return searching.prepare(search_params)

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        """Name the entries of our filters."""
        facets.name_entries(search_results.get("search_facets", {}), tk._)
        return search_results

    # IFacets
    def dataset_facets(self, facets_dict: Any, package_type: str) -> Any:
        """Filters by what our records are about."""
        return OrderedDict(facets.of_type(package_type, facets_dict, tk._))

    def organization_facets(self, facets_dict: Any, organization_type: str, package_type: str | None) -> Any:
        """An organisation's page lists datasets and city practices together."""
        return OrderedDict(facets.of_all_types(facets_dict, tk._))

    def group_facets(self, facets_dict: Any, group_type: str, package_type: str | None) -> Any:
        """So does a group's page."""
        return OrderedDict(facets.of_all_types(facets_dict, tk._))

    # IReleaseRequirements
    def release_requirements(self, pkg_dict: dict[str, Any]) -> list[Any]:
        """What the schema wants said before a release."""
        return [
            {
                "field": lack.field,
                "label": lack.label,
                "message": lack.message,
                "anchor": f"section-{lack.section}",
                "blocking": lack.blocking,
            }
            for lack in requirements.missing_for_release(pkg_dict, tk._)
        ]
