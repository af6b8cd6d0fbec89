"""What the gate costs: the same calls on the same servers with and without it, one after the other, medians of both.

Two processes, each with a site of its own on this clone's PostgreSQL, Redis and Solr, hold the same datasets. Those of
the gate are released, and half of them have a pending change. Calls go through CKAN's own WSGI application.

Machines are shared, so each round has both sites make the same calls within a second or so, who comes first changes
from round to round, and what counts is the median of the rounds' ratios: once of the time on the clock, once of the CPU
time of everything that took part (the process, PostgreSQL, Solr and Redis), which others' work disturbs least.

``python benchmarks/gate_cost.py [ROUNDS]`` compares the gate alone with CKAN and its own plugins;
``python benchmarks/gate_cost.py [ROUNDS] --suite`` all of this suite with the plugins of others that it comes with.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import psutil
from harvest import ROOT, catalogue, make_site

PLAIN = ("activity", "datastore", "text_view", "image_view")
OTHERS = ("activity", "harvest", "dcat", "datastore", "text_view", "image_view")
#: what is compared -> the plugins without and with it; None for all that the demo has
COMPARED: dict[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    "gate": (PLAIN, ("privacy", *PLAIN)),
    "suite": (OTHERS, None),
}
DATASETS, FILES = 40, 5
#: How often a call is made in each round: what only reads is quick, and one of it would measure little.
READS, WRITES = 25, 5
#: call -> how much slower it may be
LIMITS = {
    "package_show": 1.05,
    "package_search": 1.05,
    "package_search q=water": 1.05,
    "package_update": 1.15,
    "resource_create": 1.15,
}
#: Milliseconds that a call took: on the clock, and CPU time of everything that took part.
Cost = tuple[float, float]


def times(name: str) -> int:
    """How often a call is made in a round."""
    return WRITES if LIMITS[name] > 1.1 else READS


# -- the process that is measured
def work() -> None:
    """Make the datasets, then answer each name of a call with the milliseconds that it took."""
    with catalogue():
        from ckan.tests import helpers

        ids, token = make_datasets()
        calls = calls_on(helpers._get_test_app(), ids, {"Authorization": token})
        click.echo("READY", nl=True)
        for line in sys.stdin:
            name = line.strip()
            click.echo("TOOK " + json.dumps(measured(calls[name], times(name))))


def make_datasets() -> tuple[list[str], str]:
    """Datasets with links, so that no file is scanned or hashed; their ids and an editor's token."""
    from ckan.plugins import plugin_loaded
    from ckan.tests import factories
    from support import releasing

    editor = factories.UserWithToken()
    organization = factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
    words = {"notes": "Where water is. " * 30, "tags": [{"name": f"tag-{number}"} for number in range(6)]}
    ids = []
    for number in range(DATASETS):
        files = [{"name": f"File {each}", "url": f"https://example.org/{each}.csv"} for each in range(FILES)]
        made = factories.Dataset(owner_org=organization["id"], user=editor, resources=files, private=False, **words)
        ids.append(made["id"])
        if plugin_loaded("privacy"):
            releasing.release(made["id"])
            if number % 2:
                factories.helpers.call_action("package_patch", {"user": editor["name"]}, id=made["id"], version="2")
    return ids, editor["token"]


def calls_on(app: Any, ids: list[str], editor: dict[str, str]) -> dict[str, Callable[[int], Any]]:
    """The calls by name; each takes a running number."""

    def get(path: str) -> None:
        check(app.get(path))

    def post(action: str, data: dict[str, Any]) -> None:
        check(app.post(f"/api/3/action/{action}", json=data, headers=editor))

    return {
        "package_show": lambda number: get(f"/api/3/action/package_show?id={ids[number % DATASETS]}"),
        "package_search": lambda number: get(f"/api/3/action/package_search?rows=20&start={number % 5}"),
        "package_search q=water": lambda number: get(
            f"/api/3/action/package_search?q=water&rows=20&start={number % 5}"
        ),
        "package_update": lambda number: post("package_patch", {"id": ids[number], "version": str(time.time())}),
        "resource_create": lambda number: post(
            "resource_create", {"package_id": ids[number], "name": "More", "url": "https://example.org/more.csv"}
        ),
    }


