"""A dataset on its way from an officer's desk to the public, clicked through in a browser."""

from __future__ import annotations

import csv
import io
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from support import clicking, survey

NAME, TITLE = "water-points-walk", "Water points of the walk"


def fetch(address: str) -> tuple[int, bytes]:
    """Fetch an address as an anonymous visitor without a browser: status and body."""
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


@pytest.fixture(scope="module")
def table() -> str:
    return survey.water_points()


@pytest.mark.timeout(400)
def test_a_table_with_people_is_held_cleaned_reviewed_and_released(site, page_as: Callable[..., Page], table):
    """The whole promise: nothing before the release, exactly the cleaned bytes after it."""
    officer, steward = page_as("officer"), page_as("steward1")

    clicking.create_dataset(officer, NAME, TITLE, site.organization, ("water_points.csv", table))
    expect(officer.locator("#release")).to_contain_text("The public sees nothing of this dataset.")
    assert fetch(f"{site.url}/dataset/{NAME}")[0] == 404

    clicking.scan(officer, NAME)
    see_findings(officer)
    clicking.request_release(officer, NAME, "As it came in.")
    see_it_held(officer)
    download = site.api("officer").action.package_show(id=NAME)["resources"][0]["url"]
    assert fetch(download)[0] in (403, 404)

    clean(officer)
    clicking.wait_for_scans(site.api("officer"), NAME)
    clicking.request_release(officer, NAME, "Names and addresses are gone.")
    cannot_approve_own_request(officer, steward)
    approve(steward)

    status, body = fetch(download)
    assert status == 200
    assert list(csv.reader(io.StringIO(body.decode()))) == survey.cleaned(table)
    assert b"example.org" not in body
    assert fetch(f"{site.url}/dataset/{NAME}")[0] == 200


def see_findings(officer: Page) -> None:
    """Both columns are named, in words, with masked examples only."""
    for column, kind in (("caretaker_name", "names of people"), ("caretaker_email", "e-mail addresses")):
        row = officer.get_by_role("row").filter(has=officer.get_by_role("rowheader", name=column))
        expect(row).to_contain_text(kind)
        expect(row).to_contain_text("*")
    expect(officer.locator("body")).not_to_contain_text("@mail.example.org")


def see_it_held(officer: Page) -> None:
    """The panel says that it is held, and what to do next."""

    def held() -> bool:
        officer.goto(f"/dataset/{NAME}")
        return "Held: something must be changed" in officer.locator("#release").inner_text()

    clicking.wait_until(held, "the policy's judgement")
    expect(officer.locator("#release")).to_contain_text("Resolve what was found, then request the release.")


def clean(officer: Page) -> None:
    """Take the suggestion; the preview shows what goes."""
    officer.goto(f"/dataset/{NAME}/privacy")
    officer.get_by_role("link", name="Clean up this file").click()
    expect(
        officer.get_by_role("region", name="Before").get_by_role("columnheader", name="caretaker_name")
    ).to_be_visible()
    expect(officer.get_by_role("region", name="After").get_by_role("columnheader", name="caretaker")).to_have_count(0)
    officer.get_by_role("button", name="Make this the new version").click()
    expect(officer.get_by_text("The cleaned file is the newest version now")).to_be_visible()


def cannot_approve_own_request(officer: Page, steward: Page) -> None:
    """The officer finds the review page, and no button to approve on it."""
    release = clicking.open_review(steward, TITLE)
    officer.goto(f"/privacy/release/{release}")
    expect(officer.get_by_role("button", name="Approve this release")).to_have_count(0)


def approve(steward: Page) -> None:
    """Approve on the review page; one steward is enough for a table about nobody."""
    steward.get_by_role("button", name="Approve this release").click()
    expect(steward.get_by_text("Your approval is recorded.")).to_be_visible()
    expect(steward.get_by_text("The public sees exactly this version.")).to_be_visible()
