"""Erasing what the gate keeps of a dataset, everywhere: snapshots, stored bytes, copies of rows, activities, names of
files, what scans, cleanings and policies noted, what people wrote about it, settled concerns. That something was there
and was erased stays, in releases and audit log, with what was said when it was erased.

The working copy is its editors': they replace or delete it. What another release still shows stays for that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Session

from ckanext.privacy.engine.sentences import say
from ckanext.privacy.gate import activities, freeze, removal, rows
from ckanext.privacy.gate.removal import ALIVE, Part, content
from ckanext.privacy.model import Cleaning, Concern, Decision, Release, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.concern import RESOLVED
from ckanext.privacy.model.scan import FAILED
from ckanext.privacy.workflow import audit
from ckanext.privacy.workflow.transitions import STANDING_STATES, Event

#: What a release keeps of its snapshot when it is erased. Its name in addresses may say as much as its title.
_KEPT = ("id", "type", "owner_org")
EVENT = "release.erased"
#: What a scan says whose bytes were erased before it had ended, or that had failed.
ERASED = say("The bytes were erased before the scan had ended.")
#: Stands where something had a name that must not be empty.
NAMELESS = "—"
#: The decisions whose reason the public is told when a dataset is gone.
_TAKEN_AWAY = (Event.WITHDRAW.value, Event.EXPIRE.value)


def erase(release: Release, because: str | None = None) -> None:
    """Erase everything of a dataset whose release has ended, older versions too, in the caller's transaction.

    ``because`` is what the public is told from now on in place of all reasons given before. What is public of the
    dataset, or waits for a decision, stays. Bytes and rows go right after the commit, or as soon as their store answers
    (:mod:`ckanext.privacy.gate.removal`).
    """
    erase_all(model.Session, release.package_id, ("release", release.id), because)


def erase_purged(session: Session, package_id: str, because: str) -> None:
    """Erase what the gate kept of a dataset that is not there any more; nothing happens where it kept nothing."""
    newest = sa.select(Release.id).where(Release.package_id == package_id).order_by(Release.created.desc()).limit(1)
    release_id = session.scalar(newest)
    scanned = session.scalar(sa.select(Scan.id).where(Scan.package_id == package_id).limit(1))
    if release_id or scanned:
        about = ("release", release_id) if release_id else ("package", package_id)
        erase_all(session, package_id, about, because)


def erase_all(session: Session | Any, package_id: str, about: tuple[str, str], because: str | None) -> None:
    """Erase everything of a dataset that is neither public nor waits; ``about`` is what the log says was erased."""
    mine = {part for snapshot in _snapshots(session, package_id, alive=True) for part in content(snapshot)}
    kept_here = bool(_ids(session, package_id, alive=True))
    doomed = _all_of(session, package_id) - mine
    shared = {owner: parts & doomed for owner, parts in _alive_elsewhere(session, package_id).items()}
    others = {owner: parts for owner, parts in shared.items() if parts}
    ended = _ids(session, package_id, alive=False)
    _empty_releases(session, package_id)
    _empty_decisions(session, ended, because)
    _empty_notes(session, package_id, keep={sha256 for kind, sha256 in mine if kind == removal.BYTES})
    activities.erase(session, package_id, but_public=_is_standing(session, package_id))
    gone = doomed.difference(*others.values())
    removal.ask(gone, session)
    kept_for = sorted([*others, *([package_id] if kept_here else [])])
    data = {"package": package_id, "parts": len(gone), "kept_for": kept_for}
    audit.append(session, audit.Entry(EVENT, *about, data, None))


def shown_by(package_id: str, besides: str) -> set[Part]:
    """Return the content that versions of a dataset showed that have ended, and the release ``besides``."""
    of = sa.select(Release.snapshot).where(Release.package_id == package_id)
    of = of.where(sa.or_(Release.state.not_in(ALIVE), Release.id == besides))
    return {part for snapshot in model.Session.scalars(of) for part in content(snapshot)}


def _of(package_id: str, *, alive: bool) -> tuple[sa.ColumnElement[bool], ...]:
    return Release.package_id == package_id, Release.state.in_(ALIVE) if alive else Release.state.not_in(ALIVE)


def _ids(session: Session, package_id: str, *, alive: bool) -> list[str]:
    return list(session.scalars(sa.select(Release.id).where(*_of(package_id, alive=alive))))


def _snapshots(session: Session, package_id: str, *, alive: bool) -> Iterable[dict[str, Any]]:
    return session.scalars(sa.select(Release.snapshot).where(*_of(package_id, alive=alive)))


def _is_standing(session: Session, package_id: str) -> bool:
    query = sa.select(Release.id).where(Release.package_id == package_id, Release.state.in_(STANDING_STATES))
    return session.execute(query).first() is not None


def _all_of(session: Session, package_id: str) -> set[Part]:
    """Return all content that was ever put aside for a dataset, released, only scanned, or cleaned."""
    found = {part for snapshot in _snapshots(session, package_id, alive=False) for part in content(snapshot)}
    looked_at = sa.select(Scan.sha256).where(Scan.package_id == package_id, Scan.sha256.is_not(None))
    found |= {(removal.BYTES, sha256) for sha256 in session.scalars(looked_at) if sha256}
    for cleaning in _cleanings(session, package_id):
        found |= {(removal.BYTES, cleaning.sha256_before), (removal.BYTES, cleaning.sha256_after)}
    return found | {(removal.ROWS, table) for table in rows.copies_of(_resource_ids(session, package_id))}


def _resource_ids(session: Session, package_id: str) -> list[str]:
    """The ids of all resources that a dataset has or had; of one that was purged only scans know them."""
    scanned = session.scalars(sa.select(Scan.resource_id).where(Scan.package_id == package_id))
    return sorted({*freeze.resource_ids(package_id), *scanned})


def _cleanings(session: Session, package_id: str) -> Iterator[Cleaning]:
    yield from session.scalars(sa.select(Cleaning).where(Cleaning.package_id == package_id))


def _alive_elsewhere(session: Session, package_id: str) -> dict[str, set[Part]]:
    """Return by dataset the content that releases of others still need: equal bytes are stored once."""
    query = sa.select(Release.package_id, Release.snapshot["resources"]).where(
        Release.package_id != package_id, Release.state.in_(ALIVE)
    )
    found: dict[str, set[Part]] = {}
    for owner, resources in session.execute(query):
        found.setdefault(owner, set()).update(content({"resources": resources}))
    return found


def _empty_releases(session: Session, package_id: str) -> None:
    found = session.execute(sa.select(Release.id, Release.snapshot).where(*_of(package_id, alive=False))).tuples().all()
    for release_id, snapshot in found:
        nothing = {"snapshot": _emptied(snapshot), "reasons": [], "note": None, "ended_reason": None}
        _run(session, sa.update(Release).where(Release.id == release_id).values(nothing))


def _emptied(snapshot: dict[str, Any]) -> dict[str, Any]:
    package = {key: snapshot["package"].get(key) for key in _KEPT}
    package |= {"name": package["id"], "title": "", "resources": []}
    return {"format": snapshot["format"], "package": package, "package_default": package, "resources": {}, "views": {},
            "erased": True}  # fmt: skip


def _empty_decisions(session: Session, release_ids: list[str], because: str | None) -> None:
    """Forget why people decided as they did; say in the place of it why what was public last is gone for good."""
    _run(session, sa.update(Decision).where(Decision.release_id.in_(release_ids)).values(reason=None))
    last = sa.select(Decision.id, Decision.release_id).order_by(Decision.created.desc()).limit(1)
    found = session.execute(last.where(Decision.release_id.in_(release_ids), Decision.event.in_(_TAKEN_AWAY))).first()
    if found is not None:
        _run(session, sa.update(Decision).where(Decision.id == found.id).values(reason=because))
        _run(session, sa.update(Release).where(Release.id == found.release_id).values(ended_reason=because))


def _empty_notes(session: Session, package_id: str, keep: Collection[str]) -> None:
    """Forget names of files, masked examples, table errors, plans and the words of settled concerns."""
    sha256 = sa.func.coalesce(Scan.sha256, "")
    of_it = sa.update(Scan).where(Scan.package_id == package_id)
    failure = sa.case((Scan.failure.is_not(None), ERASED))
    ended = of_it.where(sha256.not_in(keep), Scan.finished.is_not(None))
    _run(session, ended.values(name=NAMELESS, report=None, quality=None, link=None, failure=failure))
    unfinished = of_it.where(sha256.not_in({*keep, ""}), Scan.finished.is_(None))
    _run(session, unfinished.values(name=NAMELESS, status=FAILED, link=None, failure=ERASED, finished=now()))
    of_it = sa.update(Cleaning).where(Cleaning.package_id == package_id)
    _run(session, of_it.values(plan={}, result={}, table_schemas={}))
    settled = sa.update(Concern).where(Concern.package_id == package_id, Concern.state == RESOLVED)
    _run(session, settled.values(text="", contact=None))


def _run(session: Session, statement: sa.Update) -> None:
    session.execute(statement.execution_options(synchronize_session="fetch"))
