"""How fast a portal is harvested, beside stock ckanext-harvest and ckanext-dcat (``dcat_json``) on the same records.

Both harvest the same feed of one DCAT-US portal over HTTP on this machine into sites of their own, on the same
PostgreSQL, Redis and Solr, one after the other, through ckanext-harvest's own stages: a first run, the same feed again,
and a feed of which one record in twenty changed. The stock site is plain CKAN with ``harvest`` and ``dcat``; ours has
the gate and the schema of this suite as well. Machines are shared: the ratios count, not the figures.

``python benchmarks/harvest.py [RECORDS]`` makes up its records; with ``FEED=some/data.json`` it takes a recorded feed.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from portals.replay import Answer, replay  # noqa: E402 - the path to it is made above

Record = dict[str, Any]

STOCK = ("activity", "harvest", "dcat", "dcat_json_harvester", "datastore")
CHANGED_EVERY = 20
WORDS = ("street", "tree", "water", "market", "budget", "bicycle", "ward", "school", "noise", "permit", "park", "bus")
FORMATS = (
    ("text/csv", "csv"),
    ("application/json", "json"),
    ("application/rdf+xml", "rdf"),
    ("application/xml", "xml"),
)


def make_records(count: int) -> list[Record]:
    """Made-up records of the size and shape that Socrata domains publish."""
    dice = random.Random(7)
    return [make_record(number, dice) for number in range(count)]


def make_record(number: int, dice: random.Random) -> Record:
    """One record with a few paragraphs, five keywords and four files."""
    view = f"{number // 10_000:04}-{number % 10_000:04}"
    base = f"https://data.example.org/api/views/{view}"
    formats = [
        ("text/csv", "csv"),
        ("application/json", "json"),
        ("application/rdf+xml", "rdf"),
        ("application/xml", "xml"),
    ]
    return {
        "@type": "dcat:Dataset",
        "accessLevel": "public",
        "identifier": base,
        "landingPage": f"https://data.example.org/d/{view}",
        "title": f"{' '.join(dice.sample(WORDS, 3)).title()} {number}",
        "description": " ".join(dice.choices(WORDS, k=80)),
        "keyword": dice.sample(WORDS, 5),
        "issued": f"20{10 + number % 14}-0{1 + number % 9}-12",
        "modified": "2026-05-30",
        "publisher": {"@type": "org:Organization", "name": "City of Example"},
        "contactPoint": {"@type": "vcard:Contact", "fn": "Open Data Office", "hasEmail": "mailto:data@example.org"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "theme": [dice.choice(WORDS)],
        "distribution": [
            {"@type": "dcat:Distribution", "mediaType": kind, "downloadURL": f"{base}/rows.{end}"}
            for kind, end in formats
        ],
    }


def changed(records: list[Record]) -> list[Record]:
    """The same records, every twentieth with another description."""
    return [
        {**each, "description": f"{each.get('description')} Once more."} if number % CHANGED_EVERY == 0 else each
        for number, each in enumerate(records)
    ]


# -- the process that harvests, one for each contender
@contextmanager
def catalogue() -> Iterator[None]:
    """The CKAN site of ``CKAN_INI``, empty, with an organisation."""
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    app = make_app(load_config(os.environ["CKAN_INI"]))
    from ckan.lib.search import clear_all

    with app._wsgi_app.test_request_context():
        clear_all()
        yield


def work(source_type: str) -> None:
    """Harvest what the portal serves each time a line comes in; answer with a line of figures."""
    with catalogue():
        source_id = make_source(source_type, sys.stdin.readline().strip())
        for _ in sys.stdin:
            click.echo("FIGURES " + json.dumps(measure(lambda: harvest(source_id))))


def make_source(source_type: str, url: str) -> str:
    """A source for the portal at this address, in an organisation of its own; its id."""
    from ckan import model
    from ckan.plugins import toolkit as tk

    context: Any = {"user": _sysadmin(), "ignore_auth": True, "model": model, "session": model.Session}
    organization = tk.get_action("organization_create")({**context}, {"name": "city"})
    source = tk.get_action("harvest_source_create")(
        context,
        {"name": "portal", "title": "Portal", "url": f"{url}/data.json", "source_type": source_type,
         "frequency": "MANUAL", "owner_org": organization["id"]},
    )  # fmt: skip
    return source["id"]


def new_job(source_id: str) -> Any:
    """A job of a source, as far as its consumers would have brought it."""
    from ckan.plugins import toolkit as tk
    from ckanext.harvest.model import HarvestJob

    context: Any = {"user": "bench", "ignore_auth": True}
    job = HarvestJob.get(tk.get_action("harvest_job_create")(context, {"source_id": source_id, "run": False})["id"])
    job.status = "Running"
    job.save()
    return job


def _sysadmin() -> str:
    from ckan import model

    user = model.User(name="bench", email="bench@example.org", password="bench-bench", sysadmin=True)  # noqa: S106
    model.Session.add(user)
    model.Session.commit()
    return "bench"


def harvest(source_id: str) -> dict[str, int]:
    """One job, through the functions of ckanext-harvest's two consumers."""
    from ckan import model
    from ckan.plugins import toolkit as tk
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestObject

    job = new_job(source_id)
    job_id, harvester = job.id, queue.get_harvester(job.source.type)
    object_ids = queue.gather_stage(harvester, job) or [row.id for row in _objects_of(job_id)]
    for object_id in [each for each in object_ids if each] or [row.id for row in _objects_of(job_id)]:
        queue.fetch_and_import_stages(harvester, HarvestObject.get(object_id))
        model.Session.remove()
    tk.get_action("harvest_jobs_run")({"user": "bench", "ignore_auth": True}, {"source_id": source_id})
    return {"datasets": model.Session.query(model.Package).filter_by(type="dataset", state="active").count()}


