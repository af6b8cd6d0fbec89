"""The steward's queue with 10,000 requests in it, and one approval of a dataset with 100 files.

Rows are made by SQL, as copies of one request. Budgets: a page of the queue in 500 ms, an approval in one second.

``python benchmarks/queue_page.py [REQUESTS]``
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import click
from gate_cost import check
from harvest import ROOT, catalogue, make_site

FILES, ROUNDS = 100, 9
#: Everything of the first request but what tells two apart, as many times as asked for.
_COPIES = """
    INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS one, generate_series(1, :count) AS n
    WHERE one.id = :id
"""
OTHERS = {
    "package": {"id": "one.id || n", "name": "one.name || n"},
    "privacy_release": {
        "id": "one.id || n",
        "package_id": "one.package_id || n",
        "created": "one.created - n * interval '1 minute'",
        "due": "one.due - n * interval '1 minute'",
    },
}


def copy(table: str, row_id: str, count: int) -> None:
    """Copy one row of a table so many times."""
    import sqlalchemy as sa
    from ckan import model

    names = [column["name"] for column in sa.inspect(model.meta.engine).get_columns(table)]
    values = ", ".join(OTHERS[table].get(name, f"one.{name}") for name in names)
    query = _COPIES.format(table=table, columns=", ".join(names), values=values)
    model.Session.execute(sa.text(query), {"id": row_id, "count": count})
    model.Session.commit()


def ask() -> tuple[dict[str, Any], dict[str, Any]]:
    """A request for a dataset with many small files, its scans done; the people of the organisation."""
    from support import people, releases

    community = people.make_community()
    dataset = releases.make_dataset(None)
    files = [{"name": f"File {number}", "url": ""} for number in range(FILES)]
    releases.act("officer", "package_patch", id=dataset["id"], resources=files)
    asked = releases.request(dataset["id"])
    give_reports(asked["id"])
    return asked, community


def give_reports(release_id: str) -> None:
    """Give each file of a request a scan that is done: an approval judges them anew."""
    from ckan import model
    from support import survey

    from ckanext.privacy.engine import scan_file, to_dict
    from ckanext.privacy.model import Release
    from ckanext.privacy.workflow import scans

    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(survey.WATER)
        file.flush()
        report = to_dict(scan_file(file.name))
    release = Release.get(release_id)
    found = {}
    for resource in release.snapshot["package"]["resources"]:
        scan = scans.create(release.package_id, resource, {"kind": "file"}, None)
        scan.status, scan.outcome, scan.report = "done", report["outcome"], report
        found[resource["id"]] = scan.id
    release.scans = found
    model.Session.commit()


def measure(label: str, budget: float, call: Callable[[], Any], rounds: int = ROUNDS) -> None:
    """Print the median of what a call took."""
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        took.append((time.perf_counter() - started) * 1000)
    click.echo(f"{label:44} {statistics.median(took):8.0f} ms   budget {budget:6.0f} ms")


def run(count: int) -> None:
    """Fill a site of its own and print the table."""
    with catalogue():
        from ckan.tests import helpers
        from support import releases

        asked, community = ask()
        copy("package", asked["package_id"], count)
        copy("privacy_release", asked["id"], count)
        app = helpers._get_test_app()
        steward = {"Authorization": community["steward1"]["token"]}

        def page(address: str) -> None:
            check(app.get(address, headers=steward))

        page("/privacy/queue")
        for address in ("/privacy/queue", "/privacy/queue?state=in_review&page=300", "/privacy/queue?overdue=true"):
            measure(address, 500, lambda address=address: page(address))
        measure(f"approve, {FILES} files", 1000, lambda: releases.approve(asked), 1)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    if "CKAN_INI" in os.environ:
        run(int(next((each for each in sys.argv[1:] if each.isdigit()), "10000")))
    else:
        os.environ["CKAN_INI"] = str(make_site(2, None))
        os.execv(sys.executable, [sys.executable, "-W", "ignore", *sys.argv])  # noqa: S606 - itself, on its own site
