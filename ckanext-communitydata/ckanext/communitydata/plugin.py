"""The plugin ``communitydata``: metadata that tells who is behind the data. Wiring only."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import yaml
from ckan.lib.plugins import DefaultTranslation

from . import config, helpers, requirements, search_index, views
from .logic import action, validators
from .vocabularies import SOURCE

try:
    from ckanext.privacy.interfaces import IReleaseRequirements
except ImportError:  # the gate is a plugin of its own, and this one works without it
    IReleaseRequirements = p.Interface


@tk.blanket.helpers(helpers)
@tk.blanket.validators(validators)
@tk.blanket.blueprints(views)
class CommunityDataPlugin(
    p.SingletonPlugin,
    p.IConfigDeclaration,
    p.IActions,
    p.IConfigurer,
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
        config.prepare_scheming(tk.config)

    # IConfigurer
    def update_config(self, config_: Any) -> None:
        """Add templates and assets; stop with one sentence if scheming is not there."""
        config.require_scheming(config_)
        config.prepare_dcat(config_)
        tk.add_template_directory(config_, "templates")
        tk.add_resource("assets", "communitydata")

    # IActions
    def get_actions(self) -> dict[str, Any]:
        """Keep city practices out of the RDF catalogue, where there is one."""
        return action.DCAT_ACTIONS if p.plugin_loaded("dcat") else {}

    # IPackageController
    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Make our fields searchable."""
        schema = tk.h.scheming_get_dataset_schema(pkg_dict.get("type", "dataset"))
        return search_index.prepare(pkg_dict, schema["dataset_fields"]) if schema else pkg_dict

    # IReleaseRequirements
    def release_requirements(self, pkg_dict: dict[str, Any]) -> list[Any]:
        """What the schema wants said before a release."""
        return [
            {"field": lack.field, "label": lack.label, "message": lack.message, "anchor": f"section-{lack.section}"}
            for lack in requirements.missing_for_release(pkg_dict, tk._)
        ]
