"""What other plugins may add to the gate."""

from __future__ import annotations

from typing import Any, TypedDict

from ckan.plugins.interfaces import Interface


class Requirement(TypedDict):
    """One thing that is still missing before a dataset can be released.

    ``field`` is the schema's field name, ``label`` what people call it, ``message`` one sentence that says what to do,
    ``anchor`` the id of the form section that holds it (may be empty).
    """

    field: str
    label: str
    message: str
    anchor: str


class IReleaseRequirements(Interface):
    """Lets a plugin name what a dataset must say before a release can be requested."""

    def release_requirements(self, pkg_dict: dict[str, Any]) -> list[Requirement]:
        """Return what ``pkg_dict`` (a ``package_show`` dict) still lacks; an empty list lets the request through."""
        return []
