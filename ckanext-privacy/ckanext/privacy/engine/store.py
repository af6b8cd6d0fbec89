"""Patterns made ready once and kept on disk, so that a scan starts without making them anew.

The folder is the user's own cache folder, or the one that PRIVACY_SCAN_CACHE names; empty switches it off. Files are
named by a hash of all they depend on, written whole or not at all, and believed only from the user's own hand. Where
nothing can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

VARIABLE = "PRIVACY_SCAN_CACHE"


def folder() -> Path | None:
    """Where things are kept; None where they are not."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base, "privacy-scan")


def kept(parts: tuple[str, ...], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what was kept for these parts of a key, or make it and keep it."""
    place = folder()
    if place is None:
        return make()
    path = place / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}.json"
    found = _read(path)
    if found is None:
        found = make()
        _write(path, found)
    return found


#: The modules that make ready what is kept.
CODE = ("confirm", "finder", "forms", "headings", "prefilter", "recognizers", "values")


@lru_cache
def code_digest() -> str:
    """A hash of those modules, and of the country packs as they stand."""
    here = Path(__file__).parent
    names = [here / f"{name}.py" for name in CODE]
    texts = (path.read_bytes() for path in (*names, *sorted(here.glob("countries/*.yaml"))))
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            if facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
                return None
            data = json.load(file)
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _write(path: Path, data: dict[str, Any]) -> None:
    """Write beside, then put in place; another process may do the same at the same time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(data, file)
            os.replace(beside, path)
        except OSError:
            os.unlink(beside)
