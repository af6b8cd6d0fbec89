"""What people do on the pages of the gate who decide, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ckanapi import NotFound
from playwright.sync_api import Page, expect
from support import clicking, every_state
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


@pytest.mark.timeout(400)
def test_some_files_go_out_and_one_stays(site, page_as: Callable[..., Page]):
    """A steward sees the scan go on and lets the harmless file go; the public learns nothing of the other one."""
    steward = page_as("steward1")
    with site.standing_still():
        asked = every_state.ask_for_parts(site, "split-points")
        steward.goto(f"/privacy/release/{asked['id']}")
        expect(steward.locator("#scan-progress progress")).to_have_count(2)
    expect(steward.get_by_text("The scan is done.")).to_be_visible(timeout=clicking.SCAN_MILLISECONDS)
    steward.get_by_role("link", name="Show what was found").click()
    part = steward.get_by_text("Release only some of the files")
    clicking.reload_until(steward, part)
    part.click()
    first, second = steward.locator("#part input[type=checkbox]").all()
    expect(first).to_be_checked()
    expect(second).not_to_be_checked()
    steward.get_by_role("button", name="Go on with these files").click()
    expect(steward.get_by_text("1 file of the dataset is not part of this release and stays held.")).to_be_visible()
    clicking.reload_until(steward, steward.get_by_role("button", name="Approve this release"))
    steward.get_by_role("button", name="Approve this release").click()
    expect(steward.get_by_text("The public sees exactly this version.")).to_be_visible()

    kept, held = site.api("officer").action.package_show(id="split-points")["resources"]
    seen = site.api().action.package_show(id="split-points")["resources"]
    assert [each["id"] for each in seen] == [kept["id"]]
    with pytest.raises(NotFound):
        site.api().action.resource_show(id=held["id"])
    officer = page_as("officer")
    officer.goto("/dataset/split-points")
    expect(officer.locator("#release")).to_contain_text("Released, with pending changes")


@pytest.mark.timeout(400)
def test_of_several_approvals_each_has_its_own_result(site, page_as: Callable[..., Page]):
    """Two are looked at together; the one that changes meanwhile is named with why, the other one is released."""
    for name in ("pair-one", "pair-two"):
        request(site, name, table=None)
    steward = page_as("steward1", java_script_enabled=False)
    steward.goto("/privacy/queue?state=in_review")
    for title in ("Pair one", "Pair two"):
        steward.get_by_role("checkbox", name=f"Choose {title}").check()
    steward.get_by_role("button", name="Look at the ticked ones together").click()
    site.api("editor").action.package_patch(id="pair-two", notes_translated={"en": "Something else."})
    steward.get_by_role("button", name="Approve the ticked ones").click()

    results = steward.locator("main, [role=main]").first
    expect(results).to_contain_text("1 release is approved.")
    expect(results.get_by_role("listitem").filter(has_text="Pair one")).to_contain_text("Released")
    expect(results.get_by_role("listitem").filter(has_text="Pair two")).to_contain_text("changed since you looked")
    released = site.api("officer").action.privacy_status_show
    assert [released(id=name)["released"] for name in ("pair-one", "pair-two")] == [True, False]


@pytest.mark.timeout(400)
def test_an_appeal_leads_from_the_officers_page_to_another_decision(site, page_as: Callable[..., Page]):
    """The officer reads the refusal, says why it should be looked at again; another steward releases it."""
    refused = request(site, "appealed-points", table=None)
    site.api("steward1").action.privacy_release_reject(id=refused["id"], reason="Nobody needs this.")
    officer = page_as("officer")
    officer.goto("/dataset/appealed-points")
    expect(officer.locator("#release")).to_contain_text("Nobody needs this.")
    officer.get_by_role("link", name="Open the review page").click()
    officer.get_by_text("Appeal against the refusal").click()
    officer.locator("#reason-appeal").fill("The ward asked for it at its meeting.")
    officer.get_by_role("button", name="Appeal").click()
    expect(officer.get_by_text("Your appeal is recorded.")).to_be_visible()

    steward = page_as("steward2")
    clicking.open_review(steward, "Appealed points")
    expect(steward.locator(".privacy-history")).to_contain_text("The ward asked for it at its meeting.")
    steward.get_by_role("button", name="Approve this release").click()
    expect(steward.get_by_text("The public sees exactly this version.")).to_be_visible()


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
