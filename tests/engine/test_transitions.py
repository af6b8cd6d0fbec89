"""The table of states says what may follow what; nothing else may."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.privacy.workflow.transitions import (
    OPEN_STATES,
    TRANSITIONS,
    Event,
    ImpossibleTransitionError,
    State,
    advance,
)

ENDS = {State.RETURNED, State.WITHDRAWN, State.SUPERSEDED, State.EXPIRED, State.CANCELLED}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_only_what_the_table_holds_can_happen(state, event):
    if (state, event) in TRANSITIONS:
        assert advance(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(ImpossibleTransitionError):
            advance(state, event)


def test_a_release_becomes_public_in_few_ways_only():
    """An approval or an automatic update releases what was reviewed; the emergency exit whatever waits.

    What was approved for a later day comes when the day does. The end of a hold, and another look at what is public,
    show what had been released before.
    """
    ways = {key for key, after in TRANSITIONS.items() if after is State.RELEASED}
    assert ways == {
        (State.IN_REVIEW, Event.RELEASE),
        (State.SCHEDULED, Event.RELEASE),
        (State.RELEASED, Event.CONFIRM),
        (State.HELD, Event.RESUME),
        *((state, Event.OVERRIDE) for state in (*OPEN_STATES, State.HELD)),
    }


def test_what_is_blocked_cannot_be_approved():
    assert (State.BLOCKED, Event.APPROVE) not in TRANSITIONS
    assert (State.BLOCKED, Event.RELEASE) not in TRANSITIONS


@pytest.mark.parametrize("state", sorted(ENDS))
def test_nothing_follows_an_end(state):
    assert not [key for key in TRANSITIONS if key[0] is state]


@pytest.mark.parametrize("state", OPEN_STATES)
def test_every_open_request_can_be_taken_back(state):
    assert advance(state, Event.CANCEL) is State.CANCELLED


@given(st.lists(st.sampled_from([event for event in Event if event is not Event.OVERRIDE]), max_size=12))
def test_no_sequence_of_events_but_the_emergency_exit_releases_without_a_finished_scan(events):
    """Whatever is tried in whatever order, what is released was judged before."""
    state, seen = State.REQUESTED, [State.REQUESTED]
    for event in events:
        try:
            state = advance(state, event)
        except ImpossibleTransitionError:
            continue
        seen.append(state)
    if State.RELEASED in seen:
        before = seen[: seen.index(State.RELEASED)]
        assert State.IN_REVIEW in before
