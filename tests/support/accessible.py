"""What every page must keep to: wide and narrow, by keys alone, without a script."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (1280, 320)
#: Everything on a page that can be used, one stop of a group of radio buttons; kept in the page for the walk.
STOPS = """() => {
  const usable = 'a[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex="0"]';
  const group = e => e.type === 'radio' ? e.form?.action + e.name : e;
  const seen = new Set();
  const met = e => seen.has(group(e)) || !seen.add(group(e));
  const main = document.querySelector('main, [role=main]');
  const within = [...main.querySelectorAll(usable)].filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled);
  const found = within.filter(e => !met(e));
  window.stops = found.map(group);
  window.stopOf = e => window.stops.indexOf(group(e));
  main.tabIndex = -1;
  main.focus();
  return window.stops.length;
}"""
#: Where the keyboard is: number of the stop (-1: outside), what it is, and whether a ring shows it.
WHERE = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return [window.stopOf(e), e.outerHTML.slice(0, 120), style.outlineStyle !== 'none' || style.boxShadow !== 'none'];
}"""
#: What a page says and offers: headings, links, buttons, fields.
OFFERS = """() => [...document.querySelector('main, [role=main]')
  .querySelectorAll('h1, h2, h3, a[href], button, summary, input:not([type=hidden]), select, textarea')]
  .filter(e => e.checkVisibility())
  .map(e => `${e.tagName} ${(e.labels?.[0]?.innerText || e.innerText || e.ariaLabel || e.name || '').trim()}`)"""


def violations(page: Page) -> list[str]:
    """Return what axe finds, one line each with the first place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    # Only what is wrong is told in full: telling of each place that is right takes as long as looking.
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(options)", options)
    assert found["passes"], "axe looked at nothing"
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]


def check(page: Page) -> None:
    """Assert that a page, as it is now, can be used by everyone at both widths, and has one heading."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = violations(page)
        assert not found, f"{page.url} at {width} px: {found}"
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def walk(page: Page) -> None:
    """Assert that the Tab key meets everything that can be used, shows where it is, and is held nowhere."""
    wanted, met = page.evaluate(STOPS), set[int]()
    for _ in range(wanted * 4 + 4):  # a date has a stop for day, month, year and calendar
        page.keyboard.press("Tab")
        stop, place, ring = page.evaluate(WHERE)
        if stop < 0:
            break
        assert ring, f"{page.url}: nothing shows that the keyboard is at {place}"
        met.add(stop)
    assert met == set(range(wanted)), f"{page.url}: the Tab key meets {len(met)} of {wanted}"


def offers(page: Page) -> set[str]:
    """Return the headings, links, buttons and fields of a page's main part."""
    return set(page.evaluate(OFFERS))
