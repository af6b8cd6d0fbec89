"""The organisation and people that most tests of the gate need."""

from __future__ import annotations

from typing import Any

from ckan.plugins import plugin_loaded
from ckan.tests import factories, helpers

CAPACITIES = {"admin": "admin", "officer": "editor", "editor": "editor"}
STEWARDS = ("steward1", "steward2")


def make_community() -> dict[str, Any]:
    """Create the organisation and its people; each user dict carries a `token`."""
    people = {name: factories.UserWithToken(name=name) for name in (*CAPACITIES, *STEWARDS, "reader")}
    people["sysadmin"] = factories.SysadminWithToken(name="sysadmin")
    members = [{"name": name, "capacity": capacity} for name, capacity in CAPACITIES.items()]
    organization = factories.Organization(name="city-lab", users=members)
    if plugin_loaded("privacy"):
        appoint_stewards(organization["name"])
    return {"organization": organization, **people}


def appoint_stewards(organization: str) -> None:
    """Make both stewards stewards for the organisation."""
    for name in STEWARDS:
        helpers.call_action("privacy_steward_add", {"user": "sysadmin"}, username=name, organization=organization)
