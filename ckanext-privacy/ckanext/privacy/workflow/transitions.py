"""The states of a release and the one table of what may follow what.

Everything that moves a release goes through :func:`advance`; what is not in the table cannot happen.
"""

from __future__ import annotations

from enum import Enum


class State(str, Enum):
    """Where a release stands. A dataset without a release in ``RELEASED`` has nothing public."""

    REQUESTED = "requested"
    SCANNING = "scanning"
    IN_REVIEW = "in_review"
    BLOCKED = "blocked"
    #: Approved, and not public before its day comes.
    SCHEDULED = "scheduled"
    RELEASED = "released"
    #: A steward closed it for now, because somebody is worried; nothing about it has changed.
    HELD = "held"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    def __str__(self) -> str:
        return self.value


class Event(str, Enum):
    """What can happen to a release."""

    SCAN = "scan"
    JUDGE = "judge"
    BLOCK = "block"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    REOPEN = "reopen"
    RELEASE = "release"
    CONFIRM = "confirm"
    RETURN = "return"
    REJECT = "reject"
    APPEAL = "appeal"
    OVERRIDE = "override"
    HOLD = "hold"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    SUPERSEDE = "supersede"
    EXPIRE = "expire"
    CANCEL = "cancel"

    def __str__(self) -> str:
        return self.value


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.REQUESTED, Event.SCAN): State.SCANNING,
    (State.REQUESTED, Event.CANCEL): State.CANCELLED,
    (State.REQUESTED, Event.OVERRIDE): State.RELEASED,
    (State.SCANNING, Event.JUDGE): State.IN_REVIEW,
    (State.SCANNING, Event.BLOCK): State.BLOCKED,
    (State.SCANNING, Event.CANCEL): State.CANCELLED,
    # The emergency exit leads out of every state in which something waits: workers may be dead when it is needed.
    (State.SCANNING, Event.OVERRIDE): State.RELEASED,
    # A worker that was killed starts again from the same place.
    (State.SCANNING, Event.SCAN): State.SCANNING,
    (State.IN_REVIEW, Event.APPROVE): State.IN_REVIEW,
    (State.IN_REVIEW, Event.RELEASE): State.RELEASED,
    (State.IN_REVIEW, Event.RETURN): State.RETURNED,
    (State.IN_REVIEW, Event.REJECT): State.REJECTED,
    (State.IN_REVIEW, Event.CANCEL): State.CANCELLED,
    # An agreement it would have rested on ended while it waited.
    (State.IN_REVIEW, Event.BLOCK): State.BLOCKED,
    # Asked for again: what blocked it may be gone, such as a scan that failed or an agreement that was missing.
    (State.BLOCKED, Event.SCAN): State.SCANNING,
    (State.BLOCKED, Event.RETURN): State.RETURNED,
    (State.BLOCKED, Event.REJECT): State.REJECTED,
    (State.BLOCKED, Event.OVERRIDE): State.RELEASED,
    (State.BLOCKED, Event.CANCEL): State.CANCELLED,
    (State.IN_REVIEW, Event.OVERRIDE): State.RELEASED,
    (State.IN_REVIEW, Event.SCHEDULE): State.SCHEDULED,
    (State.SCHEDULED, Event.RELEASE): State.RELEASED,
    # On the day it is judged again: the policy may ask for more by then, or the dataset have changed.
    (State.SCHEDULED, Event.REOPEN): State.IN_REVIEW,
    (State.SCHEDULED, Event.BLOCK): State.BLOCKED,
    (State.SCHEDULED, Event.RETURN): State.RETURNED,
    (State.SCHEDULED, Event.REJECT): State.REJECTED,
    (State.SCHEDULED, Event.CANCEL): State.CANCELLED,
    (State.SCHEDULED, Event.OVERRIDE): State.RELEASED,
    (State.REJECTED, Event.APPEAL): State.IN_REVIEW,
    # Looked at again, and still fine.
    (State.RELEASED, Event.CONFIRM): State.RELEASED,
    (State.RELEASED, Event.HOLD): State.HELD,
    (State.HELD, Event.RESUME): State.RELEASED,
    (State.HELD, Event.OVERRIDE): State.RELEASED,
    (State.HELD, Event.WITHDRAW): State.WITHDRAWN,
    (State.HELD, Event.SUPERSEDE): State.SUPERSEDED,
    (State.HELD, Event.EXPIRE): State.EXPIRED,
    (State.RELEASED, Event.WITHDRAW): State.WITHDRAWN,
    (State.RELEASED, Event.SUPERSEDE): State.SUPERSEDED,
    (State.RELEASED, Event.EXPIRE): State.EXPIRED,
}

#: A request that is under way; a dataset has at most one.
OPEN_STATES = (State.REQUESTED, State.SCANNING, State.IN_REVIEW, State.BLOCKED, State.SCHEDULED)
#: The version that is public, or would be again when a hold ends; a dataset has at most one.
STANDING_STATES = (State.RELEASED, State.HELD)
#: What waits for a person, by a named day.
WAITING_STATES = (State.IN_REVIEW, State.BLOCKED, State.HELD)
#: After these people decide anew: what they approved before was said of something else.
ASKS_ANEW = (Event.SCAN, Event.APPEAL)


class ImpossibleTransitionError(ValueError):
    """Raised when an event does not fit the state a release is in."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"A release that is {state} cannot take the step '{event}'.")
        self.state, self.event = state, event


def advance(state: State, event: Event) -> State:
    """Return the state after ``event``.

    >>> advance(State.IN_REVIEW, Event.RETURN)
    <State.RETURNED: 'returned'>
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ImpossibleTransitionError(state, event) from None
