"""What cells say by their words: castes, religions, kinds of ration cards. The heading may be a question's number."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from .documents import read_own
from .evidence import Column, Evidence
from .headings import MARKS, STROKES

LEXICON = Path(__file__).with_name("lexicon") / "values.yaml"
#: Share of cells that must be words of one entity, and how many different ones there must be.
NEARLY_ALL, DIFFERENT = 0.85, 2
#: Confidence in what only words say.
CONFIDENCE = 0.6


def find_spoken(column: Column) -> Evidence | None:
    """What nearly all cells of a column of categories are words for; None where they are for different things."""
    if not column.values.category:
        return None
    cells = {_folded(value): rows for value, rows in column.values.real.items()}
    for entity, (sure, also) in _words().items():
        known = {cell for cell in cells if cell in sure or cell in also}
        share = sum(cells[cell] for cell in known) / column.values.rows if known else 0.0
        if share >= NEARLY_ALL and len(known) >= DIFFERENT and known & sure and entity not in column.denied:
            return Evidence(entity, CONFIDENCE, ("words",), round(share * column.profile.filled))
    return None


@lru_cache
def _words() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    data = read_own(LEXICON)
    return {entity: (_set(words["sure"]), _set(words["also"])) for entity, words in data.items()}


def _set(words: list[str]) -> frozenset[str]:
    return frozenset(_folded(str(word)) for word in words)


def _folded(text: str) -> str:
    plain = MARKS.sub("", unicodedata.normalize("NFKD", text.lower().replace("_", " "))).translate(STROKES)
    return " ".join(unicodedata.normalize("NFC", plain).strip(" .").split())
