"""`make demo`: from whatever state to a catalogue that answers, filled once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import click

from deploy import processes, services, site, stack
from deploy.layout import ROOT, DeployError, Layout, write_private

SYSADMIN = "sysadmin"
_EVERYTHING = (*processes.SERVICES, *processes.CATALOGUE)


def up(layout: Layout) -> None:
    """Start what does not run, seed what is not seeded, print where it is."""
    supervisor = processes.Supervisor(layout)
    if not is_up(layout, supervisor):
        click.echo("Starting the catalogue (logs: .run/log/)")
        processes.check_ports(layout, supervisor, _EVERYTHING)
        supervisor = stack.start_services(layout)
        start_catalogue(layout, supervisor)
    if not layout.demo_json.exists():
        seed(layout)
    describe(layout)


def is_up(layout: Layout, supervisor: processes.Supervisor) -> bool:
    """True when every process runs, on the ports that were asked for, and CKAN answers."""
    stack.refuse_to_move(layout, supervisor)
    return supervisor.running(_EVERYTHING) and web_answers(layout)


def start_catalogue(layout: Layout, supervisor: processes.Supervisor) -> None:
    """Web server first: it is what people wait for, and each process takes a processor for some seconds to start."""
    prepare(layout)
    supervisor.start(["web"])
    stack.wait_for_solr(layout)
    processes.wait_for("CKAN", lambda: web_answers(layout), seconds=180)
    supervisor.start(processes.CATALOGUE)
    processes.wait_for("workers", lambda: supervisor.running(processes.CATALOGUE), seconds=60)


def web_answers(layout: Layout) -> bool:
    """True when CKAN answers its status action."""
    return services.http_ok(f"{layout.url('ckan')}/api/3/action/status_show")


def prepare(layout: Layout) -> None:
    """Write the ini and migrate; skipped while neither code nor configuration of the last time has changed."""
    demo = site.demo_site(layout)
    site.write_ini(demo)
    stamp, admin = layout.run / "prepared", layout.run / "sysadmin.json"
    wanted = _fingerprint(demo.ini)
    if stamp.exists() and stamp.read_text() == wanted and admin.exists():
        return
    services.ensure_roles(layout)
    services.ensure_databases(layout, demo)
    arguments = () if admin.exists() else ("--sysadmin", SYSADMIN)
    answer = stack.prepare_ini(demo.ini, *arguments)
    if arguments:
        write_private(admin, answer)
    stamp.write_text(wanted)
    click.echo("  database: migrated")


def _fingerprint(ini: Path) -> str:
    """Changes when a migration, a pinned package or the ini does."""
    digest = hashlib.sha256(ini.read_bytes())
    for path in sorted([ROOT / "requirements/demo.txt", *ROOT.glob("ckanext-*/ckanext/*/migration/**/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def seed(layout: Layout) -> None:
    """Fill the demo through its API and write `.run/demo.json`."""
    from deploy.demo import gate
    from deploy.demo import seed as stories

    click.echo("Filling the demo catalogue through ckanapi")
    sysadmin = json.loads((layout.run / "sysadmin.json").read_text())
    portals = layout.url("portals")
    try:
        log_ins = stories.fill(layout.url("ckan"), sysadmin, portals, tell=lambda line: click.echo(f"  {line}"))
    except (*gate.API_ERRORS, gate.SeedError) as error:
        raise DeployError(f"the demo could not be filled: {error!r} (make demo goes on from here)") from error
    write_private(layout.demo_json, json.dumps(log_ins, indent=2))


def describe(layout: Layout) -> None:
    """Print the address and the log-ins."""
    demo = json.loads(layout.demo_json.read_text())
    click.echo(f"\nThe catalogue is at {demo['url']}\n")
    for role, user in demo["users"].items():
        click.echo(f"  {role:10} {user['name']:12} password {user['password']}")
    click.echo("\nTokens for the API: .run/demo.json. Stop it with: make stop")
