"""Names that come again in the cells beside them: the title of someone's account, the file of someone's picture."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from .evidence import Column, Evidence
from .headings import MARKS, UNSPACED

#: Rows that are compared, and the share of them in which the name must come again.
ROWS, ENOUGH, SHARE = 300, 5, 0.3
#: Letters of a word that tells a name, and characters of a name that is written without spaces.
LONG, SHORT = 3, 2
WORD = re.compile(r"[^\W\d_]+")


def find_echoes(columns: Sequence[Column], named: Sequence[Column]) -> None:
    """Add names to every column whose cells hold the name of their own row, as one column gives it."""
    for names in named:
        known = _by_row(names)
        for column in columns:
            if column is not names and "PERSON" not in column.evidence and (found := _echoes(column, known)):
                column.add(found)


def _by_row(column: Column) -> dict[int, str]:
    drawn = column.profile.drawn
    return dict(zip(drawn.rows[:ROWS].tolist(), drawn.values[:ROWS], strict=True))


def _echoes(column: Column, names: dict[int, str]) -> Evidence | None:
    if column.values.letters == 0 and column.values.number > 0:
        return None
    both = [(value, names[row]) for row, value in _by_row(column).items() if row in names]
    holding = [value for value, name in both if _holds(value, name)]
    if len(both) < ENOUGH or len(holding) < SHARE * len(both):
        return None
    rows = round(column.profile.filled * len(holding) / len(both))
    return Evidence("PERSON", 0.7, ("table",), rows, tuple(dict.fromkeys(holding)))


def _holds(value: str, name: str) -> bool:
    """Whether a text holds a whole name, in any order of its words."""
    if UNSPACED.search(name):
        bare = "".join(name.split())
        return len(bare) >= SHORT and bare in "".join(value.split()) and bare != value
    words = {word for word in _words(name) if len(word) >= LONG}
    return len(words) > 1 and words <= set(_words(value))


def _words(text: str) -> list[str]:
    return WORD.findall(MARKS.sub("", unicodedata.normalize("NFKD", text)).lower())
