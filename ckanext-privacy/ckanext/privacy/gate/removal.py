"""Taking things out of the stores for good: what is decided is written down first, and stays written down until done.

A storage that does not answer, or a process that dies, leaves the rest for the next run of the clock. What something
public or waiting needs by then is not removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model import meta
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from ckanext.privacy.gate import evidence, rows, store
from ckanext.privacy.gate.snapshot import rows_beside
from ckanext.privacy.model import Consent, ConsentEvidence, Release, Removal, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.scan import QUEUED, RUNNING
from ckanext.privacy.workflow.transitions import OPEN_STATES, STANDING_STATES

log = logging.getLogger(__name__)

#: Something that lies elsewhere: its kind, and its name there.
Part = tuple[str, str]

ALIVE = (*STANDING_STATES, *OPEN_STATES)
BYTES, ROWS, EVIDENCE, INCOMING = store.BYTES, "rows", store.EVIDENCE, store.INCOMING
HANDS: dict[str, Callable[[str], None]] = {
    BYTES: store.remove, ROWS: rows.drop, EVIDENCE: evidence.remove, INCOMING: store.remove_arrival,
}  # fmt: skip
_ASKED = "privacy_removals_asked"
#: How many things are taken out while nothing can be put in.
BATCH = 200


def content(snapshot: dict[str, Any]) -> list[Part]:
    """Return what of a snapshot lies elsewhere."""
    entries = [*snapshot.get("resources", {}).values()]
    entries += [rows for entry in entries if (rows := rows_beside(entry))]
    stored = [(BYTES, entry["sha256"]) for entry in entries if entry.get("sha256")]
    return stored + [(ROWS, entry["table"]) for entry in entries if entry.get("table")]


def all_there(snapshot: dict[str, Any]) -> bool:
    """Say whether everything a snapshot refers to is still kept."""
    tables = rows.tables()
    return all(store.exists(name) if kind == BYTES else name in tables for kind, name in content(snapshot))


def needed(execute: Callable[[Any], sa.Result[Any]]) -> set[Part]:
    """Return what must stay: for what is public or waits, for scans that have not ended, for agreements."""
    snapshots = sa.select(Release.snapshot["resources"]).where(Release.state.in_(ALIVE))
    found = {part for resources in execute(snapshots).scalars() for part in content({"resources": resources})}
    waiting = sa.select(Scan.sha256).where(Scan.sha256.is_not(None), Scan.status.in_((QUEUED, RUNNING)))
    found |= {(BYTES, sha256) for sha256 in execute(waiting).scalars() if sha256}
    shown = execute(sa.select(Consent.content["evidence"])).scalars()
    found |= {(EVIDENCE, each["id"]) for pieces in shown for each in pieces or ()}
    return found | {(EVIDENCE, name) for name in execute(sa.select(ConsentEvidence.id)).scalars()}


def ask(parts: Collection[Part], session: Any = model.Session) -> None:
    """Write down what is to be removed, in the caller's transaction. It is tried right after the commit."""
    if not parts:
        return
    values = [{"kind": kind, "name": name, "created": now()} for kind, name in sorted(parts)]
    session.execute(insert(Removal).on_conflict_do_nothing(), values)
    session.info[_ASKED] = True


def install() -> None:
    """Remove after the commit, never before: what is removed cannot be rolled back. Again does nothing."""
    for name, handler in (("after_commit", _remove_now), ("after_rollback", _forget)):
        if not event.contains(model.Session, name, handler):
            event.listen(model.Session, name, handler)


def _remove_now(session: Any) -> None:
    if session.info.pop(_ASKED, False):
        _try_all()


def _forget(session: Any) -> None:
    session.info.pop(_ASKED, None)


def finish() -> int:
    """Remove everything that was asked for; return how many things are left because something was out of reach."""
    _try_all()
    return model.Session.execute(sa.select(sa.func.count()).select_from(Removal)).scalar_one()


def _try_all() -> None:
    tried: list[Part] = []
    try:
        while batch := _try_some(tried):
            tried += batch
    except SQLAlchemyError:
        # The commit has happened: nothing can be taken back, and the clock tries again.
        log.exception("What is to be removed from the stores waits for the next run.")


def _try_some(tried: Iterable[Part]) -> list[Part]:
    """Remove the next ones, in a transaction of its own in which nobody puts anything in."""
    if meta.engine is None:
        raise RuntimeError("The database is not set up.")
    key = sa.tuple_(Removal.kind, Removal.name)
    query = sa.select(Removal.kind, Removal.name).where(key.not_in(list(tried))).limit(BATCH)
    with meta.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(store.LOCK)))
        batch: list[Part] = [(kind, name) for kind, name in connection.execute(query)]
        if batch:
            stays = needed(connection.execute)
            done = [part for part in batch if part in stays or _remove(*part)]
            connection.execute(sa.delete(Removal).where(key.in_(done)))
    return batch


def _remove(kind: str, name: str) -> bool:
    try:
        HANDS[kind](name)
    except Exception:
        # Whatever is out of reach must not keep the others.
        log.exception("This could not be removed from the stores yet: %s %s.", kind, name)
        return False
    return True
