"""De-identification: suggest, preview and apply a plan of what is done to which column."""

from __future__ import annotations

from .apply import CleanReport, TableCleaning, apply_plan, load_key
from .changes import Change
from .plan import Plan, Step, TablePlan, load_plan, parse_plan, plan_data, plan_text
from .preview import TablePreview, preview_plan
from .search import search_plan
from .statement import statement
from .suggest import suggest_plan, suggest_step
from .writers import cleaned_name

__all__ = [
    "Change",
    "CleanReport",
    "Plan",
    "Step",
    "TableCleaning",
    "TablePlan",
    "TablePreview",
    "apply_plan",
    "cleaned_name",
    "load_key",
    "load_plan",
    "parse_plan",
    "plan_data",
    "plan_text",
    "preview_plan",
    "search_plan",
    "statement",
    "suggest_plan",
    "suggest_step",
]
