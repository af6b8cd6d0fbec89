"""Ask a child process to look at a file. Its answers are kept in memory for minutes, never on disk."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Seconds until a look is given up, and for which an answer is kept; answers kept.
PATIENCE, KEPT, MOST_KEPT = 90, 600, 64
#: What is said when the child ends without an answer.
BROKEN = {"unreadable": "The file broke its reader, or takes too much time or memory to be looked at here."}


@dataclass(frozen=True)
class Question:
    """What to look at: a file and its name, the table's number from 0, which of its rows to show, and spots for a map.

    ``key`` names the bytes: an answer may be minutes old, and is never another file's.
    """

    path: Path
    key: str
    name: str
    table: int
    first: int
    rows: int
    spots: bool = False


def look(question: Question) -> dict[str, Any]:
    """What a table holds, as ``__main__`` describes it."""
    return _kept(question, int(time.monotonic() // KEPT))


@functools.lru_cache(maxsize=MOST_KEPT)
def _kept(question: Question, period: int) -> dict[str, Any]:
    return _ask({**asdict(question), "path": str(question.path)})


def write(path: Path, name: str, table: int, kind: str, target: Path) -> dict[str, Any]:
    """Write a table in another format to ``target``."""
    return _ask({"path": str(path), "name": name, "table": table, "format": kind, "target": str(target)})


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", __package__ or ""]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=json.dumps(question), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return BROKEN
    return json.loads(done.stdout) if done.returncode == 0 else BROKEN
