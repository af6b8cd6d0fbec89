"""Maps in a real browser: drawn with a pointer and with the keyboard, read with and without a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.accessible import check

SQUARE = '{"type": "Polygon", "coordinates": [[[73.8,18.5],[73.9,18.5],[73.9,18.6],[73.8,18.6],[73.8,18.5]]]}'


@pytest.fixture(scope="module")
def mapped(site) -> str:
    """The key of a place that a data set is about; its editors see it."""
    officer = site.api("officer")
    officer.action.package_create(
        title_translated={"en": "Mapped"},
        owner_org=site.organization,
        data_about=["facilities"],
        spatial_precision="ward",
        spatial_coverage=[{"text": "Ward 7, Pune", "geom": SQUARE}],
        deprivation_water="61",
        deprivation_tenure="not-measured",
    )
    return "ward-7-pune"


@pytest.fixture
def editor(page_as: Callable[..., Page]) -> Iterator[Page]:
    """Somebody who may describe data, and everything that the browser asks another site for."""
    page = page_as("officer")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    host = page.evaluate("location.host")
    assert [address for address in asked if f"//{host}" not in address and not address.startswith("data:")] == []


def test_an_area_is_drawn_with_the_keyboard_alone_and_with_a_pointer(editor: Page):
    """The library comes when it is asked for; three corners make an area; nothing leaves the site."""
    page = editor
    page.goto("/dataset/new")
    assert not page.evaluate("'L' in window")
    page.get_by_role("button", name="Draw on a map").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cd-aimed")).to_be_focused()
    check(page)
    corner, outline = (
        page.get_by_role("button", name="Corner in the middle"),
        page.locator("#field-spatial_coverage-0-geom"),
    )
    for number, key in enumerate(("+", "ArrowRight", "ArrowDown")):
        page.locator(".cd-aimed").focus()
        page.keyboard.press(key)
        page.wait_for_timeout(600)  # the map moves
        corner.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="corners")).to_contain_text(f"{number + 1} corners")
    assert len(json.loads(outline.input_value())["coordinates"][0]) == 4
    page.get_by_role("button", name="Draw anew").click()
    expect(outline).to_have_value("")
    frame = page.locator(".cd-aimed").bounding_box()
    for x, y in ((60, 60), (160, 60), (160, 160), (60, 60)):
        page.mouse.click(frame["x"] + x, frame["y"] + y)
    assert len(json.loads(outline.input_value())["coordinates"][0]) == 4


def test_a_place_has_a_page_and_a_map_for_everyone(editor: Page, mapped: str):
    """Axe finds nothing on the three pages; the map moves by keys, and its list leads to each area."""
    page = editor
    for address in ("/place/", f"/place/{mapped}", f"/place/{mapped}/map"):
        page.goto(address)
        check(page)
    moved = page.get_by_role("link", name="Search data in this part of the map")
    before = moved.get_attribute("href")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    expect(moved).not_to_have_attribute("href", before)
    page.get_by_role("button", name="Show on the map: Mapped").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#map")).to_be_focused()
    expect(page.locator(".leaflet-tooltip")).to_contain_text("Mapped")
    moved.click()
    expect(page.locator(".cd-asked")).to_contain_text("Only what touches the frame")
    check(page)


def test_without_a_script_the_map_is_a_drawing(browser: Browser, site, mapped: str):
    """The same page, and the same in words."""
    headers = {"Authorization": site.users["officer"]["token"]}
    context = browser.new_context(base_url=site.url, java_script_enabled=False, extra_http_headers=headers)
    page = context.new_page()
    page.goto(f"/place/{mapped}/map")
    expect(page.locator("#map svg")).to_be_visible()
    expect(page.locator("#map figcaption")).to_contain_text("km from west to east")
    context.close()


def test_a_visitor_reads_the_vocabulary_on_a_phone(browser: Browser, site):
    """Its addresses are long words; a visitor's page has none of CKAN's styles to break them."""
    page = browser.new_page(base_url=site.url)
    page.goto("/ns/community-data")
    check(page)
    page.close()
