"""Ask a child process for the outline in a file. Plain Python: no CKAN in here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ckanext.communitydata.fields import FieldError, _
from ckanext.communitydata.places import LARGEST_OUTLINE
from ckanext.privacy.engine.confinement import environment

#: Bytes of a file that is read, and seconds that may take.
LARGEST_FILE, PATIENCE = 30_000_000, 60
#: What is said about a file that cannot be used, by what the child calls it.
PROBLEMS = {
    "unreadable": _(
        "This file was not understood. "
        "Save it from the map tool as GeoJSON, KML or GeoPackage, or zip all parts of the shapefile together."
    ),
    "empty": _(
        "There is no outline in this file. "
        "Save it from the map tool as GeoJSON, KML or GeoPackage, or zip all parts of the shapefile together."
    ),
    "large": _("This file is too large for an outline. Save only the areas that the data is about."),
    "many": _("There are too many shapes in this file. Save only the areas that the data is about."),
    "unplaced": _(
        "This file does not say in which coordinates it is. Save it in degrees (WGS 84), or with its .prj file."
    ),
    "unnamed": _("No outline in this file has that name. It has: {names}."),
}


@dataclass(frozen=True)
class Found:
    """The outline in a file: its name, empty where several were joined; its GeoJSON; how many the file holds."""

    name: str
    geometry: str
    outlines: int
    names: tuple[str, ...]


def outline_in(content: bytes, file_name: str, wanted: str = "") -> Found:
    """Read the outline of a name, or all outlines joined, from the bytes of a file. Raises :class:`FieldError`."""
    if not content or len(content) > LARGEST_FILE:
        raise FieldError(PROBLEMS["large" if content else "empty"])
    with TemporaryDirectory() as folder:
        path = Path(folder, f"outline{Path(file_name).suffix.lower()[:10]}")
        path.write_bytes(content)
        said = _asked(path, wanted)
    if "problem" in said:
        raise FieldError(PROBLEMS[said["problem"]], names=", ".join(said["names"]) or "…")
    return Found(said["name"], json.dumps(said["geometry"]), said["outlines"], tuple(said["names"]))


def _asked(path: Path, wanted: str) -> dict[str, Any]:
    # Rounding writes longer numbers than map tools do.
    command = [sys.executable, "-W", "ignore", "-m", __package__ or "", str(path), wanted, str(LARGEST_OUTLINE // 2)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, env=environment(path.parent), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return {"problem": "large", "names": []}
    return json.loads(done.stdout) if done.returncode == 0 else {"problem": "unreadable", "names": []}
