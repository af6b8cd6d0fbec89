"""The life of a consent: DPV's statuses, the events that lead from one to the next, whether it holds at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """Where a consent stands; the values are the names of DPV 2.3's consent statuses."""

    REQUESTED = "ConsentRequested"
    DEFERRED = "ConsentRequestDeferred"
    REFUSED = "ConsentRefused"
    GIVEN = "ConsentGiven"
    RENEWED = "RenewedConsentGiven"
    #: Taken back by those who gave it.
    WITHDRAWN = "ConsentWithdrawn"
    #: Ended by somebody else, such as the organisation that had asked for it.
    REVOKED = "ConsentRevoked"
    EXPIRED = "ConsentExpired"
    #: Never was consent: given without notice, by the wrong people, under pressure.
    INVALIDATED = "ConsentInvalidated"

    def __str__(self) -> str:
        return self.value


class Event(str, Enum):
    """What can happen to a consent."""

    REQUEST = "request"
    DEFER = "defer"
    GIVE = "give"
    REFUSE = "refuse"
    RENEW = "renew"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    EXPIRE = "expire"
    INVALIDATE = "invalidate"

    def __str__(self) -> str:
        return self.value


#: The only statuses under which something may be done with the data.
VALID = frozenset({Status.GIVEN, Status.RENEWED})
#: Somebody who was asked said no.
OBJECTIONS = frozenset({Status.REFUSED, Status.WITHDRAWN})

_ENDS = {
    Event.WITHDRAW: Status.WITHDRAWN,
    Event.REVOKE: Status.REVOKED,
    Event.EXPIRE: Status.EXPIRED,
    Event.INVALIDATE: Status.INVALIDATED,
}
TRANSITIONS: dict[tuple[Status | None, Event], Status] = {
    (None, Event.REQUEST): Status.REQUESTED,
    (None, Event.GIVE): Status.GIVEN,
    (None, Event.REFUSE): Status.REFUSED,
    (Status.REQUESTED, Event.DEFER): Status.DEFERRED,
    (Status.REQUESTED, Event.GIVE): Status.GIVEN,
    (Status.REQUESTED, Event.REFUSE): Status.REFUSED,
    (Status.DEFERRED, Event.REQUEST): Status.REQUESTED,
    (Status.DEFERRED, Event.GIVE): Status.GIVEN,
    (Status.DEFERRED, Event.REFUSE): Status.REFUSED,
    # People may change their minds; what they took back needs a new record, with a new notice.
    (Status.REFUSED, Event.GIVE): Status.GIVEN,
    (Status.GIVEN, Event.RENEW): Status.RENEWED,
    (Status.RENEWED, Event.RENEW): Status.RENEWED,
    (Status.EXPIRED, Event.RENEW): Status.RENEWED,
    (Status.EXPIRED, Event.WITHDRAW): Status.WITHDRAWN,
    # The period has run out already when somebody notes it.
    (Status.EXPIRED, Event.EXPIRE): Status.EXPIRED,
    **{(status, event): end for status in (Status.GIVEN, Status.RENEWED) for event, end in _ENDS.items()},
}


class ImpossibleEventError(ValueError):
    """Raised when an event does not fit the status a consent has."""

    def __init__(self, status: Status | None, event: Event) -> None:
        super().__init__(f"A consent with the status {status} cannot take the event '{event}'.")
        self.status, self.event = status, event


@dataclass(frozen=True)
class ConsentEvent:
    """One thing that happened, at a moment with a zone; ``until`` is when what it gave ends by itself, if it does."""

    event: Event
    at: dt.datetime
    until: dt.datetime | None = None


def advance(status: Status | None, event: Event) -> Status:
    """Return the status after ``event``; None stands for a record that does not exist yet.

    >>> advance(Status.GIVEN, Event.WITHDRAW)
    <Status.WITHDRAWN: 'ConsentWithdrawn'>
    """
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise ImpossibleEventError(status, event) from None


def status_at(events: Iterable[ConsentEvent], moment: dt.datetime) -> Status | None:
    """Return the status at a moment, going by what had happened then; None before the first event.

    A period that has run out ends a consent whether or not anybody noted it. Events are taken in the order given.
    """
    status, until = None, None
    for each in events:
        if each.at > moment:
            continue
        status = advance(_run_out(status, until, each.at), each.event)
        until = each.until if status in VALID else None
    return _run_out(status, until, moment)


def holds_until(events: Iterable[ConsentEvent], moment: dt.datetime) -> dt.datetime | None:
    """Return when the consent that holds at ``moment`` ends by itself; None if it has no end, or does not hold."""
    known = [each for each in events if each.at <= moment]
    if status_at(known, moment) not in VALID:
        return None
    return next(each.until for each in reversed(known) if each.event in (Event.GIVE, Event.RENEW))


def _run_out(status: Status | None, until: dt.datetime | None, moment: dt.datetime) -> Status | None:
    return Status.EXPIRED if status in VALID and until is not None and until <= moment else status
