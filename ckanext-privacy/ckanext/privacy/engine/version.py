"""The engine's version, which every report names."""

from __future__ import annotations

VERSION = "0.1.0"
