"""Who may call which action. What must hold for sysadmins too is asked again by the services themselves."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ckanext.privacy.logic.auth import catalogue, concerns, consents, datasets, releases

_MODULES: tuple[ModuleType, ...] = (catalogue, concerns, consents, datasets, releases)


def get_auth_functions() -> dict[str, Callable[..., Any]]:
    """Return every ``privacy_*`` auth function by its name."""
    return {name: value for module in _MODULES for name, value in vars(module).items() if name.startswith("privacy_")}
