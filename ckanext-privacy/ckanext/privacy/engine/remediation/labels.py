"""Headings of a cleaned table, as they stood in the file."""

from __future__ import annotations

from .steps import Cleaner


def labels_of(cleaner: Cleaner) -> list[str]:
    """The heading of each column that is left; a table of groups has new ones."""
    label_of = dict(zip(cleaner.table.header, cleaner.table.labels, strict=True))
    missing = {name: name for name in cleaner.columns if cleaner.plan.aggregate}
    return [{**missing, **label_of}.get(name, "") for name in cleaner.columns]
