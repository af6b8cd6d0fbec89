"""Brings one site's database to the newest migration. Usage: python -m deploy.prepare INI [--sysadmin NAME]

CKAN takes seconds to load, so everything that needs it loaded is done in this one process. With `--sysadmin` it makes
that user where it is missing and prints `{"name", "password", "token"}` as its last line.
"""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import psycopg2

from deploy.layout import DeployError, load_layout
from deploy.services import postgres_admin

if TYPE_CHECKING:
    from ckan.types import Context

_DATABASE_OPTIONS = ("sqlalchemy.url", "ckan.datastore.write_url", "ckan.datastore.read_url")


@click.command()
@click.argument("ini", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sysadmin", help="Make this sysadmin and print its log-in.")
@click.option("--owner-is-superuser", is_flag=True, help="Set permissions as the site's own database role (tests).")
def main(ini: Path, sysadmin: str | None, owner_is_superuser: bool) -> None:
    """Migrate the database of INI and set the datastore's permissions."""
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(str(ini)).get_config())
    _migrate()
    _permit_datastore(owner_is_superuser=owner_is_superuser)
    if sysadmin:
        with app._wsgi_app.test_request_context():  # pyright: ignore[reportAttributeAccessIssue]
            click.echo(json.dumps(_make_sysadmin(sysadmin)))


def _migrate() -> None:
    from ckan import model
    from ckan.cli.db import _migrate_plugins

    model.repo.upgrade_db()
    _migrate_plugins(apply=True)


def _permit_datastore(*, owner_is_superuser: bool) -> None:
    """Run the SQL of `ckan datastore set-permissions` as a superuser."""
    from ckan.common import config
    from ckanext.datastore.cli import permissions_sql

    main, write, read = (_database(key) for key in _DATABASE_OPTIONS)
    script = permissions_sql(main["db_name"], write["db_name"], main["db_user"], write["db_user"], read["db_user"])
    without_psql_commands = re.sub(r"^\\.*$", "", script, flags=re.MULTILINE)
    if owner_is_superuser:
        connection = psycopg2.connect(config["ckan.datastore.write_url"])
    else:
        connection = postgres_admin(load_layout(), write["db_name"])
    with connection, connection.cursor() as cursor:
        cursor.execute(without_psql_commands)
    connection.close()


def _database(key: str) -> dict[str, Any]:
    from ckan.model import parse_db_config

    parts = parse_db_config(key)
    if not parts:
        raise DeployError(f"{key} is not the address of a PostgreSQL database.")
    return dict(parts)


def _make_sysadmin(name: str) -> dict[str, str]:
    from ckan import model
    from ckan.plugins import toolkit as tk

    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    password = secrets.token_urlsafe(12)
    account: dict[str, Any] = {"name": name, "email": f"{name}@example.org", "password": password}
    context: dict[str, Any] = {"user": site_user, "ignore_auth": True}
    exists = model.User.get(name)
    action = "user_update" if exists else "user_create"
    tk.get_action(action)(cast("Context", context), account | ({"id": exists.id} if exists else {}))
    tk.get_action("user_patch")({"user": site_user, "ignore_auth": True}, {"id": name, "sysadmin": True})
    token = tk.get_action("api_token_create")({"user": name}, {"user": name, "name": "demo"})["token"]
    return {"name": name, "password": password, "token": token}


if __name__ == "__main__":
    main()
