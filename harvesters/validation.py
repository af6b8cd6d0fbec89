"""Datasets checked and shown by the rules of this site, many of one type at a time.

It is CKAN's own schema of the dataset type, with every validator and every plugin's part in it. Only what one look
settles for the whole batch is not asked again for each dataset: that its id is new and its name free (both are settled
in ``batch``), and that its organisation may own it.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib import plugins as lib_plugins
from ckan.lib.navl import dictization_functions as df
from ckan.logic.schema import default_show_package_schema
from ckan.types import Context

from ckanext.cityportals import navl
from ckanext.cityportals.navl import Converter, Plan

Schema = dict[str, Any]
Checked = tuple[dict[str, Any], dict[str, Any]]


def rebound(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """The same function, some global names in it meaning something else. The original stays as it is."""
    plain = getattr(function, "__func__", function)
    copy = types.FunctionType(
        plain.__code__, {**plain.__globals__, **names}, plain.__name__, plain.__defaults__, plain.__closure__
    )
    copy.__kwdefaults__ = plain.__kwdefaults__
    return copy


class Validator:
    """Checks and shows datasets of one type. It lives for one batch, since schemas may change with the site."""

    def __init__(self, dataset_type: str) -> None:
        self._plugin = lib_plugins.lookup_package_plugin(dataset_type)
        self._schemas: dict[str, Schema] = {
            "package_create": self._plugin.create_package_schema(),
            "package_update": self._plugin.update_package_schema(),
            "package_show": self._plugin.show_package_schema(),
            "default": default_show_package_schema(),
        }
        self._plans: dict[str, Plan] = {}
        self._validators: dict[tuple[Any, ...], Any] = {}
        self._owners: set[str] = set()
        self._check = self._checker()

    def for_create(self, dataset: dict[str, Any], context: Context) -> Checked:
        """A dataset as ``package_create`` would save it, and what is wrong with it."""
        return self._run("package_create", "package_create", self._plugin, dataset, context)

    def for_update(self, dataset: dict[str, Any], context: Context) -> Checked:
        """A changed dataset as ``package_update`` would save it, and what is wrong with it."""
        return self._run("package_update", "package_update", self._plugin, dataset, context)

    def shown(self, dictized: dict[str, Any], context: Context) -> dict[str, Any]:
        """A dictized dataset as ``package_show`` gives it, before plugins add to it."""
        return self._run("package_show", "package_show", self._plugin, dictized, context)[0]

    def shown_by_default(self, dictized: dict[str, Any], context: Context) -> dict[str, Any]:
        """As ``shown``, with CKAN's own schema: what the search index keeps beside the other."""
        return self._run("default", "package_show", object(), dictized, context)[0]

    def _run(self, plan: str, action: str, plugin: Any, dataset: dict[str, Any], context: Context) -> Checked:
        schema = {name: dict(each) if isinstance(each, dict) else each for name, each in self._schemas[plan].items()}

        def validate(data: dict[str, Any], schema: Schema, context: Context) -> Checked:
            if plan not in self._plans:
                self._plans[plan] = Plan(schema, self._instead())
            converted, wrong = self._plans[plan].convert(data, schema, context)
            if wrong and action != "package_show":
                return df.validate(data, schema, context)  # for errors in CKAN's shape
            return converted, {}

        if not hasattr(plugin, "validate"):
            return validate(dataset, schema, context)
        return self._check(validate)(plugin, context, dataset, schema, action) or validate(dataset, schema, context)

    def _checker(self) -> Callable[[Any], Callable[..., Checked]]:
        """How to call the plugin's own ``validate``: ckanext-scheming's with our ``navl_validate``, others as is."""
        own = getattr(self._plugin, "validate", None)
        if not p.plugin_loaded("scheming_datasets"):
            return lambda _: lambda plugin, *arguments: plugin.validate(*arguments)
        from ckanext.scheming import plugins as scheming

        if getattr(own, "__func__", None) is not scheming.SchemingDatasetsPlugin.validate:
            return lambda _: lambda plugin, *arguments: plugin.validate(*arguments)
        kept = {name: self._kept(getattr(scheming, name)) for name in _FIELD_VALIDATORS}
        return lambda validate: rebound(scheming.SchemingDatasetsPlugin.validate, navl_validate=validate, **kept)

    def _kept(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Validators of a field, made from the words in its schema once a batch instead of once a dataset."""

        def validators(field: Any, schema: Any, convert_extras: bool) -> Any:
            key = (make, id(field), convert_extras)
            if key not in self._validators:
                self._validators[key] = make(field, schema, convert_extras)
            return self._validators[key]

        return validators

    def _instead(self) -> dict[Converter, Converter | None]:
        return {
            tk.get_converter("convert_from_extras"): navl.convert_from_extras,
            tk.get_validator("package_id_does_not_exist"): None,
            tk.get_validator("package_name_validator"): None,
            tk.get_validator("owner_org_validator"): self._may_own(tk.get_validator("owner_org_validator")),
        }

    def _may_own(self, validator: Any) -> Converter:
        def owner_org_validator(key: Any, data: Any, errors: Any, context: Any) -> None:
            owner = data.get(key)
            if owner in self._owners:
                return
            validator(key, data, errors, context)
            if owner and owner is not df.missing and not errors[key]:
                self._owners.add(data[key])

        return owner_org_validator


_FIELD_VALIDATORS = ("_field_validators", "_field_create_validators", "_field_output_validators")
