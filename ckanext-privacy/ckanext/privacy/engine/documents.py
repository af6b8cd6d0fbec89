"""Read YAML with the parser in C where it is built: ten times as fast, and as safe; the engine's own only once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from .store import kept

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> Any:
    """Return what a YAML document says. Raises ``yaml.YAMLError``."""
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are the safe one
    except yaml.YAMLError:
        # The parser in C is a line off at the end of a text; the other one names the right place.
        return yaml.safe_load(text)


def read_own(path: Path) -> Any:
    """Return what a document that ships with the engine says; it is parsed once, and kept on disk as JSON."""
    text = path.read_text("utf-8")
    known = kept(("document", text), lambda: _as_json(parse_yaml(text)))
    return known["says"] if "says" in known else parse_yaml(text)


def _as_json(data: Any) -> dict[str, Any]:
    """What JSON can hold without change; nothing where it cannot, as with keys that are numbers."""
    try:
        return {"says": data} if json.loads(json.dumps(data)) == data else {}
    except TypeError:
        return {}
