"""Takes the pictures of these pages from a running demo: `make demo`, then `.venv/bin/python -m docs.screenshots`.

It leaves the demo as it was; harvest sources that it needs are made and taken away. Another catalogue's log-ins can be
named as the only argument (a file like `.run/demo.json`).
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ckanapi import RemoteCKAN
from docs import harvest_states
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Response, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
WIDTH = 1100
PHONE = 320
COLOURS = 96
MOST_BYTES = 150_000
#: What a browser waits for before it shows a page.
HEAVY = frozenset({"document", "stylesheet", "script"})
HELD, RELEASED, MAPPED = "riverside-households-2026", "riverside-lanes-2026", "nandira-public-taps"


@dataclass(frozen=True)
class Picture:
    """One page, or one element of it, as somebody sees it; at most `height` pixels of it, `unfold` opened before."""

    name: str
    who: str | None
    path: str
    height: int
    element: str = "body"
    width: int = WIDTH
    unfold: str = ""


#: Taken from the pages of the browser tests: a dataset can be purged only days after its record is gone.
TAKEN_BY_HAND = frozenset({"harvest-purge"})
PICTURES = (
    Picture("describe", "officer", "/describe", 1100),
    Picture("form-phone", "officer", "/describe/example/settlement-profile", 1500, width=PHONE),
    Picture("release-panel", "officer", "/dataset/{held}", 900, "#release"),
    Picture("scan", "officer", "/dataset/{held}/privacy", 1150),
    Picture("clean", "officer", "/dataset/{held}/resource/{file}/clean", 1150),
    Picture("queue", "steward1", "/privacy/queue", 700),
    Picture("review", "steward1", "/privacy/release/{review}", 1250),
    Picture("dates", "officer", "/dataset/{held}", 700, ".privacy-more", unfold=".privacy-more summary"),
    Picture("decide", "steward1", "/privacy/release/{waiting}", 700, "#decide-return", unfold="#decide-return summary"),
    Picture(
        "override", "sysadmin", "/privacy/release/{review}", 700, "#decide-override", unfold="#decide-override summary"
    ),
    Picture("several", "steward1", "/privacy/queue/several?release={waiting}", 900),
    Picture("stewards", "sysadmin", "/organization/{organization}/stewards", 700),
    Picture("about", None, "/privacy/about", 1000),
    Picture("place", None, "/place/riverside-colony-nandira", 1100),
    Picture("public", None, "/dataset/{released}", 900),
    Picture("public-phone", None, "/dataset/{released}", 2200, width=PHONE),
    Picture("public-arabic", None, "/ar/dataset/{released}", 900),
    Picture("look", None, "/dataset/{mapped}/look/{rows}", 1100),
    Picture("map-of-rows", None, "/dataset/{mapped}/look/{rows}/map", 700),
    Picture("register", None, "/privacy/register", 850),
    Picture("agreement-step", "officer", "/dataset/{held}/agreements/new", 850),
    Picture("agreement", "officer", "/privacy/consent/{agreement}", 1150),
    Picture("agreements", "officer", "/dataset/{released}/agreements", 600),
    Picture("evidence", "officer", "/privacy/consent/{agreement}", 500, "form[action$='/evidence']"),
    Picture("withdraw", None, "/privacy/withdraw", 700),
    Picture("concern-form", None, "/dataset/{released}/concern", 950),
    Picture("concerns", "steward1", "/privacy/concerns", 700),
    Picture("error", None, "/dataset/nowhere", 600),
    Picture("harvest-report", "officer", "/harvest-portals/source/{source}", 1100),
    Picture("harvest-preview", "officer", "/harvest-portals/preview?source_type=socrata&url={address}", 1180),
    Picture("harvest-approval", "editor", "/harvest-portals/source/{unapproved}", 900),
    Picture("harvest-conflicts", "officer", "/harvest-portals/source/{conflicting}/conflicts", 1066),
    Picture("concern", "steward1", "/privacy/concern/{concern}", 900),
)


def main() -> None:
    """Take all pictures, or say which one is too big."""
    demo = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".run" / "demo.json").read_text())
    names = find_names(demo)
    IMAGES.mkdir(exist_ok=True)
    with harvest_states.sources(demo) as sources, sync_playwright() as playwright:
        options = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        for picture in PICTURES:
            image, weight = take(browser, demo, picture, picture.path.format(**names, **sources))
            size = save(image, IMAGES / f"{picture.name}.png")
            print(f"{picture.name}: {size // 1000} kB; its page {weight // 1000} kB")  # noqa: T201 - a script's answer
        browser.close()


def find_names(demo: dict[str, Any]) -> dict[str, str]:
    """Return what the addresses of the pictures need to know."""
    officer = RemoteCKAN(demo["url"], apikey=demo["users"]["officer"]["token"])
    file = officer.action.package_show(id=HELD)["resources"][0]["id"]
    review = officer.action.privacy_status_show(id=HELD)["release_id"]
    agreement = officer.action.privacy_consent_list(dataset_id=RELEASED)[0]["id"]
    steward = RemoteCKAN(demo["url"], apikey=demo["users"]["steward1"]["token"])
    concern = steward.action.privacy_concern_list(dataset=RELEASED)["results"][0]["id"]
    rows = officer.action.package_show(id=MAPPED)["resources"][0]["id"]
    found = {"mapped": MAPPED, "rows": rows, "file": file, "review": review, "agreement": agreement, "concern": concern}
    waiting = steward.action.privacy_release_list(state="in_review")["results"][0]["id"]
    source = officer.action.package_search(fq="dataset_type:harvest", include_private=True)["results"][0]["name"]
    found |= {"waiting": waiting, "source": source, "organization": demo["organization"]}
    return {"held": HELD, "released": RELEASED, **found}


def take(browser: Browser, demo: dict[str, Any], picture: Picture, path: str) -> tuple[bytes, int]:
    """Return one picture as PNG, and how many bytes its page weighs: HTML, styles and scripts, compressed."""
    context = browser.new_context(base_url=demo["url"], viewport={"width": picture.width, "height": 900})
    context.set_default_timeout(120_000)
    if picture.who:
        log_in(context, demo["users"][picture.who])
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - it cannot mark a list's own method
    page.goto(path)
    weight = sum(len(gzip.compress(each.body())) for each in answers if _weighs(each))
    if picture.unfold:
        page.click(picture.unfold)
        page.evaluate("scrollTo(0, 0)")
    box = page.locator(picture.element).bounding_box() or {
        "x": 0,
        "y": 0,
        "width": picture.width,
        "height": picture.height,
    }
    clip = {**box, "height": min(box["height"], picture.height)}
    image = page.screenshot(full_page=True, clip=clip)
    context.close()
    return image, weight


def _weighs(answer: Response) -> bool:
    return answer.request.resource_type in HEAVY and not 300 <= answer.status < 400


def log_in(context: BrowserContext, user: dict[str, str]) -> None:
    """Log in through the form."""
    page = context.new_page()
    page.goto("/user/login")
    page.fill("#field-login", user["name"])
    page.fill("#field-password", user["password"])
    page.click("form button[type=submit].btn-primary")
    page.wait_for_url(lambda address: "/user/login" not in address)
    page.close()


def save(image: bytes, path: Path) -> int:
    """Write a picture with few colours; return its size in bytes."""
    few = Image.open(io.BytesIO(image)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size} bytes, more than {MOST_BYTES}: take a smaller part of the page.")
    return size


if __name__ == "__main__":
    main()
