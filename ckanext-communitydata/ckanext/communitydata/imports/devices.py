"""Finds what a form tool recorded about phones and collectors; the lists are data (device_metadata.yaml)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.communitydata.fields import _

from .proposal import Remark

REMOVE = "remove"
SENTENCES = {
    REMOVE: _("Take it out before you share the data: {label}."),
    "think": _("Share it only if you need it, since it tells when somebody worked: {label}."),
}


@cache
def _lists() -> dict[str, dict[str, dict[str, str]]]:
    return yaml.safe_load(Path(__file__).with_name("device_metadata.yaml").read_text(encoding="utf-8"))


def of_question(name: str, kind: str) -> Remark | None:
    """The remark about a question of a form by its type, or None if it is a question like any other."""
    return _remark(name, _lists()["types"].get(kind))


def of_column(heading: str) -> Remark | None:
    """The remark about a column of an export by its heading, or None."""
    plain = heading.strip().lower()
    return _remark(heading, _lists()["columns"].get(plain))


def _remark(name: str, entry: dict[str, Any] | None) -> Remark | None:
    if entry is None:
        return None
    return Remark(name, SENTENCES[entry["advice"]], {"label": entry["label"], "advice": entry["advice"]})
