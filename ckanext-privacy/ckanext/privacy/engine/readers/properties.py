"""XMP: the packet of properties that pictures and documents carry. Source: ISO 16684-1."""

from __future__ import annotations

import io
import re

from ckanext.privacy.engine.errors import UnreadableFile

from .traces import traces
from .xml_parts import attributes, elements, texts_of

PACKET = re.compile(rb"<x:xmpmeta.*?</x:xmpmeta>", re.DOTALL)
#: Namespaces and identifiers that say nothing of people.
TECHNICAL = re.compile(r"(https?://(ns\.adobe\.com|www\.w3\.org|purl\.org|iptc\.org)/\S*|(xmp\.\w+|uuid|adobe):\S*)")


def packet_texts(packet: bytes) -> list[str]:
    """What a packet says: properties are elements or attributes. A malformed one is looked at as runs of text."""
    try:
        texts = list(texts_of(io.BytesIO(packet)))
        for _, element in elements(io.BytesIO(packet)):
            texts += attributes(element).values()
            element.clear()
    except UnreadableFile:
        texts = traces(packet)
    return [text for text in dict.fromkeys(texts) if not TECHNICAL.fullmatch(text)]
