"""What a place is called in addresses: stable, readable, the same for every record about it. No CKAN in here."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

#: Letters of a key; longer names are cut.
LONGEST = 80


def slug(name: str) -> str:
    """A name as a part of an address, in its own script.

    >>> slug("Riverside Colony, Nandira"), slug("पार्वती पायथा")
    ('riverside-colony-nandira', 'पार्वती-पायथा')
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    # Vowel signs of Indian scripts are marks; they belong to the word.
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return "-".join(kept.split())[:LONGEST]


def key(area: Mapping[str, Any]) -> str:
    """The key of an area: from its address in a public list, which tells namesakes apart, or else from its name.

    >>> key({"text": "Pune", "uri": "https://www.wikidata.org/entity/Q1538"}), key({"text": "Pune"})
    ('wikidata-q1538', 'pune')
    """
    parts = urlsplit(str(area.get("uri") or ""))
    last = slug(parts.path.rstrip("/").rpartition("/")[2])
    if parts.hostname and last:
        return f"{_host_name(parts.hostname)}-{last}"
    return slug(str(area.get("text") or ""))


def _host_name(host: str) -> str:
    """The part of a host's name that says whose it is."""
    labels = host.split(".")
    return labels[-2] if len(labels) > 1 else host


def larger(name: str) -> list[str]:
    """Names of the places that a name says it lies in: what follows its commas.

    >>> larger("Riverside Colony, Nandira, India")
    ['Nandira, India', 'India', 'Nandira']
    """
    parts = [part.strip() for part in name.split(",")]
    after = [", ".join(parts[n:]) for n in range(1, len(parts))]
    return list(dict.fromkeys([*after, *parts[1:]]))
