"""What `pip install .` delivers: an editable install works with files that a wheel forgets."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Folder in the tree and its name in the wheel.
PLACES = {
    "ckanext-privacy/ckanext/privacy": "ckanext/privacy",
    "ckanext-communitydata/ckanext/communitydata": "ckanext/communitydata",
    "harvesters": "ckanext/cityportals",
}
LEFT_OUT = {".pyc", ".po", ".pot"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in a wheel that was built from a copy, so that no stale `build/` can fill its gaps."""
    copy = tmp_path_factory.mktemp("wheel") / "suite"
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for folder in PLACES:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist", copy]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (copy / "dist").glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


@pytest.mark.parametrize("folder", PLACES)
def test_the_wheel_holds_every_file(wheel, folder):
    """Templates, schemas, migrations, word lists: all of it."""
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    wanted = {f"{PLACES[folder]}/{path.relative_to(ROOT / folder)}" for path in files if path.suffix not in LEFT_OUT}

    assert wanted - wheel == set()


def test_the_wheel_holds_nothing_else(wheel):
    """No tests, no docs, no deploy tool, no compiled files."""
    foreign = [name for name in wheel if not name.startswith((*PLACES.values(), "ckan_community_suite-"))]

    assert foreign == []
    assert [name for name in wheel if name.endswith(".pyc")] == []
