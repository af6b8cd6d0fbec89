"""Rules of the house that a reader would otherwise have to trust."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    ROOT / "ckanext-privacy/ckanext/privacy",
    ROOT / "ckanext-communitydata/ckanext/communitydata",
    ROOT / "harvesters",
)
ENGINE = PACKAGES[0] / "engine"
CATALOGUE_ONLY = {"ckan", "flask", "sqlalchemy", "redis", "rq"}
LONGEST_FUNCTION = 50
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:work|home|root|Users|tmp/dev)/")
TEXT_FILES = {".py", ".md", ".yaml", ".yml", ".html", ".js", ".css", ".j2", ".sh", ".cfg", ".toml", ".xml", ".txt"}


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for line in listed.splitlines() if (path := ROOT / line).is_file()]


def _python_files() -> list[Path]:
    return [path for folder in (*PACKAGES, ROOT / "deploy") for path in folder.rglob("*.py")]


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_engine_knows_nothing_of_the_catalogue(path):
    """The scanner runs on a laptop without CKAN: imports go from CKAN to the engine, never back."""
    wrong = {name for name in _imports(path) if name.split(".")[0] in CATALOGUE_ONLY}
    outside = {name for name in _imports(path) if re.match(r"ckanext(?!\.privacy\.engine)", name)}

    assert wrong | outside == set()


def test_the_engine_can_be_imported_where_ckan_cannot():
    """Importing the scanner loads no module of the catalogue, not even through a library."""
    program = (
        "import sys\n"
        "for name in ('ckan', 'flask', 'sqlalchemy', 'redis', 'rq'): sys.modules[name] = None\n"
        "from ckanext.privacy.engine import scan_file\n"
        "print(scan_file.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "scan_file", done.stderr


def test_ckanext_stays_a_namespace():
    """An `__init__.py` in a `ckanext` folder would hide CKAN's own plugins."""
    assert [path for path in ROOT.glob("*/ckanext/__init__.py") if ".venv" not in path.parts] == []


def test_no_function_is_longer_than_fifty_lines():
    """What does not fit on a screen is two things."""
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name} {_length(function)}"
        for path in _python_files()
        for function in _functions(path)
        if _length(function) > LONGEST_FUNCTION
    ]

    assert long == []


def test_functions_are_short():
    """Half of all functions have less than twelve lines."""
    lengths = [_length(function) for path in _python_files() for function in _functions(path)]

    assert statistics.median(lengths) < 12


def test_no_module_is_a_drawer_for_everything():
    """A behaviour lives where its name says."""
    assert [path for path in _python_files() if path.stem in {"utils", "util", "misc", "common"}] == []


def test_every_function_of_the_packages_is_typed():
    """Every function says what it gives back."""
    untyped = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in _python_files()
        if "migration" not in path.parts
        for function in _functions(path)
        if function.returns is None and function.name != "__init__"
    ]

    assert untyped == []


def test_no_file_names_a_place_of_one_machine():
    """Paths of a developer's machine mean nothing to anybody else."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked()
        if path.suffix in TEXT_FILES and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]

    assert found == []


def test_nothing_is_left_to_do_later():
    """Notes to oneself belong into issues."""
    note = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b")
    found = [str(path.relative_to(ROOT)) for path in _python_files() if note.search(path.read_text(encoding="utf-8"))]

    assert found == []


def _guarded(tree: ast.Module) -> set[ast.AST]:
    """Whatever stands in a `try`: code that says what it does where the package is absent."""
    return {inner for node in ast.walk(tree) if isinstance(node, ast.Try) for inner in ast.walk(node)}


def _needs(path: Path) -> set[str]:
    """The top-level packages a file can't be imported or run without."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    optional = _guarded(tree)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in optional:
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level and node not in optional:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names


def test_every_imported_package_is_pinned():
    """A package that only this machine happens to have is missing on the next one."""
    pinned = {
        re.sub(r"[-_.]+", "-", line.split("==")[0].split("[")[0]).lower()
        for line in (ROOT / "requirements/test.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    owners = packages_distributions()
    unpinned = {
        (name, str(path.relative_to(ROOT)))
        for path in _tracked()
        if path.suffix == ".py"
        for name in _needs(path)
        if (owned := {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners.get(name, ())})
        and not owned & (pinned | {"ckan-community-suite", "pip"})
    }
    assert not unpinned
