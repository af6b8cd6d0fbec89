"""The child process in which a file of a map tool is read: its arguments are the file, a name and the bytes wanted.

It writes a JSON object to stdout: ``name``, ``geometry`` (GeoJSON), ``names`` of all outlines; or ``problem``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from ckanext.privacy.engine.confinement import confine, limit_request

#: Bytes of memory, seconds, and bytes of one written file.
MEMORY, SECONDS, WRITTEN = 3 << 30, 30, 200_000_000
#: Names that are given back, so that somebody can choose.
MOST_NAMES = 40


def answer(path: Path, name: str, most: int) -> dict[str, object]:
    """Read the outline wanted; what is wrong comes as a code."""
    from . import reading

    with tempfile.TemporaryDirectory() as folder:
        try:
            outlines = reading.read(path, Path(folder))
            names = sorted({each.name for each in outlines if each.name})[:MOST_NAMES]
        except reading.Unusable as problem:
            return {"problem": str(problem), "names": []}
    try:
        outline = reading.chosen(outlines, name)
    except reading.Unusable as problem:
        return {"problem": str(problem), "names": names}
    geometry = reading.small_enough(outline.geometry, most)
    shape = json.loads(reading.shapely.to_geojson(geometry))
    return {"name": outline.name, "geometry": shape, "names": names, "outlines": len(outlines)}


def main() -> None:
    """Answer one question, with little to lose and little to reach."""
    confine(MEMORY)
    limit_request(SECONDS, WRITTEN)
    json.dump(answer(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])), sys.stdout)


if __name__ == "__main__":
    main()
