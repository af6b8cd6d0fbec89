"""A column in a few figures: how full it is, what is in it, and how often."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

#: bars in a picture of a column, and distinct values up to which a column is one of categories
BARS, CATEGORIES = 8, 30
#: letters of a value shown beside its bar
LABEL = 60


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, how many rows, and the share of the longest bar, 0..1."""

    label: str
    rows: int
    length: float


@dataclass(frozen=True)
class Summary:
    """A column. ``kind`` is number, day, category, text or empty; ``low``, ``middle``, ``high`` are for the first two.

    ``others`` counts the rows of a category that no bar stands for.
    """

    name: str
    kind: str
    filled: int
    distinct: int
    low: str = ""
    middle: str = ""
    high: str = ""
    bars: tuple[Bar, ...] = ()
    others: int = 0


def summarize(rows: pl.DataFrame) -> list[Summary]:
    """Every column in the table's order."""
    return [_summary(column) for column in rows.iter_columns()]


def _summary(column: pl.Series) -> Summary:
    values = column.drop_nulls().alias("value")
    if not values.len():
        return Summary(column.name, "empty", 0, 0)
    distinct = values.n_unique()
    if values.dtype.is_numeric() and (distinct > CATEGORIES or distinct == values.len()):
        return _of_numbers(column.name, values, distinct)
    if values.dtype == pl.Date:
        return _of_days(column.name, values, distinct)
    if distinct <= CATEGORIES and distinct < max(values.len(), 3):
        return _of_categories(column.name, values, distinct)
    return Summary(column.name, "text", values.len(), distinct)


def _of_numbers(name: str, values: pl.Series, distinct: int) -> Summary:
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type] # a numeric column that is not empty
    middle = _figure(float(values.median()))  # type: ignore[arg-type] # as above
    bars = _ranges(values, low, high) if distinct > CATEGORIES else ()
    return Summary(name, "number", values.len(), distinct, _figure(low), middle, _figure(high), bars)


def _ranges(values: pl.Series, low: float, high: float) -> tuple[Bar, ...]:
    """Bars for ranges of the same round width, from the lowest to the highest number."""
    step = _round_step(low, high)
    if not step:  # numbers nearer to each other than a number can say
        return ()
    first = math.floor(low / step)
    place = (values.cast(pl.Float64) / step).floor().cast(pl.Int64) - first
    counts = dict(place.value_counts().iter_rows())
    whole = values.dtype.is_integer()
    edges = [first * step + step * number for number in range(max(counts) + 2)]
    found = [(_range(*pair, whole), counts.get(number, 0)) for number, pair in enumerate(pairwise(edges))]
    return _bars(found)


def _round_step(low: float, high: float) -> float:
    """The least width out of 1, 2 and 5 and their powers of ten that needs no more ranges than are shown; 0 if none."""
    if not math.isfinite(high - low) or high - low <= abs(high) * 1e-9:
        return 0
    power = 10.0 ** math.floor(math.log10((high - low) / BARS))
    steps = (figure * power for figure in (1, 2, 5, 10, 20))
    return next(step for step in steps if math.floor(high / step) - math.floor(low / step) < BARS)


def _range(start: float, end: float, whole: bool) -> str:
    """A range in words; one of whole numbers ends at the last that is in it."""
    last = end - 1 if whole else end
    return _figure(start) if whole and last <= start else f"{_figure(start)} – {_figure(last)}"


def _of_days(name: str, values: pl.Series, distinct: int) -> Summary:
    """Days by year, or by month where they lie within two years."""
    low, high = values.min(), values.max()
    by_month = (high - low).days <= 731  # type: ignore[operator, union-attr] # a column of days that is not empty
    parts = values.dt.strftime("%Y-%m" if by_month else "%Y")
    counted = [(str(part), rows) for part, rows in parts.value_counts().sort("value").iter_rows()]
    return Summary(name, "day", values.len(), distinct, str(low), str(values.median())[:10], str(high), _bars(counted))


def _of_categories(name: str, values: pl.Series, distinct: int) -> Summary:
    counts = values.value_counts(sort=True)
    counts = counts.sort([pl.col("count"), pl.col("value")], descending=[True, False])
    shown = counts.head(BARS)
    if values.dtype.is_numeric():  # people look for a number where it stands among the others
        shown = shown.sort("value")
    found = [(_label(value), rows) for value, rows in shown.iter_rows()]
    rest = values.len() - sum(rows for _label_, rows in found)
    return Summary(name, "category", values.len(), distinct, bars=_bars(found), others=rest)


def _bars(found: list[tuple[str, int]]) -> tuple[Bar, ...]:
    longest = max(rows for _label_, rows in found)
    return tuple(Bar(label, rows, round(rows / longest, 4)) for label, rows in found)


def _label(value: Any) -> str:
    text = _figure(value) if isinstance(value, float) else str(value)
    return text if len(text) <= LABEL else f"{text[: LABEL - 1]}…"


def _figure(value: float) -> str:
    """A number with as many digits as say something.

    >>> _figure(1234.5), _figure(3.0), _figure(0.123456)
    ('1234.5', '3', '0.1235')
    """
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}"
