"""What CKAN asks again and again while a session only reads: asked once, and forgotten with the first write.

A save asks four times whether one person works on one dataset, and shows the dataset to the activity stream right after
it was read back. A flush, a bulk statement, a commit, a rollback or the session's end forgets everything.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ckan import model
from sqlalchemy import event

T = TypeVar("T")

_KEY = "privacy_remembered"


def install() -> None:
    """Forget with every write of CKAN's session; again does nothing."""
    for name, handler in _HANDLERS.items():
        if not event.contains(model.Session, name, handler):
            event.listen(model.Session, name, handler)


def once(key: Hashable, ask: Callable[[], T]) -> T:
    """Return the answer to a question, which is asked unless it was since the session's last write.

    That there is nothing is never remembered: others may have made it meanwhile.
    """
    known = _known()
    if known.get(key) is None:
        known[key] = ask()
    return known[key]


def keep(key: Hashable, value: Any) -> None:
    """Remember something until the session writes."""
    _known()[key] = value


def take(key: Hashable) -> Any:
    """Return what was kept, to the first who asks; None where nothing was, or something was written since."""
    return _known().pop(key, None)


def _known() -> dict[Hashable, Any]:
    return model.Session.info.setdefault(_KEY, {})


def _forget(session: Any, *_facts: Any) -> None:
    session.info.pop(_KEY, None)


def _forget_bulk(statement: Any) -> None:
    _forget(statement.session)


_HANDLERS: dict[str, Callable[..., None]] = {
    "before_flush": _forget,
    "after_commit": _forget,
    "after_soft_rollback": _forget,
    "after_transaction_end": _forget,
    "after_bulk_update": _forget_bulk,
    "after_bulk_delete": _forget_bulk,
}
