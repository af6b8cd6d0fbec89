"""Steps that look at the whole table first: a value is told as finely as so many homes or people share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import polars as pl

from .merging import Branch, merge
from .places import labels_of
from .plan import Step
from .transforms import degrees, generalise_code, plain, two_numbers

#: From the values of a step's columns in one row to their new values.
RowTransform = Callable[[Sequence[str | None]], tuple[str | None, ...]]

#: Between the parts of a value that stands in two cells.
JOINT = "\x1f"


def is_crowded(step: Step) -> bool:
    """Whether a step says how many must share a value."""
    return "at_least" in step.options


def crowd_transform(step: Step, batches: Iterable[pl.DataFrame]) -> RowTransform:
    """Read the table once and return what the step does; values that nobody read get nothing."""
    sizes = _sizes(step, batches)
    branch_of = _branches(step)
    branches = {value: branch_of(value) for value in sizes}
    labels = merge(branches, sizes, step.options["at_least"])

    def apply(cells: Sequence[str | None]) -> tuple[str | None, ...]:
        label = labels.get(JOINT.join(cell or "" for cell in cells))
        if len(cells) == 1 or label is None:
            return (label, *[None] * (len(cells) - 1))
        halves = label.split(", ") if "metres" in step.options else [label]
        return (halves[0], halves[1] if len(halves) > 1 else None)

    return apply


def _sizes(step: Step, batches: Iterable[pl.DataFrame]) -> dict[str, int]:
    """Rows, or homes, by value. A home with several values counts with its first, so that no home counts twice."""
    homes = step.options.get("households")
    counted = pl.DataFrame(schema={"value": pl.String, "home": pl.String, "rows": pl.UInt32})
    for batch in batches:
        value = pl.concat_str([pl.col(name).fill_null("") for name in step.columns], separator=JOINT).alias("value")
        home = pl.col(homes).fill_null("") if homes else pl.lit("")
        filled = pl.any_horizontal(pl.col(name).is_not_null() for name in step.columns)
        rows = batch.filter(filled).select(value, home.alias("home"), pl.lit(1, pl.UInt32).alias("rows"))
        both = pl.concat([counted, rows]).group_by("value", "home", maintain_order=True)
        counted = both.agg(pl.col("rows").sum())
    if homes:
        first = pl.int_range(pl.len()).over("home") == 0
        counted = counted.with_columns(first.cast(pl.UInt32).alias("rows"))
    return dict(counted.group_by("value").agg(pl.col("rows").sum()).iter_rows())


def _branches(step: Step) -> Callable[[str], Branch]:
    if step.action == "generalise_code":
        return lambda value: _prefixes(value, step.options["keep"])
    if step.action == "generalise_text":
        return _groups(step)
    labels, first = labels_of(step.options), step.options.get("longitude_first", False)

    def of_place(value: str) -> Branch:
        pair = value.split(JOINT) if JOINT in value else two_numbers(value, first)
        place = degrees(*pair) if pair else None
        found = labels(*place) if place else ()
        turned = first and "metres" in step.options
        return tuple(", ".join(reversed(label.split(", "))) for label in found) if turned else found

    return of_place


def _prefixes(value: str, keep: int) -> Branch:
    code = generalise_code(keep)(value) or ""
    return tuple(code[:length] for length in range(1, len(code) + 1))


def _groups(step: Step) -> Callable[[str], Branch]:
    """A value's groups from the coarsest to the finest; one that is in none is told by nothing."""
    hierarchy = step.options.get("hierarchy") or {
        member: [group] for group, members in step.options["groups"].items() for member in members
    }
    level = step.options.get("level", 1)
    above = {plain(member): tuple(reversed(groups[level - 1 :])) for member, groups in hierarchy.items()}
    return lambda value: above.get(plain(value), ())
