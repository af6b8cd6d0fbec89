"""Taking a step with many things, each by itself: one that fails is noted, and stops none of the others."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from typing import TypeVar

from ckan import model

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class Done(list[Result]):
    """What came of the steps that were taken. ``failed`` counts those that could not be taken; the log says why."""

    failed = 0


def one_by_one(items: Iterable[Item], step: Callable[[Item], Result | None]) -> Done[Result]:
    """Take a step with each of the items and return what came of it, where something did; never raises.

    A step commits what it did. What one that failed left in the session is undone.
    """
    done: Done[Result] = Done()
    for item in items:
        try:
            result = step(item)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next one has its turn
            model.Session.rollback()
            _log(item, error)
            done.failed += 1
            continue
        if result:
            done.append(result)
    return done


def _log(item: object, error: Exception) -> None:
    # An exception's text may quote the data; its kind and the lines of code cannot.
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error(
        "A step could not be taken with %s; the next run tries again. %s:\n%s", item, type(error).__name__, frames
    )
