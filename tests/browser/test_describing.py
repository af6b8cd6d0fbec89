"""Describing data in a real browser: the form saves itself, says what is needed, and works without a script."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from playwright.sync_api import Page, expect
from support.accessible import check

#: Milliseconds that a save by itself may take: the first one of a process loads what reads names.
SAVED = 90_000


def xlsform() -> bytes:
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    for row in (["type", "name", "label::English (en)"], ["deviceid", "deviceid"], ["text", "street", "Street"]):
        survey.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_form_saves_itself_and_unfolds_what_becomes_needed(page_as: Callable[..., Page], site):
    """A draft after the first words, the same draft afterwards; sections about people open when it is about people."""
    page = page_as("officer")
    page.goto("/dataset/new")
    status, agreed = page.locator("[data-communitydata-status]"), page.locator("#section-consent > details")
    page.fill("#field-title_translated-en", "Saved by itself")
    page.check("#field-data_about-facilities")
    expect(agreed).not_to_have_attribute("open", "")
    expect(status).to_contain_text("Saved as a draft", timeout=SAVED)
    page.check("#field-data_about-persons")
    expect(agreed).to_have_attribute("open", "")
    expect(status).to_contain_text("Still missing before release", timeout=SAVED)
    page.click("#field-contact button")
    expect(page.locator("#field-contact-1-name")).to_be_focused()
    page.keyboard.type("Second desk")
    page.click("button[name=save]")
    page.wait_for_url("**/dataset/saved-by-itself/resource/new")
    saved = site.api("officer").action.package_show(id="saved-by-itself")
    assert saved["contact"] == [{"name": "Second desk"}]
    page.goto("/dataset/edit/saved-by-itself")
    page.click("#missing summary")
    page.click("#missing a[href='#field-consent_level']")
    expect(page.locator("#field-consent_level")).to_be_in_viewport()
    page.fill("#field-number_of_records", "many")
    page.click("button[name=save]")
    expect(page.locator("#errors")).to_be_focused()
    check(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_form_is_read_with_and_without_a_script(page_as: Callable[..., Page], scripts: bool):
    """The ways to begin, the preview and the form work either way; axe, a script itself, looks where it may run."""
    page = page_as("officer", java_script_enabled=scripts)
    look = check if scripts else lambda _page: None
    page.goto("/describe")
    look(page)
    page.set_input_files("#file-xlsform", {"name": "form.xlsx", "mimeType": "application/zip", "buffer": xlsform()})
    page.click("form[action$='xlsform'] button")
    expect(page.locator("main, [role=main]").first).to_contain_text("Take it out before you share the data")
    look(page)
    page.click("text=Open the form with this")
    expect(page.locator("#field-instrument-xlsform")).to_be_checked()
    look(page)