def _objects_of(job_id: str) -> list[Any]:
    """dcat_json queues ids it does not have yet; its objects are found by their job instead."""
    from ckan import model
    from ckanext.harvest.model import HarvestObject

    return model.Session.query(HarvestObject.id).filter_by(harvest_job_id=job_id, state="WAITING").all()


def measure(call: Callable[[], dict[str, int]]) -> dict[str, float]:
    """What a run cost: seconds, CPU seconds of this process, queries, peak memory in MB so far."""
    from ckan import model
    from sqlalchemy import event

    queries = [0]

    def count(*_arguments: Any) -> None:
        queries[0] += 1

    event.listen(model.meta.engine, "before_cursor_execute", count)
    wall, cpu = time.perf_counter(), time.process_time()
    found = call()
    figures = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "queries": queries[0]}
    event.remove(model.meta.engine, "before_cursor_execute", count)
    return {**figures, **found, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


# -- the process that compares
def make_site(number: int, plugins: tuple[str, ...] | None) -> Path:
    """A fresh site on the services of this clone; its ini."""
    from deploy import layout, services, site, stack

    here = layout.load_layout()
    target = site.worker_sites(here, site.MOST_TEST_WORKERS)[number]
    target = dataclasses.replace(target, plugins=plugins) if plugins else target
    services.ensure_databases(here, target, fresh=True)
    services.redis_client(here, int(target.redis_url.rsplit("/", 1)[1])).flushdb()
    ini = site.write_ini(target)
    stack.prepare_ini(ini)
    return ini


class Contender:
    """A process of a benchmark with a site of its own."""

    def __init__(self, name: str, script: str, source_type: str, ini: Path, url: str) -> None:
        self.name = name
        command = [sys.executable, "-W", "ignore", script, "--work", source_type]
        environment = {**os.environ, "CKAN_INI": str(ini)}
        log = ini.with_suffix(".bench.log").open("w")
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True}
        self._process: Any = subprocess.Popen(command, env=environment, **pipes)  # noqa: S603 - own arguments
        self._say(url)

    def _say(self, line: str) -> None:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def run(self) -> dict[str, float]:
        """Harvest once."""
        self._say("run")
        for line in self._process.stdout:
            if line.startswith("FIGURES "):
                return json.loads(line.removeprefix("FIGURES "))
        raise click.ClickException(f"The process of {self.name} ended early; its words stand in .run/*.bench.log.")

    def end(self) -> None:
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait(60)


HEADINGS = ("run", "who", "datasets/s", "CPU ms each", "queries each", "peak MB", "datasets")


def compare(records: list[Record]) -> None:
    """Print a table of both contenders' three runs."""
    from deploy import layout, stack

    stack.start_services(layout.load_layout())
    ours, stock = make_site(2, None), make_site(3, STOCK)
    stack.wait_for_solr(layout.load_layout())
    with replay() as portal:
        contenders = (
            Contender("ours", __file__, "socrata", ours, portal.url),
            Contender("stock", __file__, "dcat_json", stock, portal.url),
        )
        click.echo(f"{len(records)} records")
        click.echo("{:12} {:6} {:>11} {:>12} {:>13} {:>8} {:>9}".format(*HEADINGS))
        runs = {"first run": records, "unchanged": records, "5 % changed": changed(records)}
        for label, served in runs.items():
            portal.answers["/data.json"] = Answer({"dataset": served})
            _show(label, {each.name: each.run() for each in contenders}, len(records))
        for each in contenders:
            each.end()


def _show(label: str, found: dict[str, dict[str, float]], count: int) -> None:
    for name, figures in found.items():
        click.echo(_row(label, name, figures, count))
    ours, stock = found["ours"], found["stock"]
    click.echo(f"{label:12} ratio  {stock['seconds'] / ours['seconds']:10.1f}x {stock['cpu'] / ours['cpu']:11.1f}x")


def _row(label: str, name: str, figures: dict[str, float], count: int) -> str:
    return (
        f"{label:12} {name:6} {count / figures['seconds']:11.1f} {figures['cpu'] / count * 1000:12.1f} "
        f"{figures['queries'] / count:13.1f} {figures['peak']:8.0f} {figures['datasets']:9.0f}"
    )


def records_to_harvest(count: int) -> list[Record]:
    """The recorded feed named by ``FEED``, else made-up records."""
    feed = os.environ.get("FEED")
    return json.loads(Path(feed).read_text("utf-8"))["dataset"][:count] if feed else make_records(count)


if __name__ == "__main__":
    if "--work" in sys.argv:
        work(sys.argv[-1])
    else:
        compare(records_to_harvest(int(next((each for each in sys.argv[1:] if each.isdigit()), "150"))))
