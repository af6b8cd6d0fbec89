"""What the gate costs: the same calls on the same servers with and without it, one after the other, medians of both.

Two processes, each with a site of its own on this clone's PostgreSQL, Redis and Solr, hold the same datasets. Those of
the gate are released, and half of them have a pending change. Calls go through CKAN's own WSGI application. Machines
are shared: the ratios count, not the figures.

``python benchmarks/gate_cost.py [ROUNDS]``
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
from harvest import ROOT, catalogue, make_site

PLAIN = ("activity", "datastore", "text_view", "image_view")
GATED = ("privacy", *PLAIN)
DATASETS, FILES, CALLS = 40, 5, 8
#: call -> how much slower it may be
LIMITS = {"package_show": 1.05, "package_search": 1.05, "package_update": 1.15, "resource_create": 1.15}


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
            click.echo("TOOK " + json.dumps([timed(calls[name], number) for number in range(CALLS)]))


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
        "package_update": lambda number: post("package_patch", {"id": ids[number], "version": str(time.time())}),
        "resource_create": lambda number: post(
            "resource_create", {"package_id": ids[number], "name": "More", "url": "https://example.org/more.csv"}
        ),
    }


def check(answer: Any) -> None:
    """Refuse to measure what does not work."""
    if answer.status_code != 200:
        raise RuntimeError(f"A measured call answered {answer.status}.")


def timed(call: Callable[[int], Any], number: int) -> float:
    """Milliseconds that a call took."""
    started = time.perf_counter()
    call(number)
    return (time.perf_counter() - started) * 1000


# -- the process that compares
class Site:
    """A process with a site of its own."""

    def __init__(self, number: int, plugins: tuple[str, ...]) -> None:
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

    def call(self, name: str) -> list[float]:
        """Make a few calls of a kind; return their milliseconds."""
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        return json.loads(self._answer("TOOK"))


def compare(rounds: int) -> None:
    """Print a table of medians, with the median of the ratios of neighbouring rounds."""
    from deploy import layout, stack

    stack.start_services(layout.load_layout())
    stack.wait_for_solr(layout.load_layout())
    plain, gated = Site(2, PLAIN), Site(3, GATED)
    click.echo(f"{'call':16} {'plain ms':>9} {'gate ms':>9} {'ratio':>7} {'limit':>7}")
    for name, limit in LIMITS.items():
        plain.call(name), gated.call(name)  # caches are warm from here on
        pairs = [(plain.call(name), gated.call(name)) for _ in range(rounds)]
        ratio = statistics.median(statistics.median(gate) / statistics.median(bare) for bare, gate in pairs)
        bare, gate = (statistics.median(each for found in side for each in found) for side in zip(*pairs, strict=True))
        click.echo(f"{name:16} {bare:9.1f} {gate:9.1f} {ratio:7.2f} {limit:7.2f}")


if __name__ == "__main__":
    if "--work" in sys.argv:
        sys.path.insert(0, str(Path(ROOT) / "tests"))
        work()
    else:
        compare(int(next((each for each in sys.argv[1:] if each.isdigit()), "12")))
