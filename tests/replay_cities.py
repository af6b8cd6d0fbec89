"""Years of recorded feeds harvested for real, city by city, and compared with what truly changed in them.

``SUITE_PORTALS=FOLDER python tests/replay_cities.py [CITY …]`` prints a table; it exits with 1 when anything is wrong:
a rename that became a deletion and a creation, a removal that was none, an addition, change or removal that was missed.
"""

from __future__ import annotations

import os
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

import harvest  # noqa: E402 - the path to it is made above
from portals import recordings  # noqa: E402
from portals.replay import replay  # noqa: E402


def work(cities: list[str]) -> int:
    """Harvest these cities (all, if none is named) into the site of ``CKAN_INI``; how much went wrong."""
    with harvest.catalogue(), replay() as portal:
        from ckan import model
        from ckan.plugins import toolkit as tk
        from support import timeline

        context: Any = {"user": harvest._sysadmin(), "ignore_auth": True, "model": model, "session": model.Session}
        organization = tk.get_action("organization_create")({**context}, {"name": "city"})
        found, truth = {}, recordings.truth()
        for city, feeds in groupby(recordings.feeds(), key=lambda feed: feed.city):
            if cities and city not in cities:
                continue
            kept = list(feeds)
            made = tk.get_action("harvest_source_create")(
                {**context},
                {"name": city.lower(), "title": city, "url": f"{portal.url}/data.json?{city}", "frequency": "MANUAL",
                 "source_type": kept[0].source_type, "owner_org": organization["id"]},
            )  # fmt: skip

            def run(source_id: str = made["id"]) -> dict[str, Any]:
                return tk.get_action("cityportals_run")({**context}, {"id": source_id, "wait": True})

            found[city] = timeline.harvest_city(kept, truth, portal, made["id"], run)
            click.echo(f"{city}: {found[city].steps} snapshots, {len(found[city].wrong)} wrong", err=True)
        click.echo(timeline.table(found))
        wrong = [said for each in found.values() for said in each.wrong]
        for said in wrong:
            click.echo(said, err=True)
        return len(wrong)


if __name__ == "__main__":
    if not recordings.present():
        raise SystemExit("The recorded feeds are not here: name their folder in SUITE_PORTALS.")
    os.environ["CKAN_INI"] = str(harvest.make_site(1, None))
    raise SystemExit(min(work(sys.argv[1:]), 1))
