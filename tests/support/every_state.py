"""One dataset in each state that has pages of its own, made through the API of a running catalogue."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

from support import clicking, survey
from support.agreeing import RECORD
from support.survey import ABOUT_WATER, WATER

TODAY = dt.datetime.now(dt.timezone.utc).date()
#: State -> what the request for it wishes; all of them reach a steward's desk. A scan takes a worker seconds, so that
#: there are files only where a page is about them.
WITH_A_FILE = frozenset({"released", "waiting"})
WISHES: dict[str, dict[str, str]] = {
    "released": {},
    "changed": {},
    "waiting": {},
    "later": {"public_on": str(TODAY + dt.timedelta(days=30))},
    "timed": {
        "review_by": str(TODAY + dt.timedelta(days=3)),
        "expires": str(TODAY + dt.timedelta(days=90)),
    },
    "returned": {},
    "refused": {},
    "halted": {},
    "erased": {},
}
RESIDENTS_NO = "Residents asked for it."


def make(site: Any, name: str, table: str | None = WATER) -> str:
    """Create a dataset with one file, or none; return the file's id."""
    title = {"en": name.replace("-", " ").capitalize()}
    described = {"name": name, "title_translated": title, "owner_org": site.organization, **ABOUT_WATER}
    site.api("officer").action.package_create(**described)
    return add_file(site, name, table) if table else ""


def add_file(site: Any, name: str, table: str) -> str:
    """Add a file to a dataset; return its id."""
    upload = ("points.csv", io.BytesIO(table.encode()))
    file = {"package_id": name, "name": "Points", "format": "CSV"}
    return site.api("officer").call_action("resource_create", file, files={"upload": upload})["id"]


def request(site: Any, name: str, table: str | None = WATER, **wishes: Any) -> dict[str, Any]:
    """Bring a dataset about nobody as far as a steward's desk; return its release."""
    make(site, name, table)
    asked = site.api("officer").action.privacy_release_request(id=name, **wishes)
    return reach(site, asked, "in_review")


def reach(site: Any, asked: dict[str, Any], state: str) -> dict[str, Any]:
    """Wait until the workers brought a release so far; return it as it is then."""

    def show() -> dict[str, Any]:
        return site.api("steward1").action.privacy_release_show(id=asked["id"])

    clicking.wait_until(lambda: show()["state"] == state, f"{state}: {asked['id']}")
    return show()


def approve(site: Any, release: dict[str, Any]) -> None:
    """Approve a release as it was asked for."""
    site.api("steward1").action.privacy_release_approve(id=release["id"], snapshot_sha256=release["snapshot_sha256"])


def tell(site: Any) -> dict[str, str]:
    """Make them all; return what the addresses of their pages need: names, releases, files, agreements, receipts."""
    facts = {"organization": site.organization, "held": "held-points", "held_file": make_held(site)}
    officer = site.api("officer")
    asked = {}
    for state, wishes in WISHES.items():
        facts[state] = f"{state}-points"
        make(site, facts[state], WATER if state in WITH_A_FILE else None)
        asked[state] = officer.action.privacy_release_request(id=facts[state], **wishes)
    parts = ask_for_parts(site, "parts-points")
    releases = {state: reach(site, each, "in_review") for state, each in asked.items()}
    releases["parts"] = reach(site, parts, "blocked")
    decide(site, releases)
    facts |= {f"{state}_review": each["id"] for state, each in releases.items()}
    return {**facts, **agree(site), **worry(site, facts)}


def make_held(site: Any) -> str:
    """A dataset whose scan finds people; return its file."""
    file = make(site, "held-points", survey.water_points())
    site.api("officer").action.privacy_scan_create(id="held-points")
    return file


def ask_for_parts(site: Any, name: str) -> dict[str, Any]:
    """Ask for the release of two files, of which the second cannot go."""
    make(site, name)
    add_file(site, name, survey.water_points())
    return site.api("officer").action.privacy_release_request(id=name)


def decide(site: Any, releases: dict[str, dict[str, Any]]) -> None:
    """Bring each release to where its name says."""
    steward = site.api("steward1").action
    for state in ("released", "changed", "later", "timed", "halted", "erased"):
        approve(site, releases[state])
    steward.privacy_release_return(id=releases["returned"]["id"], reason="Look at the years, please.")
    steward.privacy_release_reject(id=releases["refused"]["id"], reason="It may show where single families live.")
    steward.privacy_release_hold(id=releases["halted"]["id"], reason="Somebody reported a concern.")
    steward.privacy_release_withdraw(id=releases["erased"]["id"], reason=RESIDENTS_NO, erase=True)
    change = {"notes_translated": {"en": "Where water is, how much, and since when."}}
    site.api("officer").action.package_patch(id="changed-points", **change)
    add_file(site, "changed-points", WATER)


def agree(site: Any) -> dict[str, str]:
    """Write an agreement down, with a file that shows it."""
    officer = site.api("officer").action
    made = officer.privacy_consent_create(dataset_id="held-points", **RECORD)
    return {"agreement": made["id"], "token": made["token"]}


def worry(site: Any, facts: dict[str, str]) -> dict[str, str]:
    """Report one concern that is open and one that is settled."""
    say: Callable[..., dict[str, str]] = site.api().action.privacy_concern_create
    new = say(dataset_id=facts["released"], text="Everybody knows whose tap W7 is.", contact="asha@mail.example.org")
    old = say(dataset_id=facts["timed"], text="Is the year of W9 right?")
    settled = {"outcome": "kept", "reason": "It is: the tap was opened in 2014."}
    site.api("steward1").action.privacy_concern_resolve(id=old["id"], **settled)
    return {"concern": new["id"], "receipt": new["token"], "settled": old["id"], "settled_receipt": old["token"]}
