"""Steps of a clean-up plan in words. What each does is written in ``docs/cleaning.md``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.findings import from_dict
from ckanext.privacy.engine.remediation import plan_data, suggest_plan
from ckanext.privacy.translation import N_
from ckanext.privacy.views import words

Step = dict[str, Any]
Plan = Mapping[str, Any]

#: What can be done to a column: words, and the plan's step without its column.
CHOICES: tuple[tuple[str, Step], ...] = (
    (N_("Remove the column"), {"action": "drop"}),
    (N_("Empty its cells"), {"action": "blank"}),
    (N_("Mask the values"), {"action": "mask"}),
    (N_("Mask the values, keep the last two characters"), {"action": "mask", "keep_last": 2}),
    (N_("Black out names, numbers and addresses in the text"), {"action": "redact"}),
    (N_("Replace each value by a pseudonym"), {"action": "pseudonymise"}),
    (N_("Dates: keep the month"), {"action": "generalise_date", "to": "month"}),
    (N_("Dates: keep the year"), {"action": "generalise_date", "to": "year"}),
    (N_("Dates: keep the decade"), {"action": "generalise_date", "to": "decade"}),
    (N_("Numbers: groups of 5"), {"action": "generalise_number", "width": 5}),
    (N_("Numbers: groups of 10"), {"action": "generalise_number", "width": 10}),
    (N_("Numbers: groups of 100"), {"action": "generalise_number", "width": 100}),
    (N_("Ages: groups of 10, and everyone from 80 as one"), {"action": "generalise_number", "top": 80, "width": 10}),
    (N_("Numbers: round to tens"), {"action": "round_number", "to": 10}),
    (N_("Numbers: round to hundreds"), {"action": "round_number", "to": 100}),
    (N_("Counts: round to fives at random"), {"action": "random_round", "to": 5}),
    (N_("Places: to the nearest 500 metres"), {"action": "generalise_place", "metres": 500}),
    (N_("Places: to the nearest kilometre"), {"action": "generalise_place", "metres": 1000}),
    (
        N_("Places: squares of a kilometre or more, with at least 5 rows each"),
        {"action": "generalise_place", "at_least": 5, "metres": 1000},
    ),
    (N_("Places: a plus code of about 5 kilometres"), {"action": "generalise_place", "plus_code": 6}),
    (N_("Codes: keep the first 2 characters"), {"action": "generalise_code", "keep": 2}),
    (N_("Codes: keep the first 3 characters"), {"action": "generalise_code", "keep": 3}),
)

WORDS = {json.dumps(step, sort_keys=True): word for word, step in CHOICES}

#: A suggestion with parameters that are not on offer is named by its action.
ACTIONS = {
    "drop": N_("Remove the column"),
    "blank": N_("Empty its cells"),
    "mask": N_("Mask the values"),
    "redact": N_("Black out names, numbers and addresses in the text"),
    "pseudonymise": N_("Replace each value by a pseudonym"),
    "generalise_date": N_("Make dates coarser"),
    "generalise_number": N_("Put numbers into groups"),
    "round_number": N_("Round numbers"),
    "random_round": N_("Round counts at random"),
    "keep": N_("Keep it as it is"),
    "generalise_place": N_("Make places coarser"),
    "generalise_text": N_("Put values into groups"),
    "generalise_code": N_("Shorten codes"),
}


#: Suggested rules that span columns, as sentences.
RULES = {
    "small_groups": N_("Empty {columns} in rows that share them with fewer than {n} rows"),
    "small_counts": N_("Replace counts below {n} in {columns}"),
}


def word(step: Step) -> str:
    """Return what a step does, in words."""
    exact = WORDS.get(value(step))
    return tk._(exact) if exact else words.say(ACTIONS, step["action"])


def value(step: Step) -> str:
    """Return a step without its column and its reason, as a form field holds it."""
    return json.dumps({key: option for key, option in step.items() if key not in {"column", "why"}}, sort_keys=True)


def planned(plan: Plan, table: str) -> Mapping[str, Any]:
    """Return what a plan does to a table; one without a name means the only table of its file."""
    tables = plan.get("tables", ())
    return next((each for each in tables if each.get("table") in (None, table)), {})


def suggestions(report: Mapping[str, Any], table: str) -> dict[str, str]:
    """Return what is suggested for the columns of a table, in words, going by a scan report."""
    plan = plan_data(suggest_plan(from_dict(dict(report))))
    return {step["column"]: word(step) for step in planned(plan, table).get("columns", ())}
