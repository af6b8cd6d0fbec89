"""What people do on the pages of the gate who decide, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from support import clicking
from support.every_state import request


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


def test_a_refusal_needs_a_reason(site, states, page_as: Callable[..., Page]):
    """Without a reason the page comes back with the summary, which leads to the field."""
    steward = page_as("steward1")
    steward.goto(f"/privacy/release/{states['waiting_review']}")
    steward.locator("#decide-reject summary").click()
    steward.get_by_role("button", name="Refuse this release").click()

    link = steward.get_by_role("alert").get_by_role("link").first
    expect(link).to_have_attribute("href", "#reason-reject")


def test_the_queue_is_the_stewards_alone(site, states, visitor: Page, page_as: Callable[..., Page]):
    """A visitor is asked to log in; somebody who belongs to nothing finds no release there."""
    visitor.goto("/privacy/queue")
    assert "/user/login" in visitor.url

    reader = page_as("reader")
    reader.goto("/privacy/queue")
    expect(reader.locator("main, [role=main]")).to_contain_text("Nothing waits here.")
    answer = reader.goto(f"/privacy/release/{states['waiting_review']}")
    assert answer is not None
    assert answer.status == 404
