"""Runs of text in bytes: what can be seen of a part that has no reader, as in what macOS puts beside files."""

from __future__ import annotations

import re

from ckanext.privacy.engine.tables import OpenFile, RawFile, text_table

#: Text of four characters or more, as ASCII and UTF-8, and as UTF-16 of the first 256 characters.
NARROW = re.compile(rb"(?:[\x20-\x7e\t]|[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}){4,}")
WIDE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\0){4,}")


def open_traces(raw: RawFile) -> OpenFile:
    """Give the text in a small file of an operating system, which stands beside files that people made."""
    texts = traces(raw.path.read_bytes()[: raw.limits.whole])
    return OpenFile(raw.facts("system"), [text_table(raw.name, texts, hidden=True)])


def traces(content: bytes) -> list[str]:
    """Runs of text in bytes, each once, in order."""
    narrow = [text.decode("utf-8", "replace") for text in NARROW.findall(content)]
    wide = [text.decode("utf-16-le") for text in WIDE.findall(content)]
    return list(dict.fromkeys([*narrow, *wide]))
