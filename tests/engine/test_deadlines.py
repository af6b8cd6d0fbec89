"""Working days and months of a policy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.privacy.engine.deadlines import WEEK, TimeSettings, months_after, working_days_after
from ckanext.privacy.engine.errors import InvalidPolicy
from ckanext.privacy.engine.policy import DEFAULT, load_policy

MOMENTS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 1, 1)).map(
    lambda day: dt.datetime.combine(day, dt.time(9, tzinfo=dt.timezone.utc))
)
WEEKENDS = st.sets(st.sampled_from(WEEK), max_size=6).map(tuple)


def works(day: dt.date, settings: TimeSettings) -> bool:
    return WEEK[day.weekday()] not in settings.weekend and day.isoformat() not in settings.holidays


@given(MOMENTS, st.integers(1, 30), WEEKENDS)
def test_so_many_working_days_lie_between(moment, days, weekend):
    settings = TimeSettings(weekend=weekend, holidays=("2026-12-25",))
    end = working_days_after(moment, days, settings)
    between = [moment.date() + dt.timedelta(days=n) for n in range(1, (end.date() - moment.date()).days + 1)]
    assert sum(works(day, settings) for day in between) == days
    assert works(end.date(), settings)
    assert end.timetz() == moment.timetz()


def test_a_holiday_and_a_weekend_are_left_out():
    thursday = dt.datetime(2026, 12, 24, 9, tzinfo=dt.timezone.utc)
    settings = TimeSettings(holidays=("2026-12-25",))
    assert working_days_after(thursday, 1, settings).date() == dt.date(2026, 12, 28)
    assert working_days_after(dt.datetime(2026, 12, 28, tzinfo=dt.timezone.utc), -1, settings).date() == thursday.date()


def test_a_month_without_that_day_ends_on_its_last():
    last = dt.datetime(2027, 1, 31, tzinfo=dt.timezone.utc)
    assert months_after(last, 1) == dt.datetime(2027, 2, 28, tzinfo=dt.timezone.utc)
    assert months_after(last, None) is None


def test_the_default_policy_names_its_deadlines():
    assert load_policy().time == TimeSettings()


@pytest.mark.parametrize(
    "line", ["weekend: [someday]", "review_days: 0", "review_again: forget", "holidays: ['2026-13-01']", "unknown: 1"]
)
def test_a_policy_with_a_wrong_deadline_is_refused(tmp_path: Path, line: str):
    path = tmp_path / "policy.yaml"
    before, _, after = DEFAULT.read_text("utf-8").partition("time:\n")
    rules = after[after.index("rules:") :]
    path.write_text(f"{before}time:\n  {line}\n\n{rules}", "utf-8")
    with pytest.raises(InvalidPolicy, match="time"):
        load_policy(path)
