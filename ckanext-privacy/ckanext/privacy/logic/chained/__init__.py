"""CKAN's own actions and auth functions, each with the gate in front: one module a subject.

A function here bears the name of what it stands in front of. Those for an optional plugin need that plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from ckan import plugins as p

from ckanext.privacy.logic.chained import (
    accounts,
    activities,
    auth,
    auth_activity,
    auth_datastore,
    auth_harvest,
    catalogue,
    datasets,
    followers,
    harvest,
    lists,
    memberships,
    rows,
    saving,
    tags,
)

#: Modules of functions, by the plugin whose functions they stand in front of ("" for CKAN's core).
ACTIONS: Mapping[str, tuple[ModuleType, ...]] = {
    "": (accounts, datasets, followers, lists, memberships, saving, tags),
    "activity": (activities,),
    "datastore": (rows,),
    "dcat": (catalogue,),
    "harvest": (harvest,),
}
AUTH: Mapping[str, tuple[ModuleType, ...]] = {
    "": (auth,),
    "activity": (auth_activity,),
    "datastore": (auth_datastore,),
    "harvest": (auth_harvest,),
}


def get_actions() -> dict[str, Callable[..., Any]]:
    """Return every action the gate stands in front of, by its name."""
    return _collect(ACTIONS, "chained_action")


def get_auth_functions() -> dict[str, Callable[..., Any]]:
    """Return every auth function the gate stands in front of, by its name."""
    return _collect(AUTH, "chained_auth_function")


def _collect(table: Mapping[str, tuple[ModuleType, ...]], mark: str) -> dict[str, Callable[..., Any]]:
    return {
        name: value
        for plugin, modules in table.items()
        if not plugin or p.plugin_loaded(plugin)
        for module in modules
        for name, value in vars(module).items()
        if getattr(value, mark, False) is True
    }
