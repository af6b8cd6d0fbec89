"""Recorded feeds of a city, harvested one after the other by the real thing, each step compared with the truth.

The truth is the table beside the recordings and the identifiers in the feed itself; nothing of the harvester's own
matching is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple

import sqlalchemy as sa
from ckan import model
from portals.recordings import Feed, Truth
from portals.replay import Answer, Replay

from ckanext.cityportals import gathering

_STATE = sa.text("""
    SELECT id, name, state, plugin_data -> 'cityportals' -> 'remote_ids' ->> 0 AS remote_id,
           plugin_data -> 'cityportals' ->> 'digest' AS digest,
           plugin_data -> 'cityportals' ->> 'missing_since' IS NOT NULL AS missing
      FROM package WHERE plugin_data -> 'cityportals' ->> 'source_id' = :source_id
""")


class Stored(NamedTuple):
    """A dataset of the source, as the database has it."""

    id: str
    name: str
    state: str
    remote_id: str
    digest: str
    missing: bool


@dataclass
class Figures:
    """What happened to a city's datasets over all its snapshots. ``wrong`` says what should not have happened."""

    steps: int = 0
    records: int = 0
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    returned: int = 0
    withdrawn: int = 0
    unbelieved: int = 0
    wrong: list[str] = field(default_factory=list)


class Clock(datetime):
    """A clock that stands at the day of the snapshot."""

    day = ""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.strptime(cls.day, "%Y%m%d").replace(hour=12, tzinfo=tz or timezone.utc)


def stored(source_id: str) -> dict[str, Stored]:
    """The datasets of a source, by id."""
    model.Session.rollback()
    return {row.id: Stored(*row) for row in model.Session.execute(_STATE, {"source_id": source_id})}


def harvest_city(
    city_feeds: Iterable[Feed],
    truth: dict[tuple[str, str], Truth],
    portal: Replay,
    source_id: str,
    run: Callable[[], dict[str, Any]],
) -> Figures:
    """Serve each snapshot at ``/data.json`` of ``portal``, run the source, compare."""
    figures, before = Figures(), {}
    real, gathering.datetime = gathering.datetime, Clock  # type: ignore[misc]
    try:
        for feed in city_feeds:
            Clock.day = feed.date
            portal.answers["/data.json"] = Answer({"dataset": feed.records})
            report = run()
            after = stored(source_id)
            found = _compare(before, after, feed, report)
            figures.wrong += [f"{feed.city} {feed.date}: {said}" for said in found.wrong]
            figures.wrong += _against_table(found, truth.get((feed.city, feed.date)), feed)
            _add_up(figures, found)
            figures.withdrawn, before = report["withdrawn"], after
    finally:
        gathering.datetime = real  # type: ignore[misc]
    return figures


def _add_up(total: Figures, step: Figures) -> None:
    for name in ("steps", "records", "added", "changed", "renamed", "removed", "returned", "unbelieved"):
        setattr(total, name, getattr(total, name) + getattr(step, name))


def _compare(before: dict[str, Stored], after: dict[str, Stored], feed: Feed, report: dict[str, Any]) -> Figures:
    """One step, from what the database said before and after it."""
    listed = {feed.portal.remote_id(each) for each in feed.records}
    kept = [(before[each], after[each]) for each in before if each in after]
    stayed = [(old, new) for old, new in kept if not old.missing and not new.missing]
    figures = Figures(
        steps=1,
        records=len(feed.records),
        added=len(after.keys() - before.keys()),
        renamed=sum(old.remote_id != new.remote_id for old, new in stayed),
        changed=sum(old.remote_id == new.remote_id and old.digest != new.digest for old, new in stayed),
        removed=sum(new.missing and not old.missing for old, new in kept),
        returned=sum(old.missing and not new.missing for old, new in kept),
        unbelieved=int(not report["complete"]),
    )
    figures.wrong = [*_broken_promises(before, after), *_wrong_places(after, listed)]
    return figures


def _broken_promises(before: dict[str, Stored], after: dict[str, Stored]) -> list[str]:
    lost = [f"{each} is gone" for each in before.keys() - after.keys()]
    moved = [f"{each} has another address" for each in before.keys() & after.keys()
             if before[each].name != after[each].name]  # fmt: skip
    return lost + moved + [f"{each.id} was deleted" for each in after.values() if each.state != "active"]


def _wrong_places(after: dict[str, Stored], listed: set[str]) -> list[str]:
    """Every record has one living dataset; a dataset is missing if, and only if, its record is not listed."""
    living = Counter(each.remote_id for each in after.values() if not each.missing)
    wrong = [f"{each} has {living[each]} datasets" for each in listed if living[each] != 1]
    wrong += [f"{each.remote_id} is missing but listed" for each in after.values()
              if each.missing and each.remote_id in listed]  # fmt: skip
    if not listed:
        return wrong  # an empty answer says nothing about what it leaves out
    return wrong + [f"{each} is not listed, which was not noticed" for each in living.keys() - listed]


def _against_table(found: Figures, truth: Truth | None, feed: Feed) -> list[str]:
    if truth is None or not feed.records:
        return (
            [] if truth is None or not found.removed else [f"{feed.city} {feed.date}: an empty feed removed something"]
        )
    expected = {
        "renamed": truth.renamed,
        "added or returned": truth.added - truth.renamed,
        "removed": truth.gone - truth.renamed,
        "changed": truth.changed_but_for_modified,
    }
    got = {
        "renamed": found.renamed,
        "added or returned": found.added + found.returned,
        "removed": found.removed,
        "changed": found.changed,
    }
    return [
        f"{feed.city} {feed.date}: {name} {got[name]} instead of {each}"
        for name, each in expected.items()
        if got[name] != each
    ]


def table(figures: dict[str, Figures]) -> str:
    """The figures as a Markdown table, one row a city."""
    columns = ("steps", "records", "added", "changed", "renamed", "removed", "returned", "unbelieved", "withdrawn")
    lines = [f"| city | {' | '.join(columns)} | wrong |", "|---" * (len(columns) + 2) + "|"]
    for city, each in figures.items():
        cells = [str(getattr(each, name)) for name in columns]
        lines.append(f"| {city} | {' | '.join(cells)} | {len(each.wrong)} |")
    return "\n".join(lines)
