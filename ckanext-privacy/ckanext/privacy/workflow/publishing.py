"""Making a release public and taking it down: the database, the index and the rows together, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable

import sqlalchemy as sa
from ckan import model
from ckan.lib.search import SearchError
from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import publish
from ckanext.privacy.model import Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import steps
from ckanext.privacy.workflow.transitions import Event, State

log = logging.getLogger(__name__)


def make_public(release: Release, event: Event, actor: steps.Actor, reason: str | None = None) -> None:
    """Make a locked release public in place of the one before it, and commit; on any failure nothing has changed."""
    _supersede(release.package_id, actor)
    steps.take(release, event, actor, reason, outcome=release.outcome)
    release.released = now()
    model.Session.flush()
    show_to_public(release)


def show_to_public(release: Release) -> None:
    """Let the public see a release that the session holds as released, and commit."""
    _in_one_go(lambda: publish.make_public(release), tk._("nothing was released"))


def take_down(release: Release, event: Event, actor: steps.Actor, reason: str | None, *, erase: bool = False) -> None:
    """Take a locked release down and commit; ``erase`` removes its bytes and content for good."""
    steps.take(release, event, actor, reason, erased=erase)
    model.Session.flush()
    _in_one_go(lambda: publish.take_down(release, erase=erase), tk._("nothing was taken down"))


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


def _in_one_go(act: Callable[[], None], not_done: str) -> None:
    try:
        act()
        model.Session.commit()
    except (SearchError, OSError) as error:
        model.Session.rollback()
        log.exception("The search index did not take a change of what is public.")
        raise steps.invalid(
            tk._(
                "The search index does not answer, so {not_done} and everything is as before; please try again."
            ).format(not_done=not_done)
        ) from error
    except BaseException:
        model.Session.rollback()
        raise
