"""A clock that tests set, and policies with deadlines of their own."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from ckanext.privacy import config
from ckanext.privacy.model import columns
from ckanext.privacy.workflow import timetable


class Clock:
    """Stands still until it is moved."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch, self.time = patch, dt.datetime.now(dt.timezone.utc)
        patch.setattr(columns, "clock", lambda: self.time)

    def pass_(self, **span: float) -> None:
        """Let so much time pass."""
        self.time += dt.timedelta(**span)

    def after(self, **span: float) -> str:
        """A date so far ahead, as a form sends it."""
        return (self.time + dt.timedelta(**span)).isoformat()

    def tick(self) -> None:
        """Let the scheduler run."""
        timetable.end()
        timetable.close_unreviewed()
        timetable.release_due()


def with_times(patch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Put a policy in force that differs from the default in these deadlines."""
    policy = config.policy()
    changed = replace(policy, time=replace(policy.time, **settings))
    patch.setattr(config, "policy", lambda: changed)
