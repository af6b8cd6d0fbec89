"""Loads, beside the first requests of a web process, what its first save would otherwise wait for.

Recognizers, names and the policy are read from disk when they are first asked for: two to three seconds of CPU, and
many more by the clock on a busy machine. A command or a job never comes here.
"""

from __future__ import annotations

import logging
import threading

from ckanext.privacy import config
from ckanext.privacy.engine.metadata import scan_metadata

log = logging.getLogger(__name__)

#: Made up; it has one of each kind of thing that is read by a part of its own.
_SAMPLE = {"notes": "Write to nobody@example.org or call +1 202 555 0100.", "maintainer": "Jane Doe"}


def start() -> threading.Thread:
    """Load in the background; call it once in each web process, after the fork. The thread ends by itself."""
    thread = threading.Thread(target=_load, name="privacy warming", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    """Load, or say in the log what failed: the first save then meets it where it can be told to a person."""
    try:
        scan_metadata(_SAMPLE)
        config.policy()
    except Exception:
        log.exception("What reads names could not be loaded ahead; the first save loads it.")
