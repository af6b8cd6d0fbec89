"""Examples to begin with, read once from starts.yaml. Plain Python: no CKAN in here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Start:
    """One kind of undertaking: what most of its kind have in common, as fields of a dataset."""

    name: str
    label: str
    help_text: str
    fields: dict[str, Any]


@cache
def starts() -> dict[str, Start]:
    """All examples by name, in the order in which they are shown."""
    source = yaml.safe_load(Path(__file__).with_name("starts.yaml").read_text(encoding="utf-8"))
    return {name: Start(name, **entry) for name, entry in source.items()}
