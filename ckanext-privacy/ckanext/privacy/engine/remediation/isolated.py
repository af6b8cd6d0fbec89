"""Cleaning in the child process, for callers that must not parse files of others: previews, and files written anew.

What the child writes is moved to its place by the caller, file by file, after it answered.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import FileReport, from_dict, to_dict
from ckanext.privacy.engine.sandbox import isolated
from ckanext.privacy.engine.sentences import say

from .apply import CleanReport, apply_plan
from .plan import Plan, parse_plan, plan_data
from .preview import preview_plan
from .statement import statement


def preview_isolated(path: Path, plan: Plan, rows: int, name: str) -> list[dict[str, Any]]:
    """The same as :func:`~.preview.preview_plan`, as plain data."""
    request = {"kind": "preview", "path": str(path), "name": name, "plan": plan_data(plan), "rows": rows}
    return isolated(request)["tables"]


def answer_preview(request: dict[str, Any], _progress: object) -> dict[str, Any]:
    """The child's side of :func:`preview_isolated`."""
    plan = parse_plan(request["plan"])
    tables = preview_plan(request["path"], plan, request["rows"], name=request["name"])
    return {"tables": [to_dict(table) for table in tables]}


def apply_isolated(  # noqa: PLR0913, PLR0917 - a file, what to do, where to, and what is known of it
    path: Path, plan: Plan, out: Path, key: bytes | None, name: str, before: FileReport | None
) -> dict[str, Any]:
    """Do what :func:`~.apply.apply_plan` does, and return what was done as plain data.

    ``schemas`` and ``statement_file`` name what was written beside `out`; scans and plan are left out.
    """
    request = {"kind": "clean", "path": str(path), "name": name, "plan": plan_data(plan), "out": out.name}
    request |= {"key": key.hex() if key else None, "before": to_dict(before) if before else None}

    def take(folder: Path, message: dict[str, Any]) -> None:
        for written in message["written"]:
            source = folder / Path(message["folder"]).name / Path(written).name
            if source.is_symlink() or not source.is_file():
                raise UnreadableFile(say("The cleaned file is not there; try again."), name)
            shutil.move(source, out.parent / source.name)

    return isolated(request, collect=take)["result"]


def answer_clean(request: dict[str, Any], _progress: object) -> dict[str, Any]:
    """The child's side of :func:`apply_isolated`: writes into a folder of its own, and says which files."""
    folder = Path(mkdtemp())
    before = from_dict(request["before"]) if request["before"] else None
    key = bytes.fromhex(request["key"]) if request["key"] else None
    plan = parse_plan(request["plan"])
    report = apply_plan(request["path"], plan, folder / request["out"], key, name=request["name"], before=before)
    return {"folder": folder.name, "written": [path.name for path in folder.iterdir()], "result": told(report)}


def told(report: CleanReport) -> dict[str, Any]:
    """What was done, as it is kept and answered: the plan and the scans are kept beside it."""
    data = {key: value for key, value in to_dict(report).items() if key not in {"rescan", "before"}}
    data["tables"] = [{key: value for key, value in table.items() if key != "plan"} for table in data["tables"]]
    for table, cleaned in zip(data["tables"], report.tables, strict=True):
        table["lost"] = cleaned.lost
    outcomes = {"outcome_before": report.before and report.before.outcome.value, "outcome": report.rescan.outcome.value}
    return {**data, **outcomes, "utility_lost": report.utility_lost, "statement": statement(report)}
