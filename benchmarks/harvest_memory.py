"""How much memory harvesting takes, by the number of records a portal has.

For each number a fresh site with the gate and the whole schema harvests made-up records three times in a process of its
own: a first run, the same feed again, and a feed in which every record changed. Of both stages (reading the catalogue,
saving its batches) the peak of resident memory is noted, as Linux counts it.

``python benchmarks/harvest_memory.py [RECORDS …]``; with ``READING=1`` the first stage of a first run alone, since
saving many takes hours.
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

ONLY_READING = bool(os.environ.get("READING"))
COUNTS = (1_000, 5_000, 10_000)
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
        for _ in sys.stdin:
            click.echo("FIGURES " + json.dumps(peaks(source_id)))


def peaks(source_id: str) -> dict[str, float]:
    """Megabytes at the peak of both stages of one run, and its seconds by the clock and of this process."""
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
    if ONLY_READING:
        object_ids = []
    RESET.write_text(FROM_NOW_ON)
    for object_id in object_ids:
        queue.fetch_and_import_stages(harvester, HarvestObject.get(object_id))
        model.Session.remove()
    saving = _peak()
    tk.get_action("harvest_jobs_run")({"ignore_auth": True}, {"source_id": source_id})
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return {"reading": reading, "saving": saving, **seconds}


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
            later = {} if ONLY_READING else {"unchanged": records, "all changed": all_changed(records)}
            for run, served in {"first": records, **later}.items():
                portal.answers["/data.json"] = Answer({"dataset": served})
                click.echo(_row(count, run, site.run()))
            site.end()


def _row(count: int, run: str, figures: dict[str, Any]) -> str:
    each = f"{figures['wall'] / count * 1000:8.1f} {figures['cpu'] / count * 1000:8.1f}"
    return f"{count:8} {run:12} {figures['reading']:11.0f} {figures['saving']:10.0f} {each}"


if __name__ == "__main__":
    if "--work" in sys.argv:
        work()
    else:
        table([int(each) for each in sys.argv[1:] if each.isdigit()] or list(COUNTS))
