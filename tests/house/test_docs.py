"""The reference pages say what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from docs import generate, screenshots

PAGES = generate.pages()
TESTS = Path(__file__).resolve().parents[1]
README = TESTS.parent / "README.md"
#: Columns of the matrix in docs/faults.md.
FAULTS = ("step", "worker", "PostgreSQL", "Redis", "Solr", "release store")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_is_fresh(path):
    """`make docs` would change nothing."""
    assert path.read_text(encoding="utf-8") == PAGES[path], f"run `make docs`: docs/{path.name} is out of date"


def test_every_option_is_described():
    """No option without a sentence on what it does."""
    page = (generate.DOCS / "configuration.md").read_text(encoding="utf-8")

    undescribed = [key for key in generate.declared_options() if f"### `{key}`\n\n\n" in page]

    assert undescribed == []


@pytest.mark.parametrize("folder", generate.PACKAGES.values(), ids=lambda folder: folder.name)
def test_every_action_says_what_it_does(folder):
    """No action without a docstring: it is the API's documentation."""
    silent = [action.name for action in generate.actions_in(folder) if not ast.get_docstring(action)]

    assert silent == []


def test_every_test_that_a_page_names_is_there():
    """A fault, a leak or a limit is only said to be tried where a test tries it."""
    named = [
        (page.name, file, test)
        for page in generate.DOCS.glob("*.md")
        for file, test in re.findall(r"`(test_\w+\.py)::(test_\w+)", page.read_text(encoding="utf-8"))
    ]
    known = {(path.name, each.name) for path in TESTS.rglob("test_*.py") for each in functions_in(path)}
    assert named
    assert [each for each in named if each[1:] not in known] == []


def functions_in(path: Path) -> list[ast.FunctionDef]:
    """All functions of a file, those of classes too."""
    return [each for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(each, ast.FunctionDef)]


def test_every_cell_of_the_fault_matrix_is_tried_or_takes_no_part():
    """No step of the matrix is left without an answer for any part that can fail."""
    page = (generate.DOCS / "faults.md").read_text(encoding="utf-8")
    rows = [row.split(" | ") for row in page.partition("| step |")[2].partition("\n\n")[0].splitlines()[2:]]
    assert len(rows) > 1
    assert [row[0] for row in rows if len(row) != len(FAULTS)] == []
    silent = [
        (row[0], cell) for row in rows for cell in row[1:] if "`test_" not in cell and "takes no part" not in cell
    ]
    assert silent == []


def test_every_picture_is_shown_and_can_be_taken_again():
    """What lies in docs/images is in a page, and docs/screenshots.py takes it or says that it does not."""
    pages = "".join(page.read_text(encoding="utf-8") for page in [*generate.DOCS.glob("*.md"), README])
    pictures = {path.stem for path in (generate.DOCS / "images").glob("*.png")}
    assert [name for name in sorted(pictures) if f"images/{name}.png" not in pages] == []
    assert {picture.name for picture in screenshots.PICTURES} | screenshots.TAKEN_BY_HAND == pictures
