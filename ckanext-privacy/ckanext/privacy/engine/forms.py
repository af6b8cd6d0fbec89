"""The form of a cell: every digit a 9, every letter an a. Most cells of a column share a few forms.

What a pattern can match is decided on the form first, widened so that it matches the form of every text it matches.
A form is looked at once, however many cells have it, and whatever the number of patterns.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator

import numpy as np
import polars as pl

from .prefilter import WIDE

#: Cells of up to so many bytes have a form; polars keeps the text of the shortest beside their length.
LONGEST, INLINE = 48, 12
#: Cells up to which every form is told apart, however many they have.
FEW = 2_000

_DIGITS, _LETTERS = string.digits.encode(), string.ascii_letters.encode()
#: Digits and letters apart; and together, for columns of mixed codes such as hashes, whose forms would be countless.
FINE = bytes.maketrans(_DIGITS + _LETTERS, b"9" * 10 + b"a" * 52)
COARSE = bytes.maketrans(_DIGITS + _LETTERS, b"a" * 62)

#: Odd multipliers that nobody outside the process knows, so that no file can make two forms collide on purpose.
_MIX = np.array([secrets.randbits(64) | 1 for _ in range(2)], dtype=np.uint64)
_SHIFT = np.uint64(29)

_TOKEN = re.compile(
    r"\\x\{[0-9A-Fa-f]+\}|\\[pP]\{\w+\}|\\.|\[\^?\]?(?:\\x\{[0-9A-Fa-f]+\}|\\.|[^\]\\])*\]"
    r"|\(\?P?<\w+>|\(\?[a-zA-Z-]*[:)]|\{\d*,?\d*\}|.",
    re.DOTALL,
)
#: Classes that hold digits or letters and are left as they are by loosening.
CLASS = re.compile(r"\\[pPDSW]")
ALPHABETS = (("0", "9"), ("A", "Z"), ("a", "z"))
_ITEM = re.compile(r"\\x\{([0-9A-Fa-f]+)\}|\\(.)|(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}


def widen(pattern: str) -> tuple[str, str]:
    """Return what a loosened pattern matches in fine and in coarse forms.

    >>> widen(r"[A-CX][0-9]{3}-7")
    ('[a[A-CX]][9[0-9]]{3}-9', '[a[A-CX]][a[0-9]]{3}-a')
    """
    tokens = [match[0] for match in _TOKEN.finditer(pattern)]
    return "".join(_widen(token, "9") for token in tokens), "".join(_widen(token, "a") for token in tokens)


def _widen(token: str, digit: str) -> str:
    if CLASS.search(token):
        return "(?s:.)"
    if token.startswith("["):
        return _widen_set(token, digit)
    if len(token) == 1 and token.isascii() and token.isalnum():
        return digit if token.isdigit() else "a"
    return token


def _widen_set(token: str, digit: str) -> str:
    body = token[2:-1] if token[1] == "^" else token[1:-1]
    spans = list(_spans(body))
    if token[1] == "^":
        # A character is outside the set; whether its class can be is only plain where whole classes are inside.
        whole = all(_covers(spans, *ends) for ends in ALPHABETS if _touches(spans, *ends))
        return token if whole else "(?s:.)"
    digits, *letters = (_touches(spans, *ends) for ends in ALPHABETS)
    classes = digit * digits + "a" * any(letters)
    # A form is ASCII: what lies beyond only makes the automaton large.
    plain = body.replace(WIDE, "")
    return f"[{classes}[{plain}]]" if classes and plain else token


def _spans(body: str) -> Iterator[tuple[str, str]]:
    """Characters and ranges of a set; a class such as \\s holds neither digits nor letters once it was loosened."""
    items = [_character(match) for match in _ITEM.finditer(body)]
    index = 0
    while index < len(items):
        ranged = index + 2 < len(items) and items[index + 1] == "-"
        yield items[index], items[index + 2] if ranged else items[index]
        index += 3 if ranged else 1


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    if match[2]:
        # What was escaped is no sign of a range.
        return _ESCAPED.get(match[2], " " if match[2].isalpha() or match[2] == "-" else match[2])
    return match[3]


def _touches(spans: list[tuple[str, str]], low: str, high: str) -> bool:
    return any(first <= high and last >= low for first, last in spans)


def _covers(spans: list[tuple[str, str]], low: str, high: str) -> bool:
    return any(first <= low and last >= high for first, last in spans)


def form_ids(cells: pl.Series, longest: int, table: bytes = FINE) -> np.ndarray:
    """Number the forms of ASCII cells, none longer than ``longest`` bytes and none null: equal forms, equal numbers."""
    if longest <= INLINE:
        array = cells.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        views = array.buffers()[1]
        start = 16 * array.offset
        # A view is the length in four bytes, no larger than twelve and so no digit or letter, then the text.
        words = np.frombuffer(bytes(views[start : start + 16 * len(array)]).translate(table), np.uint64).reshape(-1, 2)
        return _mixed(_mixed(words[:, 0], 0) ^ words[:, 1], 1)
    offsets, text = contiguous(cells)
    width = -(-longest // 8) * 8
    padded = np.frombuffer(text.translate(table) + bytes(width), np.uint8)
    lengths = np.diff(offsets)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[offsets[:-1]]
    words = (windows * (np.arange(width) < lengths[:, None])).view(np.uint64)
    # Mixed before the text comes in, or a control character could undo its own length.
    ids = _mixed(lengths.astype(np.uint64), 1)
    for position in range(width // 8):
        ids = _mixed(ids ^ words[:, position], position % 2)
    return ids


def contiguous(cells: pl.Series) -> tuple[np.ndarray, bytes]:
    """The text of all cells without anything between, and where in it each one starts; one more, for the end."""
    array = cells.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, starts, data = array.buffers()
    offsets = np.frombuffer(starts, np.int64, len(array) + 1, 8 * array.offset)
    return offsets - offsets[0], bytes(data[int(offsets[0]) : int(offsets[-1])]) if data else b""


def _mixed(words: np.ndarray, which: int) -> np.ndarray:
    product = words * _MIX[which]
    return product ^ (product >> _SHIFT)


def form_of(cell: str, table: bytes = FINE) -> str:
    """The form of one ASCII cell.

    >>> form_of("WP-0017")
    'aa-9999'
    """
    return cell.encode().translate(table).decode()
