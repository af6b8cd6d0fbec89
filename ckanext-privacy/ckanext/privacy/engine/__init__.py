"""The scan engine: plain Python that knows nothing of CKAN.

``scan_file`` looks at every cell of a file; ``judge`` says what its findings mean for a release; ``suggest_plan`` and
``apply_plan`` clean it. What needs heavy libraries is imported when it is first asked for (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import EngineError, InvalidPlan, InvalidPolicy, UnreadableFile
from .findings import (
    ColumnReport,
    Combination,
    Diversity,
    EngineFacts,
    EntityFinding,
    FileFacts,
    FileReport,
    Held,
    MetadataFinding,
    Outcome,
    PolicyFacts,
    RiskReport,
    Sensitivity,
    SmallCell,
    TableReport,
    from_dict,
    to_dict,
)
from .settings import Limits, RiskSettings, ScanSettings
from .version import VERSION

if TYPE_CHECKING:
    from .metadata import scan_metadata
    from .policy import Policy, ReleaseOutcome, ReleaseVerdict, Verdict, judge, judge_release, load_policy
    from .quality import QualityReport, check_quality
    from .remediation import CleanReport, Plan, apply_plan, load_plan, preview_plan, suggest_plan
    from .scan import scan_file, scan_files
    from .tables import OpenFile, Table, open_tables
    from .updates import Evidence

#: Where the names live that are imported on first use.
_LATER = {
    "metadata": ("scan_metadata",),
    "policy": ("Policy", "ReleaseOutcome", "ReleaseVerdict", "Verdict", "judge", "judge_release", "load_policy"),
    "quality": ("QualityReport", "check_quality"),
    "remediation": ("CleanReport", "Plan", "apply_plan", "load_plan", "preview_plan", "suggest_plan"),
    "scan": ("scan_file", "scan_files"),
    "tables": ("OpenFile", "Table", "open_tables"),
    "updates": ("Evidence",),
}
_MODULES = {name: module for module, names in _LATER.items() for name in names}

__all__ = [
    "VERSION",
    "CleanReport",
    "ColumnReport",
    "Combination",
    "Diversity",
    "EngineError",
    "EngineFacts",
    "EntityFinding",
    "Evidence",
    "FileFacts",
    "FileReport",
    "Held",
    "InvalidPlan",
    "InvalidPolicy",
    "Limits",
    "MetadataFinding",
    "OpenFile",
    "Outcome",
    "Plan",
    "Policy",
    "PolicyFacts",
    "QualityReport",
    "ReleaseOutcome",
    "ReleaseVerdict",
    "RiskReport",
    "RiskSettings",
    "ScanSettings",
    "Sensitivity",
    "SmallCell",
    "Table",
    "TableReport",
    "UnreadableFile",
    "Verdict",
    "apply_plan",
    "check_quality",
    "from_dict",
    "judge",
    "judge_release",
    "load_plan",
    "load_policy",
    "open_tables",
    "preview_plan",
    "scan_file",
    "scan_files",
    "scan_metadata",
    "suggest_plan",
    "to_dict",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
