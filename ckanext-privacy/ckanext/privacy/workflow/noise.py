"""What of a snapshot is no news to who approves it: what CKAN writes by itself, as long as it reads as CKAN writes it.

Everything else that a release makes public is shown, whatever it is called. A name on this list hides nothing by
itself: whoever saves may put words into some of these fields, and words are shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?")
_COUNT = re.compile(r"\d{1,6}")
_FLAG = re.compile(r"(?i)true|false")
_VIEWS = re.compile(r"\{'total': \d+, 'recent': \d+\}")


@dataclass(frozen=True)
class Noise:
    """How a machine writes a field, and why nobody needs to read it."""

    shape: re.Pattern[str]
    why: str


NOISE = {
    "id": Noise(_ID, "drawn by chance; it stands for the dataset, file or preview that is shown"),
    "package_id": Noise(_ID, "the dataset that is shown"),
    "resource_id": Noise(_ID, "the file that is shown"),
    "creator_user_id": Noise(_ID, "drawn by chance; the account is named where its owner asks for the release"),
    "metadata_created": Noise(_MOMENT, "the catalogue's clock"),
    "metadata_modified": Noise(_MOMENT, "the catalogue's clock"),
    "created": Noise(_MOMENT, "the catalogue's clock"),
    "last_modified": Noise(_MOMENT, "the catalogue's clock"),
    "num_resources": Noise(_COUNT, "counts what is shown"),
    "num_tags": Noise(_COUNT, "counts what is shown"),
    "position": Noise(_COUNT, "files stand in their order; that they are in another one is told apart"),
    "order": Noise(_COUNT, "previews stand in their order"),
    "tracking_summary": Noise(_VIEWS, "counts visits"),
    "private": Noise(_FLAG, "what the gate itself decides"),
    "isopen": Noise(_FLAG, "follows from the licence"),
    "datastore_active": Noise(_FLAG, "whether there are rows, which are shown"),
    "state": Noise(re.compile("active"), "a release shows nothing that was removed"),
    "url_type": Noise(re.compile("upload|datastore"), "whether it is a file or rows, which are shown"),
}


def is_noise(field: str, *values: Any) -> bool:
    """Say whether these values of a field are such as a machine writes there; a missing one says nothing."""
    known = NOISE.get(field)
    return known is not None and all(value in (None, "") or bool(known.shape.fullmatch(str(value))) for value in values)
