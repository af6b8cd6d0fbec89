"""Texts of a workbook's parts read from their bytes, where they are written in the plain way.

Source: ECMA-376 part 1, 18.4.9 (shared strings) and 22.9.2.19 (characters written as ``_x000D_``).
"""

from __future__ import annotations

import re

import polars as pl

ESCAPE = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));|_x([0-9A-Fa-f]{4})_")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
#: The tag of a text that begins or ends with a space.
SPACED = b'<t xml:space="preserve">'
#: What stands before and after the shared texts, and between two of them.
SHARED = re.compile(rb"\s*(?:<\?xml[^<]*\?>)?\s*<sst[^<]*>\s*(<si>.*</si>)\s*</sst>\s*", re.DOTALL)
BEGIN, END = "<si><t>", "</t></si>"


class OtherwiseError(Exception):
    """Something is written otherwise than in the plain way."""


def must(holds: object) -> None:
    """Raise ``OtherwiseError`` unless something holds."""
    if not holds:
        raise OtherwiseError


def unescaped(texts: pl.Series) -> pl.Series:
    """Texts of XML as a reader sees them. Raises ``OtherwiseError`` where one names no character."""
    escaped = texts.str.contains("&|_x")
    if not escaped.any():
        return texts
    return texts.scatter(escaped.arg_true(), [ESCAPE.sub(_character, text) for text in texts.filter(escaped)])


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name, own = match.groups()
    if name:
        return NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal or own, 16)
    must(0 < code < 0x110000 and not 0xD800 <= code < 0xE000)
    return chr(code)


def shared_texts(part: bytes) -> pl.Series | None:
    """A workbook's shared texts in order, given their part in UTF-8; None where one is not written in the plain way.

    >>> shared_texts(b"<sst><si><t>Ana &amp; Co</t></si><si><t>7</t></si></sst>").to_list()
    ['Ana & Co', '7']
    """
    whole = SHARED.fullmatch(part)
    try:
        text = whole[1].replace(SPACED, b"<t>").decode() if whole else ""
        must(text.startswith(BEGIN) and text.endswith(END))
        texts = pl.Series([text[len(BEGIN) : -len(END)]]).str.split(END + BEGIN).explode()
        # Whatever else is between two texts has a bracket, too.
        must(not texts.str.contains("<", literal=True).any())
        return unescaped(texts)
    except (OtherwiseError, UnicodeDecodeError):
        return None
