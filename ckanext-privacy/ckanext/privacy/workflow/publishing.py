"""Making a release public and taking it down: the database, the index and the rows together, or not at all."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from ckan import model
from ckan.lib.search.common import SearchError, SearchIndexError
from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import publish
from ckanext.privacy.model import Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import steps
from ckanext.privacy.workflow.transitions import Event, State

log = logging.getLogger(__name__)

_INDEX_ERRORS = (SearchIndexError, SearchError)


def make_public(release: Release, event: Event, actor: steps.Actor, reason: str | None = None) -> None:
    """Make a locked release public in place of the one before it, and commit; on any failure nothing has changed."""
    _supersede(release.package_id, actor)
    steps.take(release, event, actor, reason, outcome=release.outcome)
    release.released = now()
    model.Session.flush()
    show_to_public(release)


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
    """Take a locked release down and commit; ``erase`` removes its bytes and content for good.

    Does not wait for an index that does not answer: that is brought in line later.
    """
    steps.take(release, event, actor, reason, erased=erase)
    model.Session.flush()
    try:
        publish.take_down(release, erase=erase)
    except _INDEX_ERRORS:
        log.warning("The search index does not answer; release %s is taken out of it later.", release.id)
        release.index_behind = True
    model.Session.commit()


def catch_up() -> int:
    """Bring the index in line where it could not follow; return how many datasets that was."""
    query = sa.select(Release.id, Release.package_id).where(Release.index_behind.is_(True))
    behind = model.Session.execute(query).tuples().all()
    return sum(_bring_index_in_line(release_id, package_id) for release_id, package_id in behind)


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


def _supersede(package_id: str, actor: steps.Actor) -> None:
    query = (
        sa.select(Release)
        .where(Release.package_id == package_id, Release.state == State.RELEASED.value)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    before = model.Session.scalars(query).one_or_none()
    if before is not None:
        steps.take(before, Event.SUPERSEDE, actor)
