"""What people do on the pages of the gate, one function for each thing they do."""

from __future__ import annotations

import re
import time
from typing import Any

from playwright.sync_api import Locator, Page, expect

#: A cold worker loads CKAN and the scanner before it looks at its first file.
SCAN_MILLISECONDS = 120_000
#: Seconds between two looks at what a worker does.
PAUSE = 0.3
ENDED = ("done", "failed")


def create_dataset(page: Page, name: str, title: str, organization: str, file: tuple[str, str]) -> None:
    """Fill in the form of a new dataset, then add one file: its name and its text."""
    page.goto("/dataset/new")
    page.fill("#field-title_translated-en", title)
    page.fill("#field-notes_translated-en", "Public water points, mapped by residents and the water office.")
    address = page.locator("#field-name")
    for summary in address.locator("xpath=ancestor::details[not(@open)]/summary").all():
        summary.click()
    address.fill(name)
    page.check("#field-data_about-facilities")
    page.select_option("#field-license_id", "cc-by")
    page.fill("[name=contact-0-email]", "water@example.org")
    page.locator("form.dataset-form button[name=save], form#dataset-edit button[name=save]").last.click()
    page.wait_for_url("**/resource/new")
    page.set_input_files(
        "#field-resource-upload", {"name": file[0], "mimeType": "text/csv", "buffer": file[1].encode()}
    )
    page.fill("#field-name", title)
    page.click("button[name=save][value=go-metadata]")
    page.wait_for_url(f"**/dataset/{name}")


def scan(page: Page, name: str) -> None:
    """Start a scan from the release panel and wait until the page itself says that it is done."""
    page.goto(f"/dataset/{name}")
    page.get_by_role("button", name="Scan now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("What the scan found")
    expect(page.locator("#scan-progress progress")).to_have_count(0, timeout=SCAN_MILLISECONDS)
    page.goto(f"/dataset/{name}/privacy")


def request_release(page: Page, name: str, note: str) -> None:
    """Ask for the release on the dataset's page."""
    page.goto(f"/dataset/{name}")
    page.get_by_label("Note for the steward").fill(note)
    page.get_by_role("button", name="Request release").click()


def open_review(page: Page, title: str) -> str:
    """Open a dataset's review from the queue, once it is there; return the release's id."""
    link = page.get_by_role("rowheader", name=re.compile(title)).get_by_role("link")
    page.goto("/privacy/queue?state=in_review")
    reload_until(page, link)
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    return page.url.rsplit("/", 1)[1]


def reload_until(page: Page, there: Locator) -> None:
    """Look at a page again until something is there that a worker has to bring about."""

    def found() -> bool:
        return bool(there.count()) or not page.reload()

    wait_until(found, str(there))


def wait_for_scans(api: Any, name: str) -> None:
    """Wait until every file of a dataset was looked at."""
    wait_until(
        lambda: all(scan["status"] in ENDED for scan in api.action.privacy_scan_list(id=name)), f"scans of {name}"
    )


def wait_until(condition: Any, what: str) -> None:
    """Ask again until something holds; fail after the time a cold worker may need."""
    deadline = time.monotonic() + SCAN_MILLISECONDS / 1000
    while not condition():
        assert time.monotonic() < deadline, f"gave up waiting for {what}"
        time.sleep(PAUSE)
