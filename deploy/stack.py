"""Starts, stops and describes the processes of one clone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click

from deploy import processes, services, site
from deploy.layout import ROOT, DeployError, Layout, save_ports


def start_services(layout: Layout, *, announce: bool = True) -> processes.Supervisor:
    """PostgreSQL, Redis and Solr started, the first two answering; those that run already are left alone."""
    supervisor = processes.Supervisor(layout)
    refuse_to_move(layout, supervisor)
    if not supervisor.running(processes.SERVICES):
        processes.check_ports(layout, supervisor, processes.SERVICES)
        configure(layout, supervisor)
        supervisor.start(processes.SERVICES)
    quiet = not announce
    processes.wait_for("PostgreSQL", lambda: services.postgres_answers(layout), quiet=quiet)
    processes.wait_for("Redis", lambda: services.redis_answers(layout), quiet=quiet)
    return supervisor


def wait_for_solr(layout: Layout, *, announce: bool = True) -> None:
    """Solr needs the longest: other work is done while it loads its cores."""
    cores = site.all_cores(layout)
    processes.wait_for("Solr", lambda: services.solr_answers(layout, cores), quiet=not announce)


def configure(layout: Layout, supervisor: processes.Supervisor) -> None:
    """Lay out folders and configuration files, then hand the programs to supervisor."""
    layout.logs.mkdir(exist_ok=True)
    tools = json.loads((layout.run / "tools.json").read_text())
    data = services.prepare_postgres(layout, Path(tools["postgres"]))
    services.prepare_solr(layout, site.all_cores(layout), kept=[site.demo_site(layout).name])
    programs = processes.service_programs(layout, tools, data, services.prepare_redis(layout))
    supervisor.configure(programs + processes.catalogue_programs(layout, site.demo_site(layout).ini))
    save_ports(layout)


def refuse_to_move(layout: Layout, supervisor: processes.Supervisor) -> None:
    """Refuse a port that differs from the one the running processes use."""
    path = layout.run / "ports.json"
    if not path.exists() or not supervisor.states():
        return
    saved = json.loads(path.read_text())
    moved = [name for name, port in layout.ports.items() if saved.get(name, port) != port]
    if moved:
        raise DeployError(
            f"it already runs with {moved[0]} on port {saved[moved[0]]}; run `make stop` before you change its port."
        )


def prepare_ini(ini: Path, *arguments: str) -> str:
    """Migrate the site of one ini in a process of its own; give the last line it printed."""
    command = [sys.executable, "-W", "ignore", "-m", "deploy.prepare", str(ini), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - own arguments
    if done.returncode:
        log = ini.with_suffix(".prepare.log")
        log.write_text(done.stdout + done.stderr)
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
        raise DeployError(f"the databases of {ini} could not be prepared: {last} (all of it: {log})")
    return done.stdout.strip().rsplit("\n", 1)[-1]


def stop(layout: Layout) -> bool:
    """Stop everything and forget the ports; False when nothing ran."""
    stopped = processes.Supervisor(layout).shutdown()
    (layout.run / "ports.json").unlink(missing_ok=True)
    return stopped


def status(layout: Layout) -> int:
    """Print one line a program; 0 when all run, 3 otherwise (as init scripts do)."""
    supervisor = processes.Supervisor(layout)
    states = supervisor.states()
    if not states:
        click.echo("nothing runs; start it with: make demo")
        return 3
    for name in (*processes.SERVICES, *processes.CATALOGUE):
        port = layout.ports.get(processes.PROGRAM_PORT.get(name, ""), "")
        click.echo(f"{name:10} {states.get(name, 'STOPPED'):10} {port}")
    if not supervisor.running([*processes.SERVICES, *processes.CATALOGUE]):
        return 3
    click.echo(f"The catalogue is at {layout.url('ckan')}")
    return 0


def clean(layout: Layout) -> None:
    """Stop everything and delete `.run/`, PostgreSQL's data included."""
    stop(layout)
    services.remove_postgres(layout)
    shutil.rmtree(layout.run)
    click.echo("removed .run/ (the virtual environment in .venv/ stays)")
