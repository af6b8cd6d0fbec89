"""Making a release public and taking it down: the database, the index and the rows together, or not at all."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

import sqlalchemy as sa
from ckan import model
from ckan.lib.search.common import SearchError, SearchIndexError
from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.engine.deadlines import months_after
from ckanext.privacy.gate import publish
from ckanext.privacy.model import AuditEntry, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import legal_basis, steps
from ckanext.privacy.workflow.one_by_one import Done, one_by_one
from ckanext.privacy.workflow.transitions import STANDING_STATES, Event

log = logging.getLogger(__name__)

_NEXT_LOOK = "review_by"
_INDEX_ERRORS = (SearchIndexError, SearchError)


def make_public_or_schedule(release: Release, actor: steps.Actor, reason: str | None = None) -> None:
    """Make a locked release public that nothing more is needed for, or have it wait for its day; commit."""
    if release.public_on is None or release.public_on <= now():
        make_public(release, Event.RELEASE, actor, reason)
        return
    steps.take(release, Event.SCHEDULE, actor, reason, public_on=release.public_on.isoformat())
    model.Session.commit()


def make_public(release: Release, event: Event, actor: steps.Actor, reason: str | None = None) -> None:
    """Make a locked release public in place of the one before it, and commit; on any failure nothing has changed.

    Refused with a ``ValidationError`` when the people in the data have not agreed where that is needed, whoever asks,
    and when its time has passed already.
    """
    set_ends(release)
    _refuse_ended(release)
    try:
        legal_basis.bind(release)
    except tk.ValidationError:
        model.Session.rollback()
        raise
    _supersede_others(release, actor)
    consents = release.consents["records"]
    steps.take(release, event, actor, reason, outcome=release.outcome, consents=consents)
    release.released = now()
    model.Session.flush()
    show_to_public(release)


def resume(release: Release, actor: steps.Actor, reason: str, event: Event = Event.RESUME) -> None:
    """Show a locked release again that was on hold, and commit; refused when its time, or an agreement, has ended.

    Who shows it again has looked at it: a day to look at it again that has passed is set anew.
    """
    set_anew = release.review_by is None or release.review_by <= now()
    if set_anew:
        look_again_later(release)
    _refuse_ended(release)
    _refuse_disagreed(release)
    package = model.Session.get(model.Package, release.package_id)
    if package is None or package.state != "active":
        model.Session.rollback()
        raise steps.invalid(tk._("The dataset is not there any more."))
    steps.take(release, event, actor, reason, **(next_look(release) if set_anew else {}))
    model.Session.flush()
    show_to_public(release)


def look_again_later(release: Release) -> None:
    """Set the next day by which somebody has to look at a release again, counted from now.

    It is as far off as the one before it was, so that a wish is not forgotten, and never later than the policy in force
    asks for. Where neither asks for a day there is none.
    """
    days = [months_after(now(), config.policy().time.review_again_months), _as_far_off_again(release)]
    release.review_by = min(filter(None, days), default=None)


def _as_far_off_again(release: Release) -> dt.datetime | None:
    if release.review_by is None:
        return None
    noted = sa.select(AuditEntry.at).where(AuditEntry.object_id == release.id, AuditEntry.data.has_key(_NEXT_LOOK))
    last = model.Session.scalar(noted.order_by(AuditEntry.seq.desc()).limit(1))
    return now() + (release.review_by - (dt.datetime.fromisoformat(last) if last else release.created))


def next_look(release: Release) -> dict[str, str | None]:
    """Return what the log notes of a step that set the day to look again: from then on it is counted."""
    return {_NEXT_LOOK: release.review_by.isoformat() if release.review_by else None}


def set_ends(release: Release) -> None:
    """Give a release the dates that the policy sets where the person who asked set none."""
    settings = config.policy().time
    if release.review_by is None:
        look_again_later(release)
    if release.expires is None:
        release.expires = months_after(now(), settings.retention_months)


def _refuse_ended(release: Release) -> None:
    ends = [end for end in (release.expires, release.review_by) if end is not None]
    if ends and min(ends) <= now():
        model.Session.rollback()
        raise steps.invalid(tk._("The end date of the release has passed: ask for a new release."))


def _refuse_disagreed(release: Release) -> None:
    lacks = legal_basis.problems(release.snapshot["package"])
    if lacks:
        model.Session.rollback()
        raise tk.ValidationError({legal_basis.FIELD: lacks})


def show_to_public(release: Release) -> None:
    """Let the public see a release that the session holds as released, and commit; the index must take it first."""
    release_id, package_id = release.id, release.package_id
    try:
        publish.make_public(release)
        model.Session.commit()
    except BaseException as error:
        model.Session.rollback()
        # The index may have been written before something else failed.
        _bring_index_in_line(release_id, package_id)
        if isinstance(error, _INDEX_ERRORS):
            log.warning("The search index does not answer; release %s stays as it was.", release_id)
            raise steps.invalid(
                tk._(
                    "The search index does not answer, so nothing was released and nothing is changed; try again soon."
                )
            ) from error
        raise


def take_down(release: Release, event: Event, actor: steps.Actor, reason: str | None, *, erase: bool = False) -> None:
    """Take a locked release down and commit; ``erase`` removes its bytes and content for good."""
    take_down_all([release], event, actor, reason, erase=erase)


def take_down_all(
    releases: Sequence[Release], event: Event, actor: steps.Actor, reason: str | None, *, erase: bool = False
) -> None:
    """Take locked releases down in one transaction with whatever the caller wrote, and commit.

    The database closes first, and with it every way of reading. The index follows; one that does not answer is brought
    in line later.
    """
    for release in releases:
        steps.take(release, event, actor, reason, **({"erased": erase} if event is not Event.HOLD else {}))
        release.index_behind = True
    model.Session.flush()
    for release in releases:
        publish.close(release, erase=erase)
    behind = [(release.id, release.package_id) for release in releases]
    model.Session.commit()
    for release_id, package_id in behind:
        if not _bring_index_in_line(release_id, package_id):
            log.warning("The search index does not answer; release %s is taken out of it later.", release_id)


def catch_up() -> Done[str]:
    """Bring the index in line where it could not follow; return the ids of the releases with which it is now."""
    query = sa.select(Release.id, Release.package_id).where(Release.index_behind.is_(True))
    behind = dict(model.Session.execute(query).tuples().all())
    return one_by_one(
        behind, lambda release_id: release_id if _bring_index_in_line(release_id, behind[release_id]) else None
    )


def _bring_index_in_line(release_id: str, package_id: str) -> bool:
    try:
        publish.reindex(package_id)
    except _INDEX_ERRORS:
        behind = True
    else:
        behind = False
    query = sa.update(Release).where(Release.id == release_id).values(index_behind=behind)
    model.Session.execute(query.execution_options(synchronize_session=False))
    model.Session.commit()
    model.Session.expire_all()
    return not behind


def _supersede_others(release: Release, actor: steps.Actor) -> None:
    query = (
        sa.select(Release)
        .where(Release.package_id == release.package_id, Release.state.in_(STANDING_STATES), Release.id != release.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    before = model.Session.scalars(query).one_or_none()
    if before is not None:
        steps.take(before, Event.SUPERSEDE, actor)