def check(answer: Any) -> None:
    """Refuse to measure what does not work."""
    if answer.status_code != 200:
        raise RuntimeError(f"A measured call answered {answer.status}.")


def measured(call: Callable[[int], Any], calls: int) -> Cost:
    """Make a call a few times; return the median on the clock, and the mean of this process's CPU time."""
    took, used = [], time.process_time()
    for number in range(calls):
        started = time.perf_counter()
        call(number)
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took), (time.process_time() - used) * 1000 / calls


# -- the process that compares
class Site:
    """A process with a site of its own."""

    def __init__(self, number: int, plugins: tuple[str, ...] | None) -> None:
        ini = make_site(number, plugins)
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        log = ini.with_suffix(".bench.log").open("w")
        command = [sys.executable, "-W", "ignore", __file__, "--work"]
        environment = {**os.environ, "CKAN_INI": str(ini), "PYTHONPATH": str(ROOT / "tests")}
        self._process: Any = subprocess.Popen(command, env=environment, stderr=log, **pipes)  # noqa: S603 - own arguments
        self._answer("READY")

    def _answer(self, word: str) -> str:
        for line in self._process.stdout:
            if line.startswith(word):
                return line.removeprefix(word)
        raise click.ClickException("A process ended early; its words stand in .run/*.bench.log.")

    def call(self, name: str) -> Cost:
        """Make a few calls of a kind; return what one cost."""
        before = services_cpu()
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        wall, cpu = json.loads(self._answer("TOOK"))
        return wall, cpu + (services_cpu() - before) * 1000 / times(name)


def services_cpu() -> float:
    """CPU seconds that this clone's servers have used so far. They are idle but for the call that is measured."""
    from deploy import layout

    supervisor = psutil.Process(int((layout.load_layout().run / "supervisord.pid").read_text()))
    times = [server.cpu_times() for server in supervisor.children(recursive=True)]
    return sum(each.user + each.system for each in times)


def compare(rounds: int, what: str) -> None:
    """Print a table of medians, with the medians of the ratios of each round."""
    from deploy import layout, stack

    stack.start_services(layout.load_layout())
    stack.wait_for_solr(layout.load_layout())
    without, with_it = COMPARED[what]
    plain, gated = Site(2, without), Site(3, with_it)
    click.echo(f"{'call':23} {'plain ms':>9} {what + ' ms':>9} {'ratio':>7} {'of CPU':>7} {'limit':>7}")
    for name, limit in LIMITS.items():
        plain.call(name), gated.call(name)  # caches are warm from here on
        pairs = [paired(name, plain, gated, turned=bool(number % 2)) for number in range(rounds)]
        wall, cpu = (statistics.median(gate[each] / bare[each] for bare, gate in pairs) for each in (0, 1))
        bare, gate = (statistics.median(wall for wall, _ in side) for side in zip(*pairs, strict=True))
        click.echo(f"{name:23} {bare:9.1f} {gate:9.1f} {wall:7.2f} {cpu:7.2f} {limit:7.2f}")


def paired(name: str, plain: Site, gated: Site, *, turned: bool) -> tuple[Cost, Cost]:
    """What a call cost without and with the gate; ``turned`` lets the gate come first."""
    if turned:
        gate = gated.call(name)
        return plain.call(name), gate
    return plain.call(name), gated.call(name)


if __name__ == "__main__":
    if "--work" in sys.argv:
        sys.path.insert(0, str(Path(ROOT) / "tests"))
        work()
    else:
        words = sys.argv[1:]
        compare(int(next((each for each in words if each.isdigit()), "12")), "suite" if "--suite" in words else "gate")
