"""The id of a resource is the name of its file and of its table: it never passes to another dataset, nor gets lost.

CKAN lets whoever saves choose ids, those of removed resources too, whose files and rows are still there: with the id of
one that was public once, anybody who may add a dataset would read what was never released.
"""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy import event
from sqlalchemy.orm import Session

from ckanext.privacy.gate import rows, uploads
from ckanext.privacy.model import Release
from ckanext.privacy.workflow.transitions import STANDING_STATES

_CHOSEN = "privacy_id_was_chosen"


def install() -> None:
    """Watch who gets an id that was chosen; again does nothing."""
    column: Any = model.Resource.id
    if not event.contains(column, "set", _note_choice):
        event.listen(column, "set", _note_choice)


def _note_choice(resource: model.Resource, value: Any, before: Any, _initiator: Any) -> None:
    """CKAN gives a new row an id of its own: another one that is set afterwards comes from whoever saves."""
    if isinstance(before, str) and before != value:
        cast("Any", sa.inspect(resource)).info[_CHOSEN] = True


def refuse_moved(resource: model.Resource) -> None:
    """Refuse to write a row that belonged to another dataset before; ``ValidationError``."""
    owners: Any = cast("Any", sa.inspect(resource)).attrs.package_id.history
    if any(before and before != resource.package_id for before in owners.deleted or ()):
        raise _refused(resource)


def refuse_left_over(resource: model.Resource) -> None:
    """Refuse a new row whose id was chosen and names a file or a table that is there already; ``ValidationError``."""
    chosen = _CHOSEN in cast("Any", sa.inspect(resource)).info
    if chosen and (uploads.has_working_file(resource.id) or rows.exist(resource.id)):
        raise _refused(resource)


def keep_shown(session: Session, resource: model.Resource) -> None:
    """Keep the row of a removed resource as long as a release shows it: the public reads file and rows by its id.

    CKAN marks what an editor takes out as deleted, and drops it for good at the next change.
    """
    package = session.get(model.Package, resource.package_id) if resource.package_id else None
    if package is None or package in session.deleted or not _is_shown(session, resource):
        return
    session.add(resource)
    resource.state = "deleted"
    package.resources_all.append(resource)


def _is_shown(session: Session, resource: model.Resource) -> bool:
    query = sa.select(Release.id).where(
        Release.package_id == resource.package_id,
        Release.state.in_(STANDING_STATES),
        Release.snapshot["resources"].has_key(resource.id),
    )
    return session.connection().execute(query).first() is not None


def _refused(resource: model.Resource) -> tk.ValidationError:
    sentence = tk._(
        "The id {id} belonged to another file, which is still kept: leave the id out, then the new file gets its own."
    )
    return tk.ValidationError({"resources": [sentence.format(id=resource.id)]})
