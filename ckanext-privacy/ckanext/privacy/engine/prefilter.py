"""The lossless prefilter: one regular expression over whole columns that no flagged cell can escape.

Every recognizer's patterns are loosened until the linear-time engine of polars takes them: look-around is dropped
(it only ever forbids), character classes become ASCII plus everything beyond it, ``\\b`` becomes the ASCII boundary
where its neighbours are ASCII and vanishes elsewhere. Cells with other characters are also tested after folding:
every script's digits, full-width forms, spaces and dashes to ASCII, and once more without invisible characters.
A differential test proves against Presidio that nothing is lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import polars as pl
import regex

#: What Presidio's telephone recognizer may flag: five digits or more with little between them.
PHONE = r"[0-9](?:[^0-9A-Za-z]{0,5}[0-9]){4}"
#: Tested when a pattern cannot be loosened: every cell that is not blank goes to Presidio.
ANYTHING = r"(?s:.)"

#: Zero-width characters, direction marks, variation selectors.
INVISIBLE = "\\p{Cf}\u034f\ufe00-\ufe0f"
#: Limits of long repeats make automata large, and only ever forbid.
LIMIT = re.compile(r"\{(\d*),[1-9]\d+\}")
LOOKAROUND = ("(?=", "(?!", "(?<=", "(?<!")
WIDE = r"\x{80}-\x{10FFFF}"
#: No script has decimal digits beyond this code point.
LAST_DIGIT = 0x20000
INSIDE = {r"\d": "0-9", r"\w": f"0-9A-Za-z_{WIDE}"}
OUTSIDE = {r"\d": "[0-9]", r"\w": f"[0-9A-Za-z_{WIDE}]", r"\D": "(?s:.)", r"\W": "(?s:.)", r"\S": "(?s:.)", r"\B": ""}
#: A back-reference repeats what it points at, whatever that is.
OUTSIDE |= {rf"\{number}": "(?s:.*)" for number in range(1, 10)}


def loosened(pattern: str, bounded: bool = True) -> str:
    """Return a pattern that matches in every text where the given one does, in RE2's and Rust's syntax.

    ``bounded`` keeps word boundaries, of ASCII. A boundary beside a sign may then be missed after a letter of another
    script: for patterns that no differential test has seen, leave boundaries out.

    >>> loosened(r"\\b(?!000)\\d{3}\\b")
    '(?-u:\\\\b)[0-9]{3}(?-u:\\\\b)'
    """
    text = _drop_lookaround(pattern)
    boundary = r"(?-u:\b)" if bounded and r"\w" not in text and text.isascii() else ""
    pieces, inside, index = [], False, 0
    while index < len(text):
        piece = text[index : index + 2] if text[index] == "\\" else text[index]
        index += len(piece)
        inside = (inside or piece == "[") and piece != "]"
        pieces.append(boundary if piece == r"\b" else (INSIDE if inside else OUTSIDE).get(piece, piece))
    return LIMIT.sub(r"{\1,}", "".join(pieces))


def loosen(pattern: str) -> str:
    """Loosen a pattern, or return one that matches anything where polars cannot take it."""
    return checked(loosened(pattern))


def _drop_lookaround(pattern: str) -> str:
    index = 0
    while index < len(pattern):
        if pattern[index] == "\\":
            index += 2
        elif pattern.startswith(LOOKAROUND, index):
            pattern = pattern[:index] + pattern[_group_end(pattern, index) :]
        else:
            index += 1
    return pattern


def _group_end(pattern: str, start: int) -> int:
    depth, inside, index = 0, False, start
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            index += 1
        elif char == "[":
            inside = True
        elif char == "]":
            inside = False
        elif not inside:
            depth += (char == "(") - (char == ")")
            if depth == 0:
                return index + 1
        index += 1
    return len(pattern)


def checked(pattern: str) -> str:
    """Return the pattern, or one that matches anything where polars cannot take it."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        return ANYTHING
    return pattern


@dataclass(frozen=True)
class Prefilter:
    """Tests columns against loosened patterns."""

    patterns: tuple[str, ...]

    @cached_property
    def combined(self) -> str:
        """All patterns as one alternation, without regard to case."""
        return "(?is:" + "|".join(f"(?:{pattern})" for pattern in dict.fromkeys(self.patterns)) + ")"

    def __call__(self, cells: pl.Series) -> pl.Series:
        """Return which cells a recognizer might flag; blank cells never."""
        hits = cells.str.contains(self.combined).fill_null(False)
        foreign = cells.str.contains(odd_characters()).fill_null(False) & ~hits
        if not foreign.any():
            return hits
        odd = cells.filter(foreign)
        folded = fold_digits(odd)
        found = folded.str.contains(self.combined) | drop_invisible(folded).str.contains(self.combined)
        return hits.scatter(foreign.arg_true(), found.fill_null(False))


def prefilter_of(patterns: Iterable[str]) -> Prefilter:
    """Build the prefilter for recognizers' patterns."""
    return Prefilter(tuple(map(loosen, patterns)))


def fold_digits(cells: pl.Series) -> pl.Series:
    """Turn every script's digits, spaces, dashes and full-width letters into ASCII, one character for one."""
    many, few = _folds()
    return cells.str.replace_many(many, few)


def drop_invisible(cells: pl.Series) -> pl.Series:
    """Leave out zero-width characters and direction marks."""
    return cells.str.replace_all(f"[{INVISIBLE}]", "")


@lru_cache
def odd_characters() -> str:
    """A class of all characters that folding changes or leaves out."""
    return "[" + "".join(f"\\x{{{ord(char):X}}}" for char in _folds()[0]) + INVISIBLE + "]"


def fold_text(text: str) -> str:
    """Fold one text as columns are folded.

    >>> fold_text("\u0967\u0968\u0969 \uff14\u200b5")
    '123 45'
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _invisible().sub("", text.translate(_fold_table())))


@lru_cache
def _fold_table() -> dict[int, str]:
    return {ord(char): plain for char, plain in zip(*_folds(), strict=True)}


@lru_cache
def _invisible() -> regex.Pattern[str]:
    return regex.compile(f"[{INVISIBLE}]")


@lru_cache
def _folds() -> tuple[list[str], list[str]]:
    """Characters that regular expressions without case and in Unicode take for an ASCII one, and that one."""
    # By code point: an editor that normalises text would make a plain K of the Kelvin sign.
    folds = {"\u017f": "s", "\u212a": "k", "\u0130": "i", "\u0131": "i"}
    beyond = "".join(map(chr, range(0x80, LAST_DIGIT)))
    folds |= _digits(beyond)
    folds |= dict.fromkeys(regex.findall(r"\p{Zs}", beyond), " ") | dict.fromkeys(regex.findall(r"\p{Pd}", beyond), "-")
    full_width = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    folds = full_width | folds
    return list(folds), list(folds.values())


def _digits(chars: str) -> dict[str, str]:
    """Digits with their value, also those that Presidio's expressions know and Python does not yet.

    Unicode lays the decimal digits of a script out in a row that starts with nought.
    """
    values: dict[str, str] = {}
    last, value = 0, 0
    for char in regex.findall(r"\p{Nd}", chars):
        value = (value + 1) % 10 if ord(char) == last + 1 else 0
        last, values[char] = ord(char), str(value)
    return values
