"""Looking at the bytes of one scan, inside a worker. What goes wrong ends as one sentence and holds the release."""

from __future__ import annotations

import errno
import logging
import traceback
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import DBAPIError

from ckanext.privacy import config
from ckanext.privacy.engine import scan_file, to_dict
from ckanext.privacy.engine.errors import EngineError, UnreadableFile
from ckanext.privacy.engine.quality import check_quality
from ckanext.privacy.gate import store
from ckanext.privacy.model import Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.scan import DONE, FAILED, QUEUED, RUNNING
from ckanext.privacy.remote import FetchError
from ckanext.privacy.workflow import sources
from ckanext.privacy.workflow.heartbeat import Heartbeat
from ckanext.privacy.workflow.scans import MOST_ATTEMPTS, STALE

log = logging.getLogger(__name__)

#: What a disk says that has no room left.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
#: Share of the progress bar that getting hold of the bytes takes.
_FETCHED = 0.05


def run(scan_id: str) -> Scan | None:
    """Look at the bytes of one scan and store what was found; return None when another worker has it or it is done."""
    scan = _claim(scan_id)
    if scan is None:
        return None
    attempt = scan.attempts
    if attempt > MOST_ATTEMPTS:
        facts = _failed(f"{scan.name}: the scan stopped twice before its end; try a smaller file.")
        return _finish(scan_id, attempt, facts)
    with Heartbeat(scan_id) as heartbeat:
        facts = _look(scan, attempt, heartbeat)
    return _finish(scan_id, attempt, facts)


def _claim(scan_id: str) -> Scan | None:
    """Take a scan that waits, or whose worker died; of two workers exactly one gets it."""
    dead = sa.and_(Scan.status == RUNNING, Scan.heartbeat < now() - STALE)
    query = (
        sa.update(Scan)
        .where(Scan.id == scan_id, sa.or_(Scan.status == QUEUED, dead))
        .values(status=RUNNING, attempts=Scan.attempts + 1, started=now(), heartbeat=now(), progress=0.0)
        .returning(Scan.id)
        .execution_options(synchronize_session=False)
    )
    taken = model.Session.execute(query).first()
    model.Session.commit()
    model.Session.expire_all()
    return Scan.get(scan_id) if taken else None


def _finish(scan_id: str, attempt: int, facts: dict[str, Any]) -> Scan | None:
    """Store the result, unless the scan was given to another worker meanwhile.

    Tried again once: while a long scan ran, the database may have been restarted and the connection with it.
    """
    query = (
        sa.update(Scan)
        .where(Scan.id == scan_id, Scan.status == RUNNING, Scan.attempts == attempt)
        .values({"progress": 1.0, "finished": now(), "heartbeat": now(), **facts})
        .returning(Scan.id)
        .execution_options(synchronize_session=False)
    )
    try:
        stored = model.Session.execute(query).first()
        model.Session.commit()
    except DBAPIError:
        model.Session.rollback()
        stored = model.Session.execute(query).first()
        model.Session.commit()
    model.Session.expire_all()
    return Scan.get(scan_id) if stored else None


def _failed(sentence: str) -> dict[str, Any]:
    return {"status": FAILED, "failure": sentence, "outcome": "blocked"}


def _look(scan: Scan, attempt: int, heartbeat: Heartbeat) -> dict[str, Any]:
    try:
        sha256 = sources.bring_in(scan)
        _remember(scan, sha256)
        heartbeat(_FETCHED)
        with store.local_path(sha256) as path:
            return _report(scan, path, heartbeat)
    except FetchError as error:
        # What is linked is on the web already: people can weigh that, so it does not block.
        return {**_failed(f"{scan.name}: {error}"), "outcome": "two_stewards"}
    except (UnreadableFile, EngineError) as error:
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 - whatever happened, the release is held and says so
        model.Session.rollback()
        if _will_pass(error):
            # Nothing is wrong with the file: it waits, and "ckan privacy rescan" hands it over again.
            return {"status": QUEUED, "attempts": attempt - 1, "progress": 0.0, "finished": None}
        # An exception's text may quote the data; its kind and the lines of code cannot.
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("Scan %s stopped with %s:\n%s", scan.id, type(error).__name__, frames)  # noqa: TRY400
        return _failed(
            f"{scan.name}: the scan stopped because of a fault in the scanner ({type(error).__name__}); "
            "start it again, or ask the site's administrator."
        )


def _will_pass(error: Exception) -> bool:
    """Say whether a scan stopped since the store or the database did not answer, or the disk is full."""
    full = isinstance(error, OSError) and error.errno in _NO_ROOM
    return full or isinstance(error, (store.StoreDown, DBAPIError))


def _remember(scan: Scan, sha256: str) -> None:
    query = sa.update(Scan).where(Scan.id == scan.id).values(sha256=sha256)
    model.Session.execute(query.execution_options(synchronize_session=False))
    # Nothing stays open while the scan runs: the heartbeat writes to the same row.
    model.Session.commit()


def _report(scan: Scan, path: Path, heartbeat: Heartbeat) -> dict[str, Any]:
    report = scan_file(path, name=scan.name, settings=config.scan_settings(), progress=heartbeat)
    quality = check_quality(path, scan.name, apart=True)
    return {
        "status": DONE,
        "report": to_dict(report),
        "quality": {**to_dict(quality), "valid": quality.valid, "error_count": quality.error_count},
        "outcome": report.outcome.value,
    }
