"""The pages of the gate for those who decide, and for those who cannot see colours, use a mouse or run scripts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support import clicking, survey
from support.accessible import check

ABOUT_NOBODY = "point,year,litres_per_minute\n" + "".join(f"W{n},20{n % 20 + 5:02},{n % 30 + 4}\n" for n in range(60))
DESCRIPTION = {
    "notes_translated": {"en": "Where water is, and how much."},
    "data_about": ["facilities"],
    "license_id": "cc-by",
    "contact": [{"name": "Data desk", "email": "data-desk@example.org"}],
}


@dataclass(frozen=True)
class Story:
    """Three datasets in three states, and where their pages are."""

    held: str
    held_file: str
    released: str
    released_review: str
    waiting_review: str


@pytest.fixture(scope="module")
def story(site: Any) -> Story:
    """One dataset whose scan found people, one that is public, one that waits for a steward."""
    officer, steward = site.api("officer"), site.api("steward1")
    held = make(site, "held-points", survey.water_points())
    officer.action.privacy_scan_create(id="held-points")
    released = request(site, "released-points")
    steward.action.privacy_release_approve(id=released["id"], snapshot_sha256=released["snapshot_sha256"])
    waiting = request(site, "waiting-points")
    clicking.wait_for_scans(officer, "held-points")
    return Story("held-points", held, "released-points", released["id"], waiting["id"])


def make(site: Any, name: str, table: str) -> str:
    """Create a dataset with one file through the API; return the file's id."""
    officer = site.api("officer")
    title = {"en": name.replace("-", " ").capitalize()}
    officer.action.package_create(name=name, title_translated=title, owner_org=site.organization, **DESCRIPTION)
    upload = ("points.csv", io.BytesIO(table.encode()))
    file = {"package_id": name, "name": "Points", "format": "CSV"}
    return officer.call_action("resource_create", file, files={"upload": upload})["id"]


def request(site: Any, name: str) -> dict[str, Any]:
    """Bring a dataset about nobody as far as a steward's desk; return its release."""
    make(site, name, ABOUT_NOBODY)
    release = site.api("officer").action.privacy_release_request(id=name)
    steward = site.api("steward1")
    clicking.wait_until(lambda: state(steward, release) == "in_review", f"the review of {name}")
    return release


def state(api: Any, release: dict[str, Any]) -> str:
    return api.action.privacy_release_show(id=release["id"])["state"]


PAGES = {
    "release panel": ("officer", "/dataset/{held}"),
    "scan result": ("officer", "/dataset/{held}/privacy?show=all"),
    "scan result of a file": ("officer", "/dataset/{held}/resource/{held_file}/privacy"),
    "clean up": ("officer", "/dataset/{held}/resource/{held_file}/clean"),
    "queue": ("steward1", "/privacy/queue"),
    "empty queue": ("steward1", "/privacy/queue?state=rejected"),
    "review": ("steward1", "/privacy/release/{waiting_review}"),
    "review of what is public": ("steward1", "/privacy/release/{released_review}"),
    "released dataset": (None, "/dataset/{released}"),
    "register": (None, "/privacy/register"),
    "how data is released": (None, "/privacy/about"),
    "stewards": ("sysadmin", "/organization/{organization}/stewards"),
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everyone(name, site, story: Story, visitor: Page, page_as: Callable[..., Page]):
    """No WCAG 2.2 AA violation that axe knows of, wide and narrow; one heading; nothing asked of a third party."""
    who, path = PAGES[name]
    page, asked = page_as(who) if who else visitor, []
    page.on("request", lambda sent: asked.append(sent.url))
    answer = page.goto(path.format(**vars(story), organization=site.organization))

    assert answer is not None
    assert answer.status == 200
    check(page)
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []


@pytest.mark.timeout(400)
def test_a_release_is_returned_and_approved_without_javascript(site, page_as: Callable[..., Page]):
    """Picking a reason, reading it as the officer, asking again and approving: all by plain forms."""
    release = request(site, "plain-forms")
    steward = page_as("steward2", java_script_enabled=False)

    steward.goto(f"/privacy/release/{release['id']}")
    steward.locator("#decide-return summary").click()
    steward.get_by_label("The table has errors").check()
    steward.locator("#reason-return").fill("Look at the years.")
    steward.get_by_role("button", name="Return for changes").click()
    expect(steward.get_by_text("You returned the release.")).to_be_visible()

    officer = page_as("officer", java_script_enabled=False)
    officer.goto("/dataset/plain-forms")
    expect(officer.locator("#release")).to_contain_text("Look at the years.")
    officer.get_by_role("button", name="Request release").click()

    clicking.open_review(steward, "Plain forms")
    steward.get_by_role("button", name="Approve this release").click()
    expect(steward.get_by_text("The public sees exactly this version.")).to_be_visible()


@pytest.mark.timeout(400)
def test_an_approval_fails_when_the_dataset_changed_since_the_page_was_opened(site, page_as: Callable[..., Page]):
    """The steward reads that it changed, and keeps what they had typed; nothing becomes public."""
    release = request(site, "moving-target")
    steward = page_as("steward1")
    steward.goto(f"/privacy/release/{release['id']}")
    steward.get_by_label("Note (optional)").fill("Looked at every column.")

    site.api("editor").action.package_patch(id="moving-target", notes_translated={"en": "Something else."})
    steward.get_by_role("button", name="Approve this release").click()

    summary = steward.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    expect(summary).to_contain_text("changed since you looked")
    expect(steward.get_by_label("Note (optional)")).to_have_value("Looked at every column.")
    assert not site.api("officer").action.privacy_status_show(id="moving-target")["released"]


def test_a_refusal_needs_a_reason(site, story: Story, page_as: Callable[..., Page]):
    """Without a reason the page comes back with the summary, which leads to the field."""
    steward = page_as("steward1")
    steward.goto(f"/privacy/release/{story.waiting_review}")
    steward.locator("#decide-reject summary").click()
    steward.get_by_role("button", name="Refuse this release").click()

    link = steward.get_by_role("alert").get_by_role("link").first
    expect(link).to_have_attribute("href", "#reason-reject")


def test_the_queue_is_the_stewards_alone(site, story: Story, visitor: Page, page_as: Callable[..., Page]):
    """A visitor is asked to log in; somebody who belongs to nothing finds no release there."""
    visitor.goto("/privacy/queue")
    assert "/user/login" in visitor.url

    reader = page_as("reader")
    reader.goto("/privacy/queue")
    expect(reader.locator("main, [role=main]")).to_contain_text("Nothing waits here.")
    answer = reader.goto(f"/privacy/release/{story.waiting_review}")
    assert answer is not None
    assert answer.status == 404


def test_everything_can_be_reached_with_the_keyboard(site, story: Story, page_as: Callable[..., Page]):
    """Tabbing through the review page meets every control, in the order of the page, each with a visible ring."""
    steward = page_as("steward1")
    steward.goto(f"/privacy/release/{story.waiting_review}")
    wanted = (
        steward.locator(".privacy")
        .locator("a[href], button, summary, textarea")
        .evaluate_all("all => all.filter(e => e.checkVisibility()).length")
    )

    steward.locator(".privacy").evaluate("e => { e.tabIndex = -1; e.focus(); }")
    met = []
    for _ in range(wanted):
        steward.keyboard.press("Tab")
        met.append(steward.evaluate("[document.activeElement.closest('.privacy') !== null, "
                                    "getComputedStyle(document.activeElement).outlineStyle]"))  # fmt: skip

    assert met == [[True, "solid"]] * wanted, json.dumps(met)
