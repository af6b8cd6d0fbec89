"""When something is due: working days and months of a policy, counted in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class TimeSettings:
    """What a policy says about time.

    ``weekend`` names the days nobody works, ``holidays`` more of them (ISO dates). All ``*_days`` are working days: a
    request is decided within ``review_days``, a concern answered within ``concern_days``; stewards are reminded
    ``remind_before`` days before, and others told ``escalate_after`` days after. A release is looked at again after
    ``review_again_months`` and ends after ``retention_months`` (None: never by itself); ``review_again`` is ``hold`` or
    ``withdraw``, ``retention`` is ``withdraw`` or ``erase``.
    """

    weekend: tuple[str, ...] = ("saturday", "sunday")
    holidays: tuple[str, ...] = ()
    review_days: int = 5
    concern_days: int = 5
    remind_before: int = 1
    escalate_after: int = 2
    review_again_months: int | None = None
    review_again: str = "hold"
    retention_months: int | None = None
    retention: str = "withdraw"


def working_days_after(moment: dt.datetime, days: int, settings: TimeSettings) -> dt.datetime:
    """Return the same hour so many working days later; earlier where ``days`` is negative.

    >>> friday = dt.datetime(2026, 11, 27, 15, tzinfo=dt.timezone.utc)
    >>> working_days_after(friday, 1, TimeSettings()).isoformat()
    '2026-11-30T15:00:00+00:00'
    """
    works = [day not in settings.weekend for day in WEEK]
    start = moment.astimezone(dt.timezone.utc)
    # A count that starts on a day off starts on the working day beside it.
    roll = "backward" if days >= 0 else "forward"
    # Who only reads a policy must not wait for it.
    import numpy as np

    day = np.busday_offset(start.date(), days, roll=roll, weekmask=works, holidays=list(settings.holidays))
    return dt.datetime.combine(day.astype(dt.date), start.timetz())


def months_after(moment: dt.datetime, months: int | None) -> dt.datetime | None:
    """Return the same day so many months later, the last of the month where that has no such day; None for None."""
    return moment + relativedelta(months=months) if months else None
