"""The page for everyone about how data is released here."""

from __future__ import annotations

from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.views import scanner, words
from ckanext.privacy.workflow import scanner_entry


def about() -> str:
    """Tell everyone how data is released here, what the scanner looks for and how often it misses."""
    policy = config.policy()
    return tk.render(
        "privacy/about.html",
        {
            "scanner": scanner.facts(),
            "entry": scanner_entry.entry(),
            "api": tk.h.url_for("api.action", logic_function="privacy_scanner_show", ver=3, qualified=True),
            "policy": policy,
            "outcomes": [
                words.say(words.OUTCOMES, code) for code in ("automatic", "one_steward", "two_stewards", "blocked")
            ],
        },
    )
