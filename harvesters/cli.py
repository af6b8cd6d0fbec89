"""``ckan cityportals …``"""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
import click
from ckan import model

from ckanext.cityportals import approval, automatic
from ckanext.cityportals.portals import PORTALS
from ckanext.cityportals.portals.base import COMMON_SETTINGS
from ckanext.cityportals.withdrawal import context

__all__ = ["cityportals"]


@click.group()
@click.pass_context
def cityportals(ctx: click.Context) -> None:
    """Harvest city portals."""
    # mails about a run that failed have addresses of pages in them
    site = ctx.meta.get("flask_app")
    if site is not None:
        ctx.with_resource(site.test_request_context())


@cityportals.command()
def kinds() -> None:
    """The kinds of portals that can be read, and what their sources may set."""
    for portal in PORTALS.values():
        click.echo(f"{portal.source_type:13} {portal.title}: {portal.description}")
        click.echo(f"{'':13} settings: {', '.join(sorted({*COMMON_SETTINGS, *portal.settings}))}")


@cityportals.command("list")
def list_cities() -> None:
    """The cities whose portals are known."""
    for city in tk.get_action("cityportals_city_list")(context(), {}):
        click.echo(f"{city['name']:20} {city['source_type']:12} {city['url']}")


@cityportals.command()
@click.argument("city")
@click.option("--organization", "-o", required=True, help="Organisation the datasets will belong to.")
def add(city: str, organization: str) -> None:
    """Make the harvest source of CITY."""
    source = _do("cityportals_source_add", {"city": city, "organization": organization})
    click.echo(f"{source['name']} added. Look at it first: ckan cityportals preview {source['name']}")


@cityportals.command()
@click.argument("source")
@click.option("--kind", help="Its kind (see ckan cityportals kinds), where SOURCE is the address of any portal.")
@click.option("--config", help="Settings of that portal, as JSON.")
def preview(source: str, kind: str | None, config: str | None) -> None:
    """The first records of SOURCE as they would be saved, as JSON."""
    stored = {"source_type": kind, "url": source, "config": config}
    if not kind:
        stored = _source(source)
    wanted = {name: stored.get(name) for name in ("source_type", "url", "config")}
    click.echo(json.dumps(_do("cityportals_preview", wanted), indent=2, ensure_ascii=False))


@cityportals.command()
@click.argument("source")
@click.option("--accept-loss", is_flag=True, help="Believe the answer also when many records are missing from it.")
@click.option("--queue", is_flag=True, help="Leave the work to the harvest consumers instead of doing it here.")
def run(source: str, accept_loss: bool, queue: bool) -> None:
    """Run SOURCE and print what it did, as JSON."""
    wanted = {"id": source, "wait": not queue, "accept_loss": accept_loss}
    click.echo(json.dumps(_do("cityportals_run", wanted), indent=2, ensure_ascii=False))


@cityportals.command()
@click.argument("source")
@click.option("--user", "-u", required=True, help="Who approves it; not the person who added it.")
@click.option("--note", default="", help="What you looked at.")
@click.option("--automatic-release", is_flag=True, help="Clean, openly licensed records need no steward.")
@click.option(
    "--seen", default="", help="Fingerprint of what you looked at. Without it, --automatic-release prints it."
)
def approve(source: str, user: str, note: str, automatic_release: bool, seen: str) -> None:
    """Approve SOURCE, so that it may run."""
    if automatic_release and not seen:
        _show_members(source)
    wanted = {"id": source, "note": note, "automatic_release": automatic_release, "members_sha256": seen}
    approved = _do("cityportals_source_approve", wanted, user)
    click.echo(f"{source} is approved by {approved['name']}.")


@cityportals.command()
@click.argument("source")
def watch(source: str) -> None:
    """Look whether released files of SOURCE changed there; hold the datasets of those that did."""
    held = automatic.watch(_source(source)["id"])
    click.echo(f"{len(held)} datasets are held again because a file changed at its source.")


@cityportals.command()
@click.argument("dataset")
@click.option("--user", "-u", required=True, help="Who purges it.")
@click.option("--reason", required=True, help="Why, in a sentence that stays.")
@click.option("--confirm", help="The dataset's name once more; asked for where it is not given.")
def purge(dataset: str, user: str, reason: str, confirm: str | None) -> None:
    """Remove DATASET for good, which was withdrawn because its record is gone. This cannot be undone."""
    name = confirm or click.prompt(f"Type the name of {dataset} to purge it")
    purged = _do("cityportals_purge", {"id": dataset, "name": name, "reason": reason}, user)
    click.echo(f"{purged['name']} is purged. Its source keeps a line about it.")


@cityportals.command()
@click.argument("city")
def check(city: str) -> None:
    """Ask the live portal of CITY for its first records, and say what came."""
    cities = {each["name"]: each for each in _do("cityportals_city_list", {})}
    if city not in cities:
        tk.error_shout(f"{city} is not known. Known cities: {', '.join(cities)}.")
        raise click.exceptions.Exit(1)
    known = cities[city]
    asked = {"source_type": known["source_type"], "url": known["url"], "config": json.dumps(known.get("config", {}))}
    found = _do("cityportals_preview", asked)
    announced = found["announced"] if found["announced"] is not None else "an unknown number of"
    click.echo(f"{known['url']} answers as {known['source_type']}, with {announced} records.")
    click.echo(
        f"Of the first {len(found['records'])}, these members were not understood: {found['leftovers'] or 'none'}"
    )


def _show_members(source: str) -> None:
    """Say what an approval would be about, and how to name it."""
    source_id = _source(source)["id"]
    click.echo(json.dumps(approval.members(source_id), indent=2, ensure_ascii=False))
    click.echo(f"Is this what you looked at? Then repeat it with --seen {approval.fingerprint(source_id)}")
    raise click.exceptions.Exit(1)


def _source(name: str) -> dict[str, Any]:
    """A stored harvest source; where there is none of this name or id, what to do is said instead."""
    package = model.Package.get(name)
    if package is not None and package.type == "harvest":
        return _do("harvest_source_show", {"id": package.id})
    tk.error_shout(
        f"There is no harvest source '{name}'. `ckan harvester sources` lists those there are, `ckan cityportals add "
        "CITY` makes one. The address of any other portal can be looked at with `ckan cityportals preview --kind`."
    )
    raise click.exceptions.Exit(1)


def _do(action: str, data_dict: dict[str, Any], user: str | None = None) -> Any:
    """Call an action, for a person where one is named; what is wrong is said in a sentence, not in a traceback."""
    try:
        return tk.get_action(action)({"user": user} if user else context(), data_dict)
    except tk.ValidationError as error:
        tk.error_shout("; ".join(f"{name}: {text}" for name, text in error.error_summary.items()))
    except (tk.ObjectNotFound, tk.NotAuthorized) as error:
        tk.error_shout(str(error) or "Not found.")
    raise click.exceptions.Exit(1)
