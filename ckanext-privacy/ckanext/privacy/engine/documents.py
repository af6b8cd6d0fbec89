"""Read YAML with the parser in C where it is built: ten times as fast, and as safe."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> Any:
    """Return what a YAML document says. Raises ``yaml.YAMLError``."""
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are the safe one
    except yaml.YAMLError:
        # The parser in C is a line off at the end of a text; the other one names the right place.
        return yaml.safe_load(text)
