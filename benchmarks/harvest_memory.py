"""How much memory harvesting takes, by the number of records a portal has.

For each number a fresh site with the gate and the whole schema harvests made-up records three times in a process of its
own: a first run, the same feed again, and a feed in which every record changed. Of both stages (reading the catalogue,
saving its batches) the peak of resident memory is noted, as Linux counts it.

``python benchmarks/harvest_memory.py [RECORDS …]``; with ``READING=1`` the first stage of a first run alone, since
saving many takes hours. With ``KNOWN=1`` the records are read, and then taken for saved: each gets the row and the
memory that saving would leave, copied by SQL from one that was really saved. So a source with very many known datasets
is seen end to end: the same feed again, and one in which one record in a thousand changed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import click
from harvest import Contender, Record, catalogue, make_records, make_site, make_source, new_job

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from portals.replay import Answer, replay  # noqa: E402 - the path to it is made above

ONLY_READING, ALL_KNOWN = bool(os.environ.get("READING")), bool(os.environ.get("KNOWN"))
#: of known records, one in so many changes
SELDOM = 1_000
COUNTS = (1_000, 5_000, 10_000)
CHUNK = 1_000
HEADINGS = ("records", "run", "reading MB", "saving MB", "ms each", "CPU ms")
#: what Linux takes for "count the peak from now on", and where it is written
FROM_NOW_ON, RESET = "5", Path("/proc/self/clear_refs")


def all_changed(records: list[Record]) -> list[Record]:
    """The same records, each with another description."""
    return [{**each, "description": f"{each['description']} Once more."} for each in records]


# -- the process that harvests
def work() -> None:
    """Harvest what the portal serves each time a line comes in; answer with a line of figures."""
    with catalogue():
        source_id = make_source("socrata", sys.stdin.readline().strip())
        for run, _ in enumerate(sys.stdin):
            click.echo("FIGURES " + json.dumps(peaks(source_id, save=not ONLY_READING and (run > 0 or not ALL_KNOWN))))


def peaks(source_id: str, *, save: bool) -> dict[str, float]:
    """Megabytes at the peak of both stages of one run, and its seconds by the clock and of this process.

    :param save: whether to go on after the first stage
    """
    from ckan import model
    from ckan.plugins import toolkit as tk
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestObject

    wall, cpu, job = time.perf_counter(), time.process_time(), new_job(source_id)
    harvester = queue.get_harvester(job.source.type)
    RESET.write_text(FROM_NOW_ON)
    object_ids: list[str] = queue.gather_stage(harvester, job)
    reading = _peak()
    model.Session.remove()
    if not save:
        object_ids = object_ids[:1] if ALL_KNOWN else []
    RESET.write_text(FROM_NOW_ON)
    for object_id in object_ids:
        queue.fetch_and_import_stages(harvester, HarvestObject.get(object_id))
        model.Session.remove()
    saving = _peak()
    if ALL_KNOWN and not save:
        take_for_saved()
    tk.get_action("harvest_jobs_run")({"ignore_auth": True}, {"source_id": source_id})
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return {"reading": reading, "saving": saving, **seconds}


def take_for_saved() -> None:
    """Give every record that waits to be saved what saving leaves, copied from a dataset that was saved."""
    import sqlalchemy as sa
    from ckan import model
    from ckanext.harvest.model import HarvestObject, HarvestObjectExtra

    from ckanext.cityportals import ledger
    from ckanext.cityportals.portals import PORTALS

    [one] = model.Session.query(model.Package).filter_by(type="dataset", state="active").limit(1)
    waiting = sa.select(HarvestObject.id, HarvestObject.content, HarvestObjectExtra.value).join(HarvestObjectExtra)
    for objects in model.Session.execute(waiting.where(HarvestObject.state != "COMPLETE")).partitions(CHUNK):
        rows = []
        for _, content, plan in objects:
            settled = json.loads(plan)
            aliases = sorted(PORTALS["socrata"].aliases(json.loads(content)))
            entry = {**ledger.entry(one), **settled["entry"], "aliases": aliases}
            members = {"id": settled["dataset_id"], "name": settled["dataset_id"], "plugin_data": {ledger.KEY: entry}}
            same = {name: getattr(one, name) for name in ("title", "type", "owner_org", "private")} | {"extras": {}}
            rows.append({**same, **members})
        model.Session.execute(sa.insert(model.Package), rows)
    done = sa.update(HarvestObject).where(HarvestObject.state != "COMPLETE")
    model.Session.execute(done.values(state="COMPLETE", report_status="added"))
    model.Session.commit()


def _peak() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


# -- the process that asks
def table(counts: list[int]) -> None:
    """Print a line for each number of records and each run."""
    from deploy import layout, stack

    stack.start_services(layout.load_layout())
    click.echo("{:>8} {:12} {:>11} {:>10} {:>8} {:>8}".format(*HEADINGS))
    for count in counts:
        ini, records = make_site(2, None), make_records(count)
        stack.wait_for_solr(layout.load_layout())
        with replay() as portal:
            site = Contender("this site", __file__, "socrata", ini, portal.url)
            for run, served in {"first": records, **later_runs(records)}.items():
                portal.answers["/data.json"] = Answer({"dataset": served})
                click.echo(_row(count, run, site.run()))
            site.end()


def later_runs(records: list[Record]) -> dict[str, list[Record]]:
    """What the portal serves after the first run."""
    if ONLY_READING:
        return {}
    if ALL_KNOWN:
        changed = {each["identifier"] for each in records[::SELDOM]}
        news = iter(all_changed(records[::SELDOM]))
        return {
            "unchanged": records,
            "0.1 % changed": [next(news) if r["identifier"] in changed else r for r in records],
        }
    return {"unchanged": records, "all changed": all_changed(records)}


def _row(count: int, run: str, figures: dict[str, Any]) -> str:
    each = f"{figures['wall'] / count * 1000:8.1f} {figures['cpu'] / count * 1000:8.1f}"
    return f"{count:8} {run:12} {figures['reading']:11.0f} {figures['saving']:10.0f} {each}"


if __name__ == "__main__":
    if "--work" in sys.argv:
        work()
    else:
        table([int(each) for each in sys.argv[1:] if each.isdigit()] or list(COUNTS))
