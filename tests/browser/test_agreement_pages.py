"""Agreements and concerns as people meet them: the officer who writes down, the resident with the link, the steward.

Everything here runs without JavaScript's help: forms are posted, pages come back. Every page is checked at both widths.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support import clicking, every_state
from support.accessible import check
from support.survey import ABOUT_WATER, WATER

DESCRIPTION = {**ABOUT_WATER, "consent_level": "collective"}
#: Field -> what the officer answers, step by step: text to type, a list to tick, a tuple to choose from a menu.
ANSWERS: tuple[dict[str, str | list[str] | tuple[str]], ...] = (
    {
        "level": ["collective"], "spoken_by.name": "Residents' committee", "controller.name": "City lab",
        "controller.contact": "data-desk@example.org", "controller.kind": ("government",), "jurisdiction": "IN-MH",
    },
    {"notice.forms": ["oral", "posted"], "notice.languages": "qu en", "notice.date": "2026-02-20"},
    {
        "purpose": ["public-services"], "personal_data": ["household"], "recipients": ["city", "community"],
        "storage_location": "IN", "retention": ("P3Y",), "open": ["yes"], "open_data": ["anonymised"],
    },
    {
        "method": ["meeting-vote"], "at": "2026-03-01", "valid_for": ("P2Y",),
        "meeting.date": "2026-03-01", "meeting.attendance": "61",
        "meeting.attendance_women": "38", "meeting.decision_rule": "majority", "words": "Count us, do not name us.",
        "withdrawal_contact": "The committee's room",
    },
)  # fmt: skip


def fill(page: Page, answers: dict[str, str | list[str] | tuple[str]]) -> None:
    """Answer the questions of one step."""
    for name, answer in answers.items():
        if isinstance(answer, str):
            page.locator(f"[name='{name}']").fill(answer)
        elif isinstance(answer, tuple):
            page.select_option(f"[name='{name}']", answer[0])
        else:
            for value in answer:
                page.check(f"[name='{name}'][value='{value}']")


def make(site: Any, name: str) -> None:
    """A dataset about water points whose description says that a community agreed."""
    officer = site.api("officer")
    title = {"en": name.replace("-", " ").capitalize()}
    officer.action.package_create(name=name, title_translated=title, owner_org=site.organization, **DESCRIPTION)
    upload = ("points.csv", io.BytesIO(WATER.encode()))
    officer.call_action("resource_create", {"package_id": name, "name": "Points", "format": "CSV"},
                        files={"upload": upload})  # fmt: skip


def release(site: Any, name: str) -> None:
    """Bring a dataset through the gate."""
    asked = site.api("officer").action.privacy_release_request(id=name)
    steward = site.api("steward1")
    show = steward.action.privacy_release_show
    clicking.wait_until(lambda: show(id=asked["id"])["state"] == "in_review", f"the review of {name}")
    steward.action.privacy_release_approve(id=asked["id"], snapshot_sha256=asked["snapshot_sha256"])


@pytest.mark.timeout(400)
def test_an_agreement_is_written_down_and_taken_back_by_who_has_the_receipt(
    site: Any, visitor: Page, page_as: Callable[..., Page]
):
    make(site, "agreed-points")
    officer = page_as("officer")
    officer.goto("/dataset/agreed-points/agreements")
    check(officer)
    officer.get_by_role("link", name="Write an agreement down").click()
    for answers in ANSWERS:
        check(officer)
        officer.locator(".privacy-buttons").get_by_role("button", name="Go on").click()
        expect(officer.get_by_role("alert")).to_contain_text("There is a problem")
        fill(officer, answers)
        officer.locator(".privacy-buttons").get_by_role("button", name="Go on").click()
    expect(officer.get_by_role("heading", level=1)).to_contain_text("Check what you wrote")
    expect(officer.locator("#answer-notice-languages")).to_have_text("Quechua, English")
    expect(officer.locator("#answer-jurisdiction")).to_have_text("India (IN-MH)")
    check(officer)
    paper = {"name": "minutes.pdf", "mimeType": "application/pdf", "buffer": b"61 thumbprints"}
    officer.set_input_files("#upload", paper)
    officer.get_by_role("button", name="Write it down").click()
    expect(officer.get_by_role("heading", level=1)).to_contain_text("Receipt of an agreement")
    check(officer)
    link = officer.locator(".privacy-receipt a").first.get_attribute("href") or ""
    assert officer.locator(".privacy-code svg").count() == 1

    release(site, "agreed-points")
    visitor.goto(link)
    expect(visitor.locator("main, [role=main]")).to_contain_text("is public now")
    check(visitor)
    visitor.get_by_role("button", name="Take the agreement back").click()
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("It is done")
    check(visitor)
    gone = visitor.goto("/dataset/agreed-points")
    assert gone is not None
    assert gone.status == 410
    check(visitor)


@pytest.mark.timeout(400)
def test_a_concern_is_reported_held_and_answered(
    site: Any, browser: Browser, visitor: Page, page_as: Callable[..., Page]
):
    make(site, "worrying-points")
    site.api("officer").action.package_patch(id="worrying-points", consent_level="")
    release(site, "worrying-points")
    visitor.goto("/dataset/worrying-points")
    visitor.get_by_role("link", name="Report a concern").click()
    check(visitor)
    visitor.get_by_label("What worries you?").fill("Everybody knows whose tap W7 is.")
    visitor.get_by_role("button", name="Send the concern").click()
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("Your concern")
    check(visitor)
    receipt = visitor.url

    looking = page_as("steward1")
    looking.goto("/privacy/concerns")
    check(looking)
    looking.get_by_role("rowheader", name="Worrying points").get_by_role("link").click()
    check(looking)
    steward = page_as("steward2", java_script_enabled=False)
    steward.goto("/privacy/concerns")
    steward.get_by_role("rowheader", name="Worrying points").get_by_role("link").click()
    steward.get_by_text("Put it on hold at once").click()
    steward.get_by_role("button", name="Put the dataset on hold").click()
    expect(steward.locator("main, [role=main]").first).to_contain_text("The dataset is on hold.")
    visitor.goto(receipt)
    expect(visitor.locator("main, [role=main]")).to_contain_text("out of sight")
    steward.get_by_label("Your answer").fill("No tap belongs to a single house.")
    steward.get_by_role("button", name="Settle the concern").click()
    visitor.reload()
    expect(visitor.locator("main, [role=main]")).to_contain_text("No tap belongs to a single house.")


@pytest.mark.timeout(400)
def test_what_a_person_asks_to_be_erased_is_gone(site: Any, visitor: Page, page_as: Callable[..., Page]):
    """From a visitor's words to nothing left: the file is gone, the id has a tombstone, the receipt says so."""
    every_state.approve(site, every_state.request(site, "unwanted-points"))
    seen = site.api().action.package_show(id="unwanted-points")
    visitor.goto("/dataset/unwanted-points/concern")
    visitor.get_by_label("What worries you?").fill("W7 is my own well. Please erase it.")
    visitor.get_by_role("button", name="Send the concern").click()
    receipt = visitor.url

    steward = page_as("steward1")
    steward.goto("/privacy/concerns")
    steward.get_by_role("rowheader", name="Unwanted points").get_by_role("link").click()
    steward.get_by_text("Settle it").click()
    steward.get_by_label("The dataset is taken down").check()
    steward.get_by_label("erase what was released for good").check()
    steward.get_by_label("Your answer").fill("It is erased.")
    steward.get_by_role("button", name="Settle the concern").click()
    expect(steward.get_by_text("The concern is settled.")).to_be_visible()

    gone = {"/dataset/unwanted-points": 404, f"/dataset/{seen['id']}": 410, seen["resources"][0]["url"]: 404}
    assert {address: visitor.request.get(address).status for address in gone} == gone
    visitor.goto(receipt)
    expect(visitor.locator("main, [role=main]")).to_contain_text("It is erased.")
    kept = site.api("steward1").action.privacy_concern_list(state="resolved")["results"]
    assert "my own well" not in str(kept)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("who", "path"), [
    (None, "/privacy/withdraw"), (None, "/privacy/withdraw/a-letter-was-lost"), ("steward1", "/privacy/concerns"),
])  # fmt: skip
def test_the_other_pages_can_be_used_by_everyone(who: str | None, path: str, site: Any, visitor: Page, page_as: Any):
    page = page_as(who) if who else visitor
    page.goto(path)
    check(page)
