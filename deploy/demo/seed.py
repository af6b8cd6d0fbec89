"""Fills the demo as a user's script would: everything goes through CKAN's API by ckanapi."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from ckanapi import NotFound, RemoteCKAN

ORGANIZATION = "nandira-city-lab"
EDITORS = ("officer", "editor")
STEWARDS = ("steward1", "steward2")


def fill(url: str, sysadmin: dict[str, str], portals: str, tell: Callable[[str], None]) -> dict[str, Any]:
    """Create what is missing, by name; give the content of `.run/demo.json`."""
    admin = RemoteCKAN(url, apikey=sysadmin["token"])
    users = {"sysadmin": sysadmin} | {name: _user(admin, name) for name in (*EDITORS, *STEWARDS, "reader")}
    tell(f"{len(users)} users")
    members = [{"name": name, "capacity": "editor"} for name in EDITORS]
    try:
        admin.action.organization_show(id=ORGANIZATION)
    except NotFound:
        admin.action.organization_create(name=ORGANIZATION, title="Nandira City Lab", users=members)
    return {"url": url, "organization": ORGANIZATION, "users": users}


def _user(admin: RemoteCKAN, name: str) -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    account = {"name": name, "email": f"{name}@example.org", "password": password}
    try:
        known = admin.action.user_show(id=name)
        admin.action.user_update(id=known["id"], **account)
    except NotFound:
        admin.action.user_create(**account)
    token = admin.action.api_token_create(user=name, name="demo")["token"]
    return {"name": name, "password": password, "token": token}
