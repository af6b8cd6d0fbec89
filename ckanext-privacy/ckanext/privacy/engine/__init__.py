"""The scan engine: plain Python that knows nothing of CKAN.

``scan_file`` looks at every cell of a file; ``judge`` says what its findings mean for a release.
"""

from __future__ import annotations

from .errors import EngineError, InvalidPlan, InvalidPolicy, UnreadableFile
from .findings import (
    ColumnReport,
    Combination,
    EngineFacts,
    EntityFinding,
    FileFacts,
    FileReport,
    Held,
    Outcome,
    PolicyFacts,
    RiskReport,
    Sensitivity,
    SmallCell,
    TableReport,
    from_dict,
    to_dict,
)
from .policy import judge, load_policy
from .scan import VERSION, ScanSettings, scan_file
from .tables import Limits, OpenFile, Table, open_tables

__all__ = [
    "VERSION",
    "ColumnReport",
    "Combination",
    "EngineError",
    "EngineFacts",
    "EntityFinding",
    "FileFacts",
    "FileReport",
    "Held",
    "InvalidPlan",
    "InvalidPolicy",
    "Limits",
    "OpenFile",
    "Outcome",
    "PolicyFacts",
    "RiskReport",
    "ScanSettings",
    "Sensitivity",
    "SmallCell",
    "Table",
    "TableReport",
    "UnreadableFile",
    "from_dict",
    "judge",
    "load_policy",
    "open_tables",
    "scan_file",
    "to_dict",
]
