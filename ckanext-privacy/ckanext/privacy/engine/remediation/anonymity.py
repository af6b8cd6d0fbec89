"""k-anonymity by leaving out as few cells as a greedy search finds, and by the least generalisation that allows it.

Sources: L. Sweeney, "Achieving k-anonymity privacy protection using generalization and suppression" (IJUFKS 10(5),
2002); A. Hundepool et al., "Statistical Disclosure Control" (Wiley, 2012), chapter 3, on local suppression.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ckanext.privacy.engine.groups import KEY, SIZE, key_of


def least_suppression(groups: pl.DataFrame, names: Sequence[str], k: int) -> pl.DataFrame:
    """Say which cells of which groups to blank so that every group has `k` people.

    `groups` has a column of hashes for each of `names` (null where blank), and `#size`. Returned are the `#key` of each
    group that must change and, for each column, whether to blank it. Rows blank in all columns count as hidden. Groups
    that are large enough stay whole; of the others, that column is blanked first which helps most people.
    """
    groups = groups.with_columns(key_of(names))
    large = groups.filter(pl.col(SIZE) >= k).select(*names, SIZE)
    small = groups.filter((pl.col(SIZE) < k) & _any_filled(names))
    done: list[pl.DataFrame] = []
    while small.height:
        column = _most_helpful(small, large, names, k)
        small = small.with_columns(pl.lit(None, pl.UInt64).alias(column))
        helped = _sizes(small, large, names) >= k
        settled = pl.Series(helped) | small.select(~_any_filled(names)).to_series()
        done.append(small.filter(settled))
        large = pl.concat([large, done[-1].select(*names, SIZE)])
        small = small.filter(~settled)
    changed = pl.concat(done) if done else small
    before = groups.select(KEY, *[pl.col(name).alias(f"{name}\x1fbefore") for name in names])
    both = changed.join(before, on=KEY)
    return both.select(
        KEY, *[(pl.col(name).is_null() & pl.col(f"{name}\x1fbefore").is_not_null()).alias(name) for name in names]
    )


def _most_helpful(small: pl.DataFrame, large: pl.DataFrame, names: Sequence[str], k: int) -> str:
    """The column whose blanking settles most people a blanked cell; the most varied one where none settles anybody."""
    best, name_of_best = 0.0, ""
    for name in names:
        filled = int(small.filter(pl.col(name).is_not_null())[SIZE].sum())
        if not filled:
            continue
        blanked = small.with_columns(pl.lit(None, pl.UInt64).alias(name))
        settled = int(blanked.filter(pl.Series(_sizes(blanked, large, names) >= k))[SIZE].sum())
        if settled / filled > best:
            best, name_of_best = settled / filled, name
    if name_of_best:
        return name_of_best
    return max(names, key=lambda name: small[name].drop_nulls().n_unique())


def _sizes(small: pl.DataFrame, large: pl.DataFrame, names: Sequence[str]) -> np.ndarray:
    """How many people have the same values as each of the small groups, among all."""
    both = pl.concat([small.select(*names, SIZE), large.select(*names, SIZE)]).with_columns(key_of(names))
    return both.select(pl.col(SIZE).sum().over(KEY))[SIZE].head(small.height).to_numpy()


def _any_filled(names: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).is_not_null() for name in names)
