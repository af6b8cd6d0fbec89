"""Masked examples: enough to recognise the kind of value, never the value."""

from __future__ import annotations

import re

#: Letters and digits kept at the ends of a masked value, at most a quarter of it.
KEEP = 2
#: A masked example is never longer.
LONGEST = 40

LETTER = re.compile(r"[^\W\d_]")
DIGIT = re.compile(r"\d")
WORD = re.compile(r"\w+")


def mask(value: str) -> str:
    """Replace letters and digits by ``x`` and ``9``, but keep first letters of words and the separators.

    >>> mask("ana.perez@example.org")
    'a**.p****@e******.o**'
    >>> mask("4111 1111 1111 1111")
    '**** **** **** ****'
    """
    text = value.strip()
    shown = WORD.sub(lambda word: _mask_word(word.group()), text)
    if shown == text:
        # Nothing was hidden: one-letter words only.
        shown = "*" * len(text)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def _mask_word(word: str) -> str:
    if word[0].isdigit() or len(word) < 3 or not word.isascii():
        return "*" * len(word)
    return word[0] + "*" * (len(word) - 1)
