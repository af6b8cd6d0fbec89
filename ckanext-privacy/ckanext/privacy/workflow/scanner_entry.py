"""The scanner's entry in an algorithm register: what it is and may decide, how often it misses, whom to turn to."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.engine import VERSION
from ckanext.privacy.engine.headings import languages
from ckanext.privacy.engine.kinds import load_kinds
from ckanext.privacy.engine.names import measured, recall
from ckanext.privacy.engine.packs import load_packs
from ckanext.privacy.translation import N_

#: What it is known not to find, whatever the figures say.
KNOWN_MISSES = (
    N_("Names that are also ordinary words, in a column whose heading and neighbours do not tell."),
    N_("People who can be recognised by what locals know: a single shop, a rare illness, an event on a known day."),
    N_("What stands in pictures, sound and scanned paper: such files are held for a person, not looked through."),
    N_("What can be worked out only by joining the table with another one that somebody holds."),
)

#: What follows from a scan without a person, by whether the policy lets updates go by themselves.
DECIDES = {
    True: N_(
        "Whether an update may go out by itself: one in which nothing is new beside what a person approved. All else "
        "waits for a person, and what it cannot read is held."
    ),
    False: N_("Nothing by itself. It asks for a person, and holds what it cannot read."),
}


def entry() -> dict[str, Any]:
    """Return the entry as plain data.

    ``recall`` maps a language to the share of people's full names that are found by their form alone, measured on names
    that were not used in training; ``measured`` holds all figures of ``docs/quality.md`` that a machine took: names by
    language, in columns and single cells, and sentences.
    """
    packs = load_packs(())
    return {
        "name": "privacy-scan",
        "version": VERSION,
        "purpose": tk._("Finds data about people in files before they are released, so that a person can decide."),
        "decides": tk._(DECIDES[config.policy().automatic.allowed]),
        "network": False,
        "policy": {"name": config.policy().name, "version": config.policy().version},
        "kinds": sorted(load_kinds()),
        "languages": sorted(languages()),
        "countries": sorted(pack.code for pack in packs if len(pack.code) == 2),
        "identifiers": sorted({each.entity for pack in packs for each in pack.identifiers}),
        "recall": recall(),
        "measured": measured(),
        "known_misses": [tk._(each) for each in KNOWN_MISSES],
        "contact": config.contact(),
        "appeal": tk.h.url_for("privacy.about", qualified=True, _anchor="appeal"),
    }
