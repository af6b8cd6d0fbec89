"""The plugin: wiring only. What the gate does is in ``gate``, what people do about it in ``workflow``."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from ckan import model
from ckan import plugins as p
from ckan.common import CKANConfig
from ckan.config.declaration import Declaration, Key
from ckan.exceptions import CkanConfigurationException
from ckan.lib.plugins import DefaultTranslation, get_permission_labels
from ckan.plugins import toolkit as tk
from ckan.types import Context
from flask import Blueprint
from werkzeug.middleware.proxy_fix import ProxyFix

from ckanext.privacy import cli, helpers
from ckanext.privacy import config as settings
from ckanext.privacy.gate import edits, guard, index, labels, pages, remembered, removal, searches, uploads
from ckanext.privacy.logic import action, auth, chained
from ckanext.privacy.views import privacy


@tk.blanket.cli(cli.get_commands)
@tk.blanket.helpers(helpers)
class PrivacyPlugin(
    p.SingletonPlugin,
    DefaultTranslation,
    p.ITranslation,
    p.IConfigDeclaration,
    p.IConfigurer,
    p.IConfigurable,
    p.IMiddleware,
    p.IActions,
    p.IAuthFunctions,
    p.IBlueprint,
    p.IPermissionLabels,
    p.IPackageController,
    p.IUploader,
    p.IFiles,
):
    """The public sees the last release, and nothing else."""

    # IConfigDeclaration

    def declare_config_options(self, declaration: Declaration, key: Key) -> None:
        settings.declare(declaration)

    # IConfigurer

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "privacy")
        # A statement that fails is logged; what it was to write may be about people.
        for engine in ("sqlalchemy", "ckan.datastore.sqlalchemy"):
            config.setdefault(f"{engine}.hide_parameters", True)
        # CKAN's default lets other sites' forms carry the cookie that keeps somebody logged in.
        if str(config.get("REMEMBER_COOKIE_SAMESITE")) == "None":
            config["REMEMBER_COOKIE_SAMESITE"] = "Lax"

    # IConfigurable

    def configure(self, config: CKANConfig) -> None:
        if get_permission_labels() is not self:
            raise CkanConfigurationException(
                "CKAN asks only the first plugin with permission labels who may see a dataset, and that is not "
                "'privacy': put privacy first in ckan.plugins."
            )
        uploads.refuse_public_storage()
        guard.install()
        removal.install()
        remembered.install()
        if p.plugin_loaded("dcat") or "dcat" in config["ckan.plugins"]:
            from ckanext.privacy import tombstone_profile

            tombstone_profile.add_to(config)

    # IMiddleware

    def make_middleware(self, app: Any, config: CKANConfig) -> Any:
        """Take a visitor's address from the last so many proxies, where the site says how many there are."""
        proxies = config["ckanext.privacy.trusted_proxies"]
        if proxies:
            app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0)
        return app

    def make_error_log_middleware(self, app: Any, config: CKANConfig) -> Any:
        """Leave the log of errors as it is; CKAN asks for it of all who answer the other question."""
        return app

    # IActions

    def get_actions(self) -> dict[str, Callable[..., Any]]:
        return {**action.get_actions(), **chained.get_actions()}

    # IAuthFunctions

    def get_auth_functions(self) -> dict[str, Callable[..., Any]]:
        return {**auth.get_auth_functions(), **chained.get_auth_functions()}

    # IBlueprint

    def get_blueprint(self) -> list[Blueprint]:
        return [pages.gate, privacy]

    # IPermissionLabels

    def get_dataset_labels(self, dataset_obj: model.Package) -> list[str]:
        return labels.dataset_labels(dataset_obj)

    def get_user_dataset_labels(self, user_obj: Any) -> list[str]:
        return labels.user_labels(user_obj)

    # IPackageController

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        return index.document_for(pkg_dict)

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        return index.with_identity(searches.within_what_is_found(search_params))

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        return index.without_ended(search_results)

    def after_dataset_create(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        edits.record(context, pkg_dict["id"])

    def after_dataset_update(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        edits.record(context, pkg_dict["id"])

    def after_dataset_delete(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        edits.record(context, pkg_dict["id"])

    # IUploader

    def get_resource_uploader(self, resource: dict[str, Any]) -> Any:
        return uploads.uploader_for(resource)

    # IFiles

    def files_get_storage_adapters(self) -> dict[str, Any]:
        if importlib.util.find_spec("boto3") is None:
            return {}
        from ckanext.privacy.gate.object_storage import S3Storage

        return {"privacy:s3": S3Storage}

    def files_file_allows(self, context: Context, file: model.File, operation: str) -> bool | None:
        owner = file.owner
        return uploads.may_use_file(context, owner.owner_type, owner.owner_id) if owner else None

    def files_owner_allows(self, context: Context, owner_type: str, owner_id: str, operation: str) -> bool | None:
        return uploads.may_use_file(context, owner_type, owner_id)
