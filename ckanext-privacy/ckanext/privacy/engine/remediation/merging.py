"""Coarser until enough people share it: each value gets the finest label of its branch that tells nobody apart.

A branch is either told in all its parts or as a whole. Were its large parts told and its small ones only as "the rest",
the rest would be as small as before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

#: A value's labels from the coarsest to the finest, each within the one before it.
Branch = tuple[str, ...]


def merge(branches: Mapping[str, Branch], sizes: Mapping[str, int], at_least: int) -> dict[str, str | None]:
    """Give each value the finest of its labels that holds, as all labels beside it do, `at_least` people or homes.

    `sizes` are people or homes by value. None where not even the coarsest label holds so many.
    """
    chosen: dict[str, str | None] = {}
    by_top: dict[str, list[str]] = defaultdict(list)
    for value, branch in branches.items():
        if branch:
            by_top[branch[0]].append(value)
        else:
            chosen[value] = None
    for values in by_top.values():
        enough = sum(sizes.get(value, 0) for value in values) >= at_least
        chosen.update(_split(values, branches, sizes, at_least, 0) if enough else dict.fromkeys(values, None))
    return chosen


def _split(
    values: Sequence[str], branches: Mapping[str, Branch], sizes: Mapping[str, int], at_least: int, level: int
) -> dict[str, str | None]:
    """Labels for values that share their label at `level`, which is large enough."""
    parts: dict[str, list[str]] = defaultdict(list)
    for value in values:
        branch = branches[value]
        parts[branch[level + 1] if len(branch) > level + 1 else ""].append(value)
    whole = "" in parts or any(sum(sizes.get(each, 0) for each in part) < at_least for part in parts.values())
    if whole:
        return {value: branches[value][level] for value in values}
    return {
        value: label
        for part in parts.values()
        for value, label in _split(part, branches, sizes, at_least, level + 1).items()
    }
