"""Walks through the form as a data collector would and says how long it takes: `make demo`, then
`.venv/bin/python -m docs.describing`.

The walk is real: it begins with an example, fills in the answers of `describing.yaml` in a browser, saves, checks that
nothing more is needed for a release, and removes what it made. The seconds are the Keystroke-Level Model's (Card, Moran
and Newell 1983): so many for a key, a click and a glance. Time to think of what to say is not in it.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ckanapi import RemoteCKAN
from playwright.sync_api import Page, sync_playwright

from ckanext.communitydata import requirements

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = Path(__file__).with_name("describing.yaml")
#: Seconds to point at something and press, and to turn one's mind to a question (Card, Moran and Newell 1983).
CLICK, GLANCE = 1.3, 1.35
#: Words read in a minute by somebody who reads slowly, or in a second language; 238 is the mean of English readers
#: (Brysbaert 2019).
READING = 150
#: Seconds for a key: typing 40 words a minute, a phone's thumbs (36 words, Palin and others 2019), hunting for keys.
KEYS = {"40 words a minute": 0.28, "phone, 36 words a minute": 0.33, "hunting for keys, 15 words a minute": 0.80}
#: Words of a label where a form was not opened.
LABEL = 3


@dataclass
class Walk:
    """What was done so far: questions answered, keys pressed, clicks made, words read."""

    questions: int = 0
    keys: int = 0
    clicks: int = 0
    words: int = 0

    def minutes(self, key: float) -> float:
        """The model's time for somebody who needs so many seconds for a key."""
        seconds = self.questions * GLANCE + self.clicks * CLICK + self.keys * key
        return (seconds + self.words / READING * 60) / 60

    def row(self, name: str) -> str:
        """One line of the table."""
        times = " | ".join(f"{self.minutes(key):.1f}" for key in KEYS.values())
        return f"| {name} | {self.questions} | {self.clicks} | {self.keys} | {self.words} | {times} |"


def answer(page: Page, walk: Walk, question: str, said: Any) -> None:
    """Answer one question, after whatever it is folded into was opened."""
    place = page.locator(f"#field-{question}")
    for folded in place.locator("xpath=ancestor::details[not(@open)]/summary").all():
        folded.click()
        walk.clicks += 1
    walk.questions += 1
    walk.words += page.evaluate(READ, f"field-{question}")
    if said == "tick":
        place.check()
        walk.clicks += 1
    elif isinstance(said, dict):
        place.select_option(said["choose"])
        walk.clicks += 2
    else:
        place.fill(said)
        walk.clicks += 1
        walk.keys += len(said)


#: Counts the words of the question that an input stands in, once: its label, its help, and the entries to choose from.
READ = """id => {
  const input = document.getElementById(id);
  const frame = input.closest('.cd-field');
  if (!frame || frame.dataset.read) { return 0; }
  frame.dataset.read = 'yes';
  return frame.innerText.trim().split(/\\s+/).filter(Boolean).length;
}"""


def begin(page: Page, demo: dict[str, Any]) -> None:
    """Log in; this is not counted."""
    page.goto("/user/login")
    page.fill("#field-login", demo["users"]["officer"]["name"])
    page.fill("#field-password", demo["users"]["officer"]["password"])
    page.click("form button[type=submit].btn-primary")
    page.wait_for_url(lambda address: "/user/login" not in address)


def describe(page: Page, answers: list[Any]) -> tuple[Walk, str]:
    """From the page where a description begins to the saved draft; its id."""
    walk = Walk(clicks=3)  # "Describe data", the example, "Save"
    page.goto("/describe")
    page.click("a[href$='/example/settlement-profile']")
    for question, said in answers:
        answer(page, walk, question, said)
    page.click("button[name=save]")
    page.wait_for_url("**/resource/new")
    return walk, page.url.split("/")[-3]


def elsewhere(answers: list[str]) -> Walk:
    """The same said on a form that is not here: each answer typed or picked, each label read."""
    typed = [said for said in answers if said != "pick"]
    return Walk(
        len(answers), sum(map(len, typed)), len(typed) + 2 * (len(answers) - len(typed)) + 2, LABEL * len(answers)
    )


def main() -> None:
    """Print the table."""
    demo, said = json.loads((ROOT / ".run/demo.json").read_text()), yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))
    sysadmin = RemoteCKAN(demo["url"], apikey=demo["users"]["sysadmin"]["token"])
    lines = [f"| description | questions | clicks | keys | words read | {' | '.join(KEYS)} |", "|---" * 8 + "|"]
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        page = browser.new_page(base_url=demo["url"])
        begin(page, demo)
        kinds = {
            "least that may be released": said["needed"],
            "all that the open form asks": said["needed"] + said["more"],
        }
        for name, answers in kinds.items():
            walk, made = describe(page, answers)
            record = sysadmin.action.package_show(id=made)
            sysadmin.action.dataset_purge(id=record["id"])
            missing = [lack.field for lack in requirements.missing_for_release(record)]
            lines.append(walk.row(f"ours, example “Settlement profile”, {name} (missing afterwards: {len(missing)})"))
        browser.close()
    lines += [elsewhere(answers).row(name) for name, answers in said["others"].items()]
    print("\n".join(lines))  # noqa: T201 - a script's answer


if __name__ == "__main__":
    main()
