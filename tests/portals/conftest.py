"""What all tests of portals share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    """Some answers nest until the stack ends, where a finalizer that the collector happens to run would fail too."""
    gc.disable()
    yield
    gc.enable()
