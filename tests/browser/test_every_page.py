"""Every page of the gate, in every state that looks different: wide and narrow, by keys alone, without a script."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from support import accessible, clicking, every_state
from werkzeug.routing import Map, Rule

from ckanext.privacy.views import ROUTES


@dataclass(frozen=True)
class Seen:
    """A page as somebody sees it: its endpoint (CKAN's own have a dot), its address, the answer's status."""

    endpoint: str
    who: str | None
    path: str
    status: int = 200


PAGES = {
    "panel of what is held": Seen("dataset.read", "officer", "/dataset/{held}"),
    "panel of a pending change": Seen("dataset.read", "officer", "/dataset/{changed}"),
    "panel of what waits for its day": Seen("dataset.read", "officer", "/dataset/{later}"),
    "panel of what has an end": Seen("dataset.read", "officer", "/dataset/{timed}"),
    "panel of what was returned": Seen("dataset.read", "officer", "/dataset/{returned}"),
    "panel of what is on hold": Seen("dataset.read", "officer", "/dataset/{halted}"),
    "panel of what was erased": Seen("dataset.read", "officer", "/dataset/{erased}"),
    "released dataset": Seen("dataset.read", None, "/dataset/{released}"),
    "tombstone": Seen("dataset.read", None, "/dataset/{halted}", 410),
    "file of a dataset": Seen("dataset_resource.read", "officer", "/dataset/{held}/resource/{held_file}"),
    "scan result": Seen("scan_result", "officer", "/dataset/{held}/privacy?show=all"),
    "scan result of a file": Seen("resource_scan", "officer", "/dataset/{held}/resource/{held_file}/privacy"),
    "clean up": Seen("clean", "officer", "/dataset/{held}/resource/{held_file}/clean"),
    "agreements": Seen("consents", "officer", "/dataset/{held}/agreements"),
    "no agreements": Seen("consents", "officer", "/dataset/{released}/agreements"),
    "first step of an agreement": Seen("consent_new", "officer", "/dataset/{held}/agreements/new"),
    "agreement, and a form for evidence": Seen("consent", "officer", "/privacy/consent/{agreement}"),
    "queue": Seen("queue", "steward1", "/privacy/queue"),
    "empty queue": Seen("queue", "steward1", "/privacy/queue?state=expired"),
    "what was released": Seen("queue", "steward1", "/privacy/queue?state=released"),
    "several at once": Seen(
        "several", "steward1", "/privacy/queue/several?release={waiting_review}&release={parts_review}"
    ),
    "nothing chosen": Seen("several", "steward1", "/privacy/queue/several"),
    "review": Seen("review", "steward1", "/privacy/release/{waiting_review}"),
    "review of what is public": Seen("review", "steward1", "/privacy/release/{timed_review}"),
    "review of what waits for its day": Seen("review", "steward1", "/privacy/release/{later_review}"),
    "review of some of the files": Seen("review", "steward1", "/privacy/release/{parts_review}"),
    "emergency exit": Seen("review", "sysadmin", "/privacy/release/{parts_review}"),
    "appeal": Seen("review", "officer", "/privacy/release/{refused_review}"),
    "review of what is on hold": Seen("review", "steward2", "/privacy/release/{halted_review}"),
    "review of what was erased": Seen("review", "steward1", "/privacy/release/{erased_review}"),
    "concerns": Seen("concerns", "steward1", "/privacy/concerns"),
    "settled concerns": Seen("concerns", "steward1", "/privacy/concerns?state=resolved"),
    "concern": Seen("concern", "steward1", "/privacy/concern/{concern}"),
    "settled concern": Seen("concern", "steward1", "/privacy/concern/{settled}"),
    "form for a concern": Seen("concern_form", None, "/dataset/{released}/concern"),
    "receipt of a concern": Seen("concern_receipt", None, "/privacy/concern/receipt/{receipt}"),
    "receipt with an answer": Seen("concern_receipt", None, "/privacy/concern/receipt/{settled_receipt}"),
    "receipt with a letter lost": Seen("concern_receipt", None, "/privacy/concern/receipt/nowhere", 404),
    "taking an agreement back": Seen("withdraw_start", None, "/privacy/withdraw"),
    "taking an agreement back by its link": Seen("withdraw", None, "/privacy/withdraw/{token}"),
    "link with a letter lost": Seen("withdraw", None, "/privacy/withdraw/nowhere", 404),
    "nothing there": Seen("dataset.read", None, "/dataset/nowhere", 404),
    "not yours": Seen("consents", "reader", "/dataset/{held}/agreements", 404),
    "register": Seen("register", None, "/privacy/register"),
    "how data is released": Seen("about", None, "/privacy/about"),
    "stewards": Seen("stewards", "sysadmin", "/organization/{organization}/stewards"),
    "datasets of an organisation": Seen(
        "organization.bulk_process", "sysadmin", "/organization/bulk_process/{organization}"
    ),
}
#: What answers GET and is no page, and why. What only answers POST shows one of the pages again, or leads to one.
NO_PAGES = {
    "scan_progress": "a part of the page of the scan result",
    "consent_document": "JSON-LD",
    "consent_evidence": "a file",
    "register_feed": "a feed",
}


def test_no_page_is_forgotten():
    """Each address of the gate that answers GET is looked at below, or is no page."""
    asked = {endpoint for _, endpoint, _, methods in ROUTES if "GET" in methods}
    looked_at = {seen.endpoint for seen in PAGES.values() if "." not in seen.endpoint}
    assert looked_at | NO_PAGES.keys() == asked
    assert not looked_at & NO_PAGES.keys()


@pytest.fixture(scope="module")
def looking_as(browser: Browser, site, log_in: Callable[[str], object]) -> Iterator[Callable[[str | None], Page]]:
    """`looking_as("officer")` gives one wide page of that person, None a visitor's, to all tests that only look.

    To open a page for each, and to load styles and scripts anew, takes as long as to look.
    """
    with contextlib.ExitStack() as open_contexts:

        @functools.cache
        def page_of(who: str | None) -> Page:
            context = browser.new_context(base_url=site.url, storage_state=log_in(who) if who else None)
            open_contexts.callback(context.close)
            return context.new_page()

        def look(who: str | None) -> Page:
            page = page_of(who)
            page.set_viewport_size({"width": accessible.WIDTHS[0], "height": 900})
            return page

        yield look


@contextlib.contextmanager
def requests_of(page: Page) -> Iterator[list[str]]:
    """The addresses that a page asks for inside of the block."""
    asked: list[str] = []

    def note(sent: Request) -> None:
        asked.append(sent.url)

    page.on("request", note)
    try:
        yield asked
    finally:
        page.remove_listener("request", note)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everyone(name, site, states, looking_as: Callable[[str | None], Page]):
    """No WCAG 2.2 AA violation that axe knows of, nothing beyond the keyboard, nothing asked of a third party."""
    seen = PAGES[name]
    page, path = looking_as(seen.who), seen.path.format(**states)
    with requests_of(page) as asked:
        answer = page.goto(path)

    assert answer is not None
    assert answer.status == seen.status
    assert endpoint_of(path) == (seen.endpoint if "." not in seen.endpoint else None)
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    accessible.walk(page)
    accessible.check(page)


#: CKAN's script folds rows of a table away, and adds what unfolds them; without a script all of them are there.
UNFOLDS = {"A Show more"}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("who", sorted({seen.who for seen in PAGES.values() if seen.who}))
def test_pages_offer_the_same_without_a_script(who, states, page_as: Callable[..., Page], looking_as):
    """Whatever can be read, pressed and filled in is there for who runs no scripts."""
    plain, scripted = page_as(who, java_script_enabled=False), looking_as(who)
    for seen in PAGES.values():
        if seen.who == who:
            for page in (plain, scripted):
                page.goto(seen.path.format(**states))
            folded = plain.locator("tr.toggle-more").all()
            assert all(row.is_visible() for row in folded), seen.path
            more = accessible.offers(scripted) - accessible.offers(plain)
            assert more - (UNFOLDS if folded else set()) == set(), seen.path


def test_a_panel_names_what_comes_next_and_fields_as_people_call_them(states, page_as: Callable[..., Page]):
    """What a steward returned is the editor's to change; a description is said once, and not by its code."""
    page = page_as("officer")
    page.goto(f"/dataset/{states['returned']}")
    expect(page.locator("#release")).to_contain_text("Read the reason, change the dataset, then ask again.")
    page.goto(f"/dataset/{states['changed']}")
    expect(page.locator("#release")).to_contain_text("“Description” was changed.")
    expect(page.locator("#release")).not_to_contain_text("notes")


@pytest.mark.timeout(400)
def test_what_takes_time_shows_how_far_it_is(site, states, page_as: Callable[..., Page]):
    """A scan under way, the look at what was public before the gate, and what the calendar reminds a steward of."""
    every_state.make(site, "adopted-points")
    site.sql("UPDATE package SET private = FALSE WHERE name = 'adopted-points'")  # as before there was a gate
    with site.standing_still():
        site.command("privacy", "adopt")
        site.command("privacy", "expire")
        officer, steward = page_as("officer"), page_as("steward1")
        steward.goto("/privacy/queue")
        expect(steward.get_by_role("region", name="Looking at what is public already")).to_contain_text(
            "0 of 1 dataset"
        )
        expect(steward.get_by_role("region", name="You were reminded of")).to_contain_text("Timed points")
        officer.goto("/dataset/adopted-points")
        expect(officer.locator("#release progress")).to_be_visible()
        officer.goto("/dataset/adopted-points/privacy")
        expect(officer.locator("#scan-progress progress")).to_be_visible()
        for page in (officer, steward):
            accessible.walk(page)
            accessible.check(page)
    expect(officer.locator("#scan-progress")).to_contain_text("The scan is done.", timeout=clicking.SCAN_MILLISECONDS)


def endpoint_of(path: str) -> str | None:
    """The endpoint of the gate that an address leads to; None for CKAN's own pages."""
    rules = Map([Rule(address, endpoint=endpoint, methods=methods) for address, endpoint, _, methods in ROUTES])
    address = path.partition("?")[0]
    return rules.bind("").match(address)[0] if rules.bind("").test(address) else None
