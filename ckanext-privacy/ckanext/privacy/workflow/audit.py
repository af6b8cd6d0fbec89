"""The audit log: append-only, hash-chained, one writer at a time.

Every entry carries the SHA-256 of its own canonical JSON together with the hash before it, so that a changed, removed
or inserted entry breaks the chain from there on. An end that was cut off shows in the steps that were taken and are not
in it; and the chain's head is published in the register, for whoever noted it down.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from ckan import model
from ckan.model import meta
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from ckanext.privacy.gate.snapshot import canonical
from ckanext.privacy.model import AuditEntry
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import hourly

log = logging.getLogger(__name__)

#: The hash "before" the first entry.
GENESIS = "0" * 64
#: Key of PostgreSQL's advisory lock that makes writers queue up.
_LOCK = 0x70726976
#: So many refused attempts of one account stand in the log each hour.
MOST_REFUSED = 200
_HASHED = ("seq", "at", "actor", "event", "object_type", "object_id", "data", "prev_hash")


#: Steps of releases and agreements, each written in one transaction with its entry, that have none.
_NOT_LOGGED = sa.text("""
    SELECT 1 FROM (SELECT release_id, event, count(*) AS taken FROM privacy_decision GROUP BY 1, 2) AS step
        LEFT JOIN (SELECT object_id, event, count(*) AS logged FROM privacy_audit GROUP BY 1, 2) AS entry
            ON object_id = release_id AND entry.event = 'release.' || step.event
        WHERE coalesce(logged, 0) < taken
    UNION ALL
    SELECT 1 FROM privacy_consent_event AS step WHERE NOT EXISTS (
        SELECT FROM privacy_audit WHERE object_id = consent_id AND data ->> 'event_sha256' = step.hash
    )
    LIMIT 1
""")


class _Executes(Protocol):
    """A session or a connection."""

    def execute(self, statement: Any, /) -> Any: ...


@dataclass(frozen=True)
class Entry:
    """What happened: ``data`` holds identifiers, states, roles and hashes, never people's data or free text."""

    event: str
    object_type: str
    object_id: str
    data: Mapping[str, Any]
    actor: str | None


def record(event: str, object_type: str, object_id: str, data: Mapping[str, Any], actor: str | None) -> None:
    """Append an entry in the caller's transaction; other writers wait until it ends."""
    append(model.Session, Entry(event, object_type, object_id, data, actor))


def record_denied(attempt: str, object_id: str, reason: str, actor: str | None) -> None:
    """Append an entry about something refused, in a transaction of its own: the caller's is about to be rolled back.

    So many of one account in an hour, and of all visitors together: nobody can fill the log, or keep writers waiting.
    """
    if _is_too_often(actor):
        return
    entry = Entry("denied", "attempt", object_id, {"attempt": attempt, "reason": reason}, actor)
    engine = meta.engine
    if engine is None:
        raise RuntimeError("The database is not set up.")
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            append(connection, entry)
    except SQLAlchemyError:
        # The refusal itself must stand whatever happens to its record.
        log.exception("The audit log could not take a refused attempt to %s.", attempt)


def _is_too_often(actor: str | None) -> bool:
    try:
        refused = hourly.count("refused", actor or "visitors")
    except (RedisError, OSError):
        return False
    if refused == MOST_REFUSED + 1:
        log.warning("The audit log takes no more refused attempts of %s within this hour.", actor or "visitors")
    return refused > MOST_REFUSED


def append(session: _Executes, entry: Entry) -> None:
    """Write the entry behind the last one."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    last = session.execute(sa.select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)).first()
    values = {
        "seq": last.seq + 1 if last else 1,
        "at": now().isoformat(),
        "actor": entry.actor,
        "event": entry.event,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "data": _storable(entry.data),
        "prev_hash": last.hash if last else GENESIS,
    }
    session.execute(sa.insert(AuditEntry).values(**values, hash=entry_hash(values)))


def entry_hash(values: Mapping[Any, Any]) -> str:
    """Return the SHA-256 (hex) over an entry's canonical JSON, the previous hash included."""
    return hashlib.sha256(canonical({key: values[key] for key in _HASHED})).hexdigest()


def verify() -> dict[str, Any]:
    """Walk the whole chain; return ``{ok, length, head, first_broken}``.

    ``first_broken`` is the number of the first entry that does not fit, None when all do; where all fit and steps are
    missing that releases and agreements tell of, it is the number after the last.
    """
    length, head, first_broken = 0, GENESIS, None
    rows = model.Session.execute(
        sa.select(AuditEntry.__table__).order_by(AuditEntry.seq).execution_options(yield_per=1000)
    )
    for row in rows.mappings():
        length += 1
        fits = row["seq"] == length and row["prev_hash"] == head and row["hash"] == entry_hash(row)
        if not fits and first_broken is None:
            first_broken = length
        head = row["hash"]
    if first_broken is None and model.Session.execute(_NOT_LOGGED).first() is not None:
        first_broken = length + 1
    return {"ok": first_broken is None, "length": length, "head": head, "first_broken": first_broken}


def head() -> dict[str, Any]:
    """Return number and hash of the newest entry, as the register publishes them."""
    last = model.Session.execute(
        sa.select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)
    ).first()
    return {"length": last.seq if last else 0, "head": last.hash if last else GENESIS}


def _storable(data: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what would not come back from the database as it was: the hash could not be checked."""
    plain = json.loads(canonical(data))
    if any(isinstance(value, float) for value in _leaves(plain)):
        raise TypeError("An audit entry holds text, whole numbers, true, false and nothing else.")
    return plain


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]
