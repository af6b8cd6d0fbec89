"""`make test`: services, fresh databases, four kinds of tests, one summary."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import io
import os
import subprocess
import sys
import time
from typing import TextIO

import click

from deploy import processes, services, site, stack
from deploy.layout import ROOT, Layout

_NO_CKAN = ("-p", "no:ckan", "-p", "no:ckan_fixtures")


@dataclasses.dataclass(frozen=True)
class Suite:
    """One run of pytest: folders below `tests/` and how to run them."""

    name: str
    folders: tuple[str, ...]
    options: tuple[str, ...]
    parallel: bool


SUITES = (
    Suite("engine and structure, without CKAN", ("house", "engine", "portals", "community"), _NO_CKAN, parallel=True),
    Suite("integration, real servers", ("integration",), (), parallel=True),
    Suite("browser", ("browser",), _NO_CKAN, parallel=False),
)


def run(layout: Layout, workers: int, pytest_arguments: tuple[str, ...]) -> int:
    """Run every suite, also after one failed; 0 only when all passed."""
    started = time.monotonic()
    supervisor = processes.Supervisor(layout)
    ran_before = supervisor.running(processes.SERVICES)
    try:
        stack.start_services(layout)
        make_sites(layout, workers)
        stack.wait_for_solr(layout)
        outcomes = run_suites(workers, pytest_arguments)
    finally:
        if not ran_before:
            stack.stop(layout)
    return summarize(outcomes, time.monotonic() - started)


def make_sites(layout: Layout, workers: int) -> None:
    """Fresh databases and an ini for every worker and for the browser tests; one is migrated, the others copy it."""
    first, *others = sites = [*site.worker_sites(layout, workers), site.browser_site(layout)]
    services.ensure_roles(layout)
    for target in sites:
        services.redis_client(layout, int(target.redis_url.rsplit("/", 1)[1])).flushdb()
        site.write_ini(target)
    services.ensure_databases(layout, first, fresh=True)
    stack.prepare_ini(first.ini)
    for target in others:
        services.ensure_databases(layout, target, fresh=True, like=first)
    click.echo(f"  test databases: {len(sites)} made, migrated")


def run_suites(workers: int, pytest_arguments: tuple[str, ...]) -> list[tuple[Suite, int, str]]:
    """Run one suite after the other; what waits for pages most of the time goes on beside them and is shown last."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        beside = [
            (suite, out := io.StringIO(), pool.submit(run_suite, suite, workers, pytest_arguments, out))
            for suite in SUITES
            if not suite.parallel
        ]
        outcomes = [
            (suite, *run_suite(suite, workers, pytest_arguments, sys.stdout)) for suite in SUITES if suite.parallel
        ]
        for suite, out, running in beside:
            outcomes.append((suite, *running.result()))
            click.echo(out.getvalue(), nl=False)
    return outcomes


def run_suite(suite: Suite, workers: int, pytest_arguments: tuple[str, ...], out: TextIO) -> tuple[int, str]:
    """Run pytest, pass its output on as it comes; give exit code and closing line."""
    click.echo(f"\n== {suite.name}", out)
    folders = [str(ROOT / "tests" / folder) for folder in suite.folders]
    spread = ("-n", str(workers), "--dist", "loadfile") if suite.parallel else ()
    pytest_command = ("-W", "ignore", "-m", "pytest", *folders, *suite.options, *spread, *pytest_arguments)
    # A run that is killed must not leave tests behind that empty the databases of the next one.
    command = processes.ends_with_parent((sys.executable, *pytest_command))
    # Workers must collect the same tests: one hash seed, or a parametrized set comes in two orders.
    environment = {key: value for key, value in os.environ.items() if key != "CKAN_INI"} | {"PYTHONHASHSEED": "0"}
    last = ""
    with subprocess.Popen(  # noqa: S603 - own arguments
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pytest:
        for line in pytest.stdout or ():
            out.write(line)
            out.flush()
            last = line.strip() or last
    return pytest.returncode, last


def summarize(outcomes: list[tuple[Suite, int, str]], seconds: float) -> int:
    """Print each suite's closing line; 0 when every suite passed."""
    click.echo("\n== summary")
    for suite, code, closing in outcomes:
        click.echo(f"{'passed' if code == 0 else 'FAILED':7} {suite.name}: {closing.strip('= ')}")
    click.echo(f"{seconds:.0f} s in all")
    return 0 if all(code == 0 for _, code, _ in outcomes) else 1
