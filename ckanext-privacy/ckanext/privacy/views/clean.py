"""The clean-up page: one choice a column, a look at the result, then a new version of the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.remediation.writers import TEXT_FORMATS
from ckanext.privacy.said import said
from ckanext.privacy.views import errors, findings, steps
from ckanext.privacy.views.calls import act, working_copy
from ckanext.privacy.views.dataset import newest_scans
from ckanext.privacy.views.steps import Plan


def show(id: str, resource_id: str) -> Any:
    """Show what the scanner suggests for each column, and what the file would look like afterwards."""
    try:
        plan = _suggested(resource_id)
    except tk.ValidationError as error:
        for sentence in errors.sentences(error):
            tk.h.flash_error(sentence)
        return tk.redirect_to("privacy.scan_result", id=id)
    return _page(id, resource_id, plan, plan)


def submit(id: str, resource_id: str) -> Any:
    """Show the result of the choices, or make the cleaned file the newest version of the resource."""
    suggested = plan = _suggested(resource_id)
    try:
        plan = chosen_plan(suggested, tk.request.form)
        if tk.request.form.get("step") != "apply":
            return _page(id, resource_id, suggested, plan)
        answer = act("privacy_remediation_apply", resource_id=resource_id, plan=plan)
    except tk.ValidationError as error:
        return _page(id, resource_id, suggested, plan, errors.summary(error, anchor="choices")), 400
    except (json.JSONDecodeError, KeyError):
        said = tk._("A choice could not be read. Please choose again.")
        return _page(id, resource_id, suggested, plan, [{"anchor": "choices", "text": said}]), 400
    tk.h.flash_success(tk._("The cleaned file is the newest version now, and is being scanned."))
    if answer.get("message"):
        tk.h.flash_notice(answer["message"])
    return tk.redirect_to("privacy.scan_result", id=id)


def _suggested(resource_id: str) -> dict[str, Any]:
    return act("privacy_remediation_suggest", resource_id=resource_id)["plan"]


# From the form to a plan ----------------------------------------------------------------------------------------


def chosen_plan(suggested: Plan, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the plan that a form asks for.

    Field ``step-T-C`` holds the step for column ``column-T-C`` of table ``table-T``; an empty step keeps the column.
    The suggested rules for small groups and counts stay where their field (``small_groups-T``) is ticked.
    """
    numbers = [field.removeprefix("table-") for field in form if field.startswith("table-")]
    return {**suggested, "tables": [_chosen_table(number, suggested, form) for number in numbers]}


def _chosen_table(number: str, suggested: Plan, form: Mapping[str, str]) -> dict[str, Any]:
    name = form[f"table-{number}"]
    reasons = _reasons(suggested, name)
    chosen = [
        _with_reason({**_step(value), "column": form[f"column-{field.removeprefix('step-')}"]}, reasons)
        for field, value in form.items()
        if field.startswith(f"step-{number}-") and value
    ]
    dropped = {step["column"] for step in chosen if step["action"] == "drop"}
    rules = {
        key: _rule(steps.planned(suggested, name).get(key), dropped)
        for key in steps.RULES
        if form.get(f"{key}-{number}")
    }
    return {"table": name, "columns": chosen, **{key: rule for key, rule in rules.items() if rule}}


def _step(value: str) -> dict[str, Any]:
    found = json.loads(value)
    if not isinstance(found, dict):
        raise json.JSONDecodeError("A step is an object", value, 0)
    return found


def _reasons(suggested: Plan, table: str) -> dict[tuple[str, str], str]:
    """Why each step is suggested."""
    planned = steps.planned(suggested, table).get("columns", ())
    return {(step["column"], steps.value(step)): step["why"] for step in planned if step.get("why")}


def _with_reason(step: steps.Step, reasons: Mapping[tuple[str, str], str]) -> steps.Step:
    """A step that was suggested keeps its reason, which goes into the statement."""
    why = reasons.get((step["column"], steps.value(step)))
    return {**step, "why": why} if why else step


def _rule(rule: Mapping[str, Any] | None, dropped: set[str]) -> dict[str, Any] | None:
    """Return a rule about small groups without the columns that go anyway; None if none is left."""
    left = [column for column in (rule or {}).get("columns", ()) if column not in dropped]
    return {**rule, "columns": left} if rule and left else None


# From a plan to the page ----------------------------------------------------------------------------------------


def _page(id: str, resource_id: str, suggested: Plan, plan: Plan, problems: list[dict[str, str]] | None = None) -> str:
    package = working_copy(id, "package_update")
    resource = next((each for each in package["resources"] if each["id"] == resource_id), None)
    if resource is None:
        raise tk.ObjectNotFound
    scan = newest_scans(package["id"]).get(resource_id) or {}
    preview = {"tables": []} if problems else act("privacy_remediation_preview", resource_id=resource_id, plan=plan)
    return tk.render(
        "privacy/clean.html",
        {
            "pkg_dict": package,
            "pkg": package,
            "resource": resource,
            "tables": [_table(each, suggested, plan) for each in _cleanable(scan.get("report"))],
            "hidden": [table["name"] for table in (scan.get("report") or {}).get("tables", ()) if table["hidden"]],
            "previews": [_preview(each) for each in preview["tables"]],
            "errors": problems,
        },
    )


def _cleanable(report: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the tables a plan can name: a text file has one; hidden sheets are left out as a whole."""
    if not report:
        return []
    tables = report["tables"][:1] if report["file"]["format"] in TEXT_FORMATS else report["tables"]
    return [table for table in tables if not table["hidden"]]


def _table(table: Mapping[str, Any], suggested: Plan, plan: Plan) -> dict[str, Any]:
    offered, chosen = steps.planned(suggested, table["name"]), steps.planned(plan, table["name"])
    columns = findings.columns(table, everything=True)
    return {
        "name": table["name"],
        "columns": [{**column, **_offer(column["name"], chosen.get("columns", ()))} for column in columns],
        "rules": [
            {"name": key, "sentence": _rule_sentence(key, offered[key]), "chosen": key in chosen}
            for key in steps.RULES
            if offered.get(key)
        ],
    }


def _rule_sentence(key: str, rule: Mapping[str, Any]) -> str:
    columns = findings.and_list(list(rule["columns"]))
    return tk._(steps.RULES[key]).format(columns=columns, n=rule["fewer_than"])


def _offer(column: str, plan: Iterable[steps.Step]) -> dict[str, Any]:
    """Return what can be done to a column; a step of the plan that is not on offer is added to the offer."""
    partner = next((step["column"] for step in plan if step.get("longitude") == column), None)
    mine = next((step for step in plan if step["column"] == column), None)
    chosen = steps.value(mine) if mine else ""
    offered = {"": tk._("Keep it as it is"), **{value: tk._(word) for value, word in steps.WORDS.items()}}
    if mine and chosen not in offered:
        offered[chosen] = steps.word(mine)
    options = [{"value": value, "word": word, "chosen": value == chosen} for value, word in offered.items()]
    return {"options": options, "partner": partner, "why": said((mine or {}).get("why"))}


def _preview(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first rows before and after, with the columns that go and those that change marked."""
    before, after = table["columns_before"], table["columns_after"]
    same_rows = len(table["before"]) == len(table["after"])
    changed = {name for name in after if same_rows and _cells(table, "before", name) != _cells(table, "after", name)}
    return {**table, "gone": [name for name in before if name not in after], "changed": changed}


def _cells(table: Mapping[str, Any], side: str, column: str) -> list[Any]:
    names = list(table[f"columns_{side}"])
    return [row[names.index(column)] for row in table[side]] if column in names else []
