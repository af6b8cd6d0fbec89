"""What everyone may know of the scanner: its version, what it looks for, in which languages, how often it misses."""

from __future__ import annotations

from typing import Any

from ckanext.privacy.engine import VERSION
from ckanext.privacy.engine.headings import languages
from ckanext.privacy.engine.kinds import load_kinds
from ckanext.privacy.engine.names import recall
from ckanext.privacy.engine.packs import load_packs
from ckanext.privacy.views import words


def facts() -> dict[str, Any]:
    """Return the scanner's entry for the page about it.

    ``recall`` lists, for names of people, the share that is found by its form alone in each language,
    measured on names that the classifier was not trained on; worst first.
    """
    packs = load_packs(())
    return {
        "version": VERSION,
        "kinds": sorted({words.kind(code) for code in load_kinds()}),
        "languages": sorted(words.language(code) for code in languages()),
        "countries": sorted(words.country(pack.code) for pack in packs if len(pack.code) == 2),
        "identifiers": sorted({each.entity for pack in packs for each in pack.identifiers}),
        "recall": [
            {"what": words.language(locale), "share": share, "share_word": words.percent(share)}
            for locale, share in sorted(recall().items(), key=lambda each: each[1])
        ],
    }
