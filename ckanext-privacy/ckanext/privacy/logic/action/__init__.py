"""The gate's actions, one module a subject."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ckanext.privacy.logic.action import audit, concern, consent, leak, register, release, remediation, scan, steward

_MODULES: tuple[ModuleType, ...] = (audit, concern, consent, leak, register, release, remediation, scan, steward)


def get_actions() -> dict[str, Callable[..., Any]]:
    """Return every ``privacy_*`` action by its name."""
    return {name: value for module in _MODULES for name, value in vars(module).items() if name.startswith("privacy_")}
