"""What other plugins may add to the gate."""

from __future__ import annotations

from typing import Any, TypedDict

from ckan.plugins.interfaces import Interface


class Requirement(TypedDict):
    """One thing that is still missing before a dataset can be released.

    ``field`` is the schema's field name, ``label`` what people call it, ``message`` one sentence that says what to do,
    ``anchor`` the id of the form section that holds it (may be empty). ``blocking`` says whether a release cannot be
    asked for without it; what is not blocking is advised, and the steward sees that it is missing.
    """

    field: str
    label: str
    message: str
    anchor: str
    blocking: bool


class IReleaseRequirements(Interface):
    """Lets a plugin name what a dataset must say before a release can be requested."""

    def release_requirements(self, pkg_dict: dict[str, Any]) -> list[Requirement]:
        """Return what ``pkg_dict`` (a ``package_show`` dict) still lacks; an empty list lets the request through."""
        return []


class IPublicElsewhere(Interface):
    """Lets a plugin vouch for datasets that are public already somewhere else."""

    def public_elsewhere(self, pkg_dict: dict[str, Any]) -> str | None:
        """Return one sentence on where ``pkg_dict`` is public, and who approved that it goes out without a person.

        Asked before a first release in which nothing was found, neither in the description nor in any file. With None a
        person decides.
        """
        return None
