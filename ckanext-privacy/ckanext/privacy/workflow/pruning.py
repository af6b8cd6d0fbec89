"""What lies in the stores and is needed by nothing: found with the reason, and removed when somebody says so.

Needed is what is public or on hold, what waits for a decision, what a scan has not looked at yet, and the evidence of
agreements. What was released or asked for once, or only scanned, stays for a while after that
(``ckanext.privacy.prune_days``): people look back, and appeal.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from ckan import model

from ckanext.privacy.gate import removal, rows, store
from ckanext.privacy.gate.removal import ALIVE, BYTES, EVIDENCE, INCOMING, ROWS, Part
from ckanext.privacy.model import Cleaning, Release, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import audit

EVENT = "store.pruned"
#: How many things one entry of the audit log names.
NAMED = 500

#: Why something lies there that nothing in the database speaks of any more.
_NOBODYS = {
    BYTES: "belongs to no request: its transaction came to nothing",
    ROWS: "belongs to no request: its transaction came to nothing",
    EVIDENCE: "belongs to no agreement: it was not written down in the end",
    INCOMING: "half written by a process that died",
}


@dataclass(frozen=True)
class Use:
    """What something was kept for last: when that ended, for which dataset, and how to say it."""

    at: dt.datetime
    package_id: str
    reason: str


@dataclass(frozen=True)
class Unneeded:
    """One thing that nothing needs, rows counted as 0 bytes; without ``use`` nothing in the database speaks of it."""

    part: Part
    bytes: int
    use: Use | None

    @property
    def reason(self) -> str:
        """Why it lies there, and why it may go."""
        return self.use.reason if self.use else _NOBODYS[self.part[0]]


def find(days: int) -> Iterator[Unneeded]:
    """Yield what nothing needs now and nothing has needed for so many days."""
    needed, uses = removal.needed(model.Session.execute), _last_uses()
    border = now() - dt.timedelta(days=days)
    for part in _stored():
        use = uses.get(part)
        if part not in needed and (use is None or use.at <= border):
            kind, name = part
            yield Unneeded(part, store.size(name) if kind == BYTES else 0, use)


def remove(found: Sequence[Unneeded]) -> int:
    """Remove things for good, with an entry in the audit log that names them; return how many are left for later.

    What somebody began to need meanwhile stays.
    """
    for start in range(0, len(found), NAMED):
        some = found[start : start + NAMED]
        parts = [each.part for each in some]
        data = {
            "parts": [f"{kind} {name}" for kind, name in parts],
            "reasons": dict(Counter(each.reason for each in some)),
            "bytes": sum(each.bytes for each in some),
        }
        audit.record(EVENT, "store", "release_store", data, None)
        removal.ask(parts)
        model.Session.commit()
    return removal.finish()


def _stored() -> Iterator[Part]:
    yield from store.listing()
    yield from ((ROWS, table) for table in sorted(rows.tables()))


def _last_uses() -> dict[Part, Use]:
    found: dict[Part, Use] = {}
    for part, use in _uses():
        if part not in found or found[part].at < use.at:
            found[part] = use
    return found


def _uses() -> Iterator[tuple[Part, Use]]:
    yield from _of_releases()
    for scan in model.Session.scalars(sa.select(Scan).where(Scan.sha256.is_not(None))):
        yield (BYTES, str(scan.sha256)), Use(scan.finished or scan.created, scan.package_id, "was only scanned")
    for cleaning in model.Session.scalars(sa.select(Cleaning)):
        use = Use(cleaning.created, cleaning.package_id, "was cleaned, and not released")
        yield from (((BYTES, name), use) for name in (cleaning.sha256_before, cleaning.sha256_after))


def _of_releases() -> Iterator[tuple[Part, Use]]:
    columns = (Release.package_id, Release.snapshot["resources"], Release.state, Release.released)
    query = sa.select(*columns, sa.func.coalesce(Release.ended, Release.created)).where(Release.state.not_in(ALIVE))
    for package_id, resources, state, released, at in model.Session.execute(query).tuples():
        reason = f"was public, {state} since then" if released else f"was asked for and never released ({state})"
        for part in removal.content({"resources": resources}):
            yield part, Use(at, package_id, reason)
