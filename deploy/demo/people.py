"""The organisation and the people of the demo, created through CKAN's API."""

from __future__ import annotations

import secrets

from ckanapi import NotFound, RemoteCKAN

ORGANIZATION = "nandira-city-lab"
TITLE = "Nandira City Lab"
DESCRIPTION = (
    "The data office of Nandira, a made-up river city. It publishes what residents, community groups and the city "
    "itself collect, once a data steward has agreed to each release."
)
EDITORS = ("officer", "editor")
STEWARDS = ("steward1", "steward2")
READER = "reader"


def make_people(admin: RemoteCKAN) -> dict[str, dict[str, str]]:
    """Create who is missing, by name; give each a new password and token.

    Result: `{name: {"name", "password", "token"}}`. Editors are editors of the organisation, stewards are its
    stewards, the reader belongs to nothing.
    """
    users = {name: _make_user(admin, name) for name in (*EDITORS, *STEWARDS, READER)}
    _make_organization(admin)
    for name in STEWARDS:
        _appoint(admin, name)
    return users


def _make_user(admin: RemoteCKAN, name: str) -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    account = {"name": name, "email": f"{name}@example.org", "password": password}
    try:
        known = admin.action.user_show(id=name)
        admin.action.user_update(id=known["id"], **account)
    except NotFound:
        admin.action.user_create(**account)
    token = admin.action.api_token_create(user=name, name="demo")["token"]
    return {"name": name, "password": password, "token": token}


def _make_organization(admin: RemoteCKAN) -> None:
    try:
        admin.action.organization_show(id=ORGANIZATION)
    except NotFound:
        admin.action.organization_create(name=ORGANIZATION, title=TITLE, description=DESCRIPTION)
    for name in EDITORS:
        admin.action.organization_member_create(id=ORGANIZATION, username=name, role="editor")


def _appoint(admin: RemoteCKAN, name: str) -> None:
    stewards = admin.action.privacy_steward_list(organization=ORGANIZATION)
    if name not in {steward["username"] for steward in stewards}:
        admin.action.privacy_steward_add(username=name, organization=ORGANIZATION)
