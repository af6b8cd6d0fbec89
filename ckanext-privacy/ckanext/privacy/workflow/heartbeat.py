"""Signs of life of a running scan, written from a thread of its own so that a long step does not look like a death."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

import sqlalchemy as sa
from ckan.model import meta
from sqlalchemy.exc import DBAPIError

from ckanext.privacy.model import Scan
from ckanext.privacy.model.columns import now

#: Progress is written at most twice a second, a sign of life at least every ten seconds.
_TICK = 0.5
_QUIET_TICKS = 20


class Heartbeat:
    """While entered, keeps ``heartbeat`` and ``progress`` of a running scan fresh; call it with the progress (0..1)."""

    def __init__(self, scan_id: str) -> None:
        self._scan_id = scan_id
        self._progress = self._written = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat {scan_id}", daemon=True)

    def __call__(self, progress: float) -> None:
        self._progress = min(max(progress, self._progress), 1.0)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        quiet = 0
        while not self._stop.wait(_TICK):
            quiet += 1
            if self._progress > self._written or quiet >= _QUIET_TICKS:
                with suppress(DBAPIError):  # a database that was away is asked again at the next tick
                    self._write()
                    quiet = 0

    def _write(self) -> None:
        engine = meta.engine
        if engine is None:
            return
        progress = self._progress
        query = sa.update(Scan).where(Scan.id == self._scan_id).values(progress=progress, heartbeat=now())
        with engine.begin() as connection:
            connection.execute(query)
        self._written = progress
