"""What the gate costs: the same calls on the same servers with and without it, in pairs, with an interval of doubt.

Two processes, each with a site of its own on this clone's PostgreSQL, Redis and Solr, hold the same datasets. Those of
the gate are released, and half of them have a pending change. Calls go through CKAN's own WSGI application.

Machines are shared, so a round has both sites make a few calls within a tenth of a second or so, who comes first
changes from round to round, and what counts is the ratio of each pair: the median of those of the times on the clock,
and the ratio of all CPU time of everything that took part (the process, PostgreSQL, Solr and Redis), which others' work
disturbs least. Behind each stands where the true figure lies with 95 % confidence, by drawing rounds at random again
and again (bootstrap). How many statements PostgreSQL and requests Solr got of one call is told as well: these figures
have no doubt.

``python benchmarks/gate_cost.py [ROUNDS]`` compares the gate alone with CKAN and its own plugins;
``python benchmarks/gate_cost.py [ROUNDS] --suite`` all of this suite with the plugins of others that it comes with.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import psutil
import requests
import sqlalchemy as sa
from harvest import ROOT, catalogue, make_site

PLAIN = ("activity", "dcat", "datastore", "text_view", "image_view")
OTHERS = ("activity", "harvest", "dcat", "datastore", "text_view", "image_view")
#: what is compared -> the plugins without and with it; None for all that the demo has
COMPARED: dict[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    "gate": (PLAIN, ("privacy", *PLAIN)),
    "suite": (OTHERS, None),
}
DATASETS, FILES = 40, 5
#: Calls of a kind in each round: few, so that a pair is close together.
CALLS = 4
ROUNDS, DRAWS = 40, 2000
#: call -> how much slower it may be; None where nothing was promised. Who reads is a visitor unless somebody is named.
LIMITS: dict[str, float | None] = {
    "package_show": 1.05,
    "package_search": 1.05,
    "package_search q=water": 1.05,
    "package_show, a member": None,
    "package_show, an editor": None,
    "dataset page": None,
    "dataset as DCAT": None,
    "package_update": 1.15,
    "resource_create": 1.15,
}


class Cost(NamedTuple):
    """Milliseconds that a call took: on the clock, and CPU time of everything that took part; and what it asked for."""

    wall: float
    cpu: float
    statements: int
    requests: int


# -- the process that is measured
def work() -> None:
    """Make the datasets, then answer each name of a call with the milliseconds that it took."""
    with catalogue():
        from ckan.tests import helpers

        ids, people = make_datasets()
        count_what_is_asked()
        calls = calls_on(helpers._get_test_app(), ids, people)
        click.echo("READY", nl=True)
        for line in sys.stdin:
            name = line.strip()
            click.echo("TOOK " + json.dumps(measured(calls[name])))


def make_datasets() -> tuple[list[str], dict[str, dict[str, str]]]:
    """Datasets with links, so that no file is scanned or hashed; their ids, and headers of an editor and a member."""
    from ckan.plugins import plugin_loaded
    from ckan.tests import factories
    from support import releasing

    editor, member = factories.UserWithToken(), factories.UserWithToken()
    members = [{"name": editor["name"], "capacity": "editor"}, {"name": member["name"], "capacity": "member"}]
    organization = factories.Organization(users=members)
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
    return ids, {name: {"Authorization": user["token"]} for name, user in (("editor", editor), ("member", member))}


def calls_on(app: Any, ids: list[str], people: dict[str, dict[str, str]]) -> dict[str, Callable[[int], Any]]:
    """The calls by name; each takes a running number."""

    def get(path: str, who: str = "") -> None:
        check(app.get(path, headers=people.get(who)))

    def post(action: str, data: dict[str, Any]) -> None:
        check(app.post(f"/api/3/action/{action}", json=data, headers=people["editor"]))

    def show(who: str = "") -> Callable[[int], None]:
        return lambda number: get(f"/api/3/action/package_show?id={ids[number % DATASETS]}", who)

    return {
        "package_show": show(),
        "package_show, a member": show("member"),
        "package_show, an editor": show("editor"),
        "dataset page": lambda number: get(f"/dataset/{ids[number % DATASETS]}"),
        "dataset as DCAT": lambda number: get(f"/dataset/{ids[number % DATASETS]}.ttl"),
        "package_search": lambda number: get(f"/api/3/action/package_search?rows=20&start={number % 5}"),
        "package_search q=water": lambda number: get(
            f"/api/3/action/package_search?q=water&rows=20&start={number % 5}"
        ),
        "package_update": lambda number: post(
            "package_patch", {"id": ids[number % DATASETS], "version": str(time.time())}
        ),
        "resource_create": lambda number: post(
            "resource_create",
            {"package_id": ids[number % DATASETS], "name": "More", "url": "https://example.org/more.csv"},
        ),
    }


def check(answer: Any) -> None:
    """Refuse to measure what does not work."""
    if answer.status_code != 200:
        raise RuntimeError(f"A measured call answered {answer.status}.")


def measured(call: Callable[[int], Any]) -> Cost:
    """Make a call a few times; return the quickest on the clock, the mean of its CPU time, and what it asked."""
    took, used = [], time.process_time()
    for _ in range(CALLS):
        _asked.clear()
        started = time.perf_counter()
        call(next(_numbers))
        took.append((time.perf_counter() - started) * 1000)
    cpu = (time.process_time() - used) * 1000 / CALLS
    return Cost(min(took), cpu, _asked["statements"], _asked["requests"])


#: What the last call asked PostgreSQL and Solr.
_asked: Counter[str] = Counter()


def count_what_is_asked() -> None:
    """Count each statement and each request from here on, on both sites alike."""
    sa.event.listen(sa.Engine, "before_cursor_execute", lambda *_: _asked.update(["statements"]))
    send = requests.Session.send

    def counted(session: Any, request: Any, **options: Any) -> Any:
        _asked.update(["requests"])
        return send(session, request, **options)

    requests.Session.send = counted


#: Each call is about the next dataset, on both sites alike.
_numbers = itertools.count()


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
        cost = Cost(*json.loads(self._answer("TOOK")))
        return cost._replace(cpu=cost.cpu + (services_cpu() - before) * 1000 / CALLS)


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
    click.echo(f"{'call':24} {'plain ms':>9} {what + ' ms':>9}  {'ratio':18} {'of CPU':18} limit  SQL      Solr")
    for name, limit in LIMITS.items():
        for site in (plain, gated):
            site.call(name)  # caches are warm from here on
        pairs = [paired(name, plain, gated, turned=bool(number % 2)) for number in range(rounds)]
        bare, gate = (statistics.median(cost.wall for cost in side) for side in zip(*pairs, strict=True))
        clock, cpu = (with_doubt(pairs, ratio) for ratio in (ratio_on_the_clock, ratio_of_cpu))
        asked = " ".join(f"{asked_for(pairs, kind):8}" for kind in ("statements", "requests"))
        click.echo(f"{name:24} {bare:9.1f} {gate:9.1f}  {clock:18} {cpu:18} {limit or '–':<6} {asked}")


Pair = tuple[Cost, Cost]


def ratio_on_the_clock(pairs: Sequence[Pair]) -> float:
    """The median of the ratios of each pair."""
    return statistics.median(gate.wall / bare.wall for bare, gate in pairs)


def asked_for(pairs: Sequence[Pair], what: str) -> str:
    """What a call asks for without and with the gate. Some ask for more once a second or so: the median of all."""
    bare, gate = (statistics.median_low(getattr(cost, what) for cost in side) for side in zip(*pairs, strict=True))
    return f"{bare} → {gate}"


def ratio_of_cpu(pairs: Sequence[Pair]) -> float:
    """The ratio of all CPU time; servers tell theirs in hundredths of a second, too coarse for one pair."""
    return sum(gate.cpu for _, gate in pairs) / sum(bare.cpu for bare, _ in pairs)


def with_doubt(pairs: Sequence[Pair], ratio: Callable[[Sequence[Pair]], float]) -> str:
    """A ratio, and the middle 95 % of what it is when rounds are drawn at random."""
    dice = random.Random(7)
    drawn = sorted(ratio(dice.choices(pairs, k=len(pairs))) for _ in range(DRAWS))
    return f"{ratio(pairs):.2f} ({drawn[DRAWS // 40]:.2f}–{drawn[-DRAWS // 40]:.2f})"


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
        compare(
            int(next((each for each in words if each.isdigit()), ROUNDS)), "suite" if "--suite" in words else "gate"
        )
