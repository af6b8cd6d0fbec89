"""Small counts are hidden, and so are the counts beside them from which a total would give them away."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ckanext.privacy.engine.crosstab import MOST_ROWS, find_sums, grid_of, protect

from .plan import SmallCounts

#: Stands for a count that is hidden only to protect another.
ALSO_HIDDEN = "*"


def hide(batch: pl.DataFrame, rule: SmallCounts, also: pl.DataFrame | None, before: int) -> pl.DataFrame:
    """Put the sign for small counts, and ``*`` where `also` has a true cell; `before` rows went before this batch."""
    sign = rule.sign or f"<{rule.fewer_than}"
    more = also.slice(before, batch.height) if also is not None else None
    columns = []
    for name in rule.columns:
        hidden = pl.lit(more[name]) if more is not None else pl.lit(value=False)
        shown = pl.when(hidden).then(pl.lit(ALSO_HIDDEN)).otherwise(pl.col(name))
        columns.append(pl.when(_is_small(name, rule)).then(pl.lit(sign)).otherwise(shown).alias(name))
    return batch.with_columns(columns)


def hidden_counts(batches: Iterable[pl.DataFrame], rule: SmallCounts) -> pl.DataFrame | None:
    """Which counts are hidden to protect small ones; None where no total gives one away, or the table is too long."""
    if not rule.protect_totals:
        return None
    taken, rows = [], 0
    for batch in batches:
        taken.append(batch)
        rows += batch.height
        if rows > MOST_ROWS:
            return None
    frame = pl.concat(taken, how="diagonal") if taken else pl.DataFrame()
    if frame.is_empty():
        return None
    return _protected(frame, rule)


def _protected(frame: pl.DataFrame, rule: SmallCounts) -> pl.DataFrame | None:
    grid = grid_of(frame, rule.columns)
    small = frozenset(
        (row, place)
        for place, name in enumerate(rule.columns)
        for row in frame.with_row_index("#row").filter(_is_small(name, rule))["#row"]
    )
    labels = [name for name in frame.columns if name not in rule.columns]
    hidden = protect(grid, find_sums(frame, grid, labels), small) - small
    if not hidden:
        return None
    cells = {name: [False] * frame.height for name in rule.columns}
    for row, place in hidden:
        cells[rule.columns[place]][row] = True
    return pl.DataFrame(cells)


def _is_small(name: str, rule: SmallCounts) -> pl.Expr:
    count = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return ((count > 0) & (count < rule.fewer_than)).fill_null(value=False)
