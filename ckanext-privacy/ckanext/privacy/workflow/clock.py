"""What time asks for, stage by stage: one that cannot be taken keeps none of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.privacy.gate import removal
from ckanext.privacy.workflow import agreeing, publishing, reminding, timetable
from ckanext.privacy.workflow.one_by_one import one_by_one

#: Stage -> what it does; what closes comes before what opens.
STAGES: dict[str, Callable[[], Any]] = {
    "agreements_ended": agreeing.expire,
    "releases_ended": timetable.end,
    "closed": timetable.close_unreviewed,
    "released": timetable.release_due,
    "index": publishing.catch_up,
    "agreements_end_soon": agreeing.remind,
    "reminders": reminding.remind,
    "to_erase": removal.finish,
}


def tick() -> tuple[dict[str, int], int]:
    """Do all that is due; return how many things each stage was taken with, and how many could not be taken."""
    counts = dict.fromkeys(STAGES, 0)
    failed = 0

    def take(stage: str) -> None:
        nonlocal failed
        found = STAGES[stage]()
        counts[stage] = found if isinstance(found, int) else len(found)
        failed += getattr(found, "failed", 0)

    return counts, one_by_one(STAGES, take).failed + failed
