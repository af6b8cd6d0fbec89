"""Looking for leaks on a schedule: when it was done last, what it found, and who is told.

Kept are numbers by place, never a name or a word of what leaked: that is told by the next look, to who asks.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ckan import model

from ckanext.privacy.gate import leak_check, leak_visits
from ckanext.privacy.gate.leak_check import Leak
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import notify

log = logging.getLogger(__name__)

#: Under this name CKAN's table of system facts keeps the last looks.
KEY = "ckanext.privacy.leak_check"
#: Without a whole look for so long, it is not being done.
STALE = dt.timedelta(days=2)
#: While the same leaks stay open, it is told again so often.
AGAIN = dt.timedelta(days=1)
QUICK, WHOLE = "quick", "whole"


@dataclass(frozen=True)
class Watch:
    """What is known of the last looks: when the last whole one ended, and how many leaks are known."""

    at: dt.datetime | None
    leaks: int

    @property
    def is_stale(self) -> bool:
        """Say whether nobody has looked for too long, or ever."""
        return self.at is None or now() - self.at > STALE


def look(*, quick: bool = False, progress: Callable[[], None] = lambda: None) -> list[Leak]:
    """Look for leaks and note that it was done; whoever runs the site is told when there are any.

    Quick is what is stored and the visitor's own actions; else every page, file and table is read as well.
    """
    leaks = leak_check.find_leaks()
    if not quick:
        leaks += leak_visits.find_leaks(progress)
    _note(QUICK if quick else WHOLE, leaks)
    return leaks


def last() -> Watch:
    """Return what is known of the last looks."""
    known = _known()
    at = dt.datetime.fromisoformat(known[WHOLE]["at"]) if WHOLE in known else None
    return Watch(at, max(_count(known.get(kind)) for kind in (QUICK, WHOLE)))


def _known() -> dict[str, Any]:
    return json.loads(model.get_system_info(KEY) or "{}")


def _note(kind: str, leaks: Sequence[Leak]) -> None:
    known, moment = _known(), now()
    found = {"at": moment.isoformat(), "places": dict(Counter(each["where"].partition("?")[0] for each in leaks))}
    # A whole look is a quick one, too.
    known |= {QUICK: found, kind: found}
    told = known.get("told")
    if not leaks:
        # A quick look that finds none says nothing of the pages that a whole one found.
        known["told"] = told if _count(known.get(WHOLE)) else None
    elif told is None or moment - dt.datetime.fromisoformat(told) >= AGAIN:
        known["told"] = moment.isoformat()
        log.error("ALARM: %s leaks: %s", len(leaks), found["places"])
        notify.leaks_found()
    model.set_system_info(KEY, json.dumps(known))


def _count(found: dict[str, Any] | None) -> int:
    return sum(found["places"].values()) if found else 0
