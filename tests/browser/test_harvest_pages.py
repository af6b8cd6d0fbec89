"""The pages of a harvest source as people meet them: look first, approve, see what a run did, decide, purge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from portals import records
from portals.replay import Replay, replay
from support.accessible import check

#: the site may have seen this module before
MARK = uuid4().hex[:6]
NAME = f"hub-{MARK}"


def layers(count: int, **first: Any) -> list[dict[str, Any]]:
    found = [records.hub(n, title=f"Layer {MARK} {n}", favourite_colour="green") for n in range(1, count + 1)]
    return [{**found[0], **first}, *found[1:]]


@pytest.fixture(scope="module")
def portal() -> Iterator[Replay]:
    with replay() as city:
        city.serve_catalogue(layers(4))
        yield city


@pytest.fixture(scope="module")
def source(site: Any, portal: Replay) -> dict[str, Any]:
    """A source that its author has just added."""
    settings = {"name": NAME, "title": "A city's hub", "url": portal.url, "source_type": "arcgis-hub"}
    return site.api("officer").action.harvest_source_create(**settings, frequency="MANUAL", owner_org=site.organization)


def test_a_portal_is_looked_at_before_it_is_harvested(page_as: Callable[..., Page], portal: Replay):
    page = page_as("officer")
    page.goto("/harvest-portals/preview")
    check(page)
    page.select_option("#source-type", "arcgis-hub")
    page.fill("#portal-url", portal.url)
    page.click("main button[type=submit], .portals-form button[type=submit]")
    expect(page.get_by_text(f"Layer {MARK} 4")).to_be_visible()
    expect(page.locator(".portals-note--warn").get_by_text("favourite_colour")).to_be_visible()
    check(page)


def test_a_source_is_approved_by_another_person_and_runs(page_as: Callable[..., Page], source: Any, site: Any):
    page = page_as("editor")
    page.goto(f"/harvest-portals/source/{NAME}")
    check(page)
    page.fill("#approve-note", "Looked at the first records")
    page.click("text=Approve this source")
    expect(page.get_by_text("The source is approved and may run.")).to_be_visible()
    report = site.api("officer").action.cityportals_run(id=source["id"], wait=True)
    assert (report["added"], report["errors"]) == (4, [])
    page.goto(f"/harvest-portals/source/{NAME}")
    expect(page.get_by_text("The answer was complete.")).to_be_visible()
    check(page)


def test_a_conflict_is_shown_with_its_versions_and_decided(
    page_as: Callable[..., Page], source: Any, site: Any, portal: Replay
):
    officer = site.api("officer")
    corrected = {"title": "Trees, corrected", "title_translated": {"en": "Trees, corrected"}}
    officer.action.package_patch(id=f"layer-{MARK}-1", **corrected)
    portal.serve_catalogue(layers(4, title="Layer 1 of 2026"))
    officer.action.cityportals_run(id=source["id"], wait=True)
    page = page_as("officer")
    page.goto(f"/harvest-portals/source/{NAME}/conflicts")
    expect(page.get_by_text("Layer 1 of 2026")).to_be_visible()
    check(page)
    page.click("text=Keep what stands here")
    expect(page.get_by_text("What stands here was kept.")).to_be_visible()
    check(page)


def test_a_withdrawn_dataset_is_purged_by_typing_its_name(
    page_as: Callable[..., Page], source: Any, site: Any, portal: Replay
):
    portal.serve_catalogue(layers(3))
    report = site.api("officer").action.cityportals_run(id=source["id"], wait=True)
    assert report["withdrawn"] == 1
    page = page_as("sysadmin")
    page.goto(f"/harvest-portals/source/{NAME}")
    check(page)
    page.click("a:has-text('Purge')")
    check(page)
    page.fill("#purge-reason", "The city asked for it.")
    page.fill("#purge-name", "layer")
    page.click("button:has-text('Purge')")
    expect(page.locator("#purge-name-problem")).to_be_visible()
    check(page)
    page.fill("#purge-name", f"layer-{MARK}-4")
    page.click("button:has-text('Purge')")
    expect(page.get_by_text("The city asked for it.")).to_be_visible()
    check(page)
