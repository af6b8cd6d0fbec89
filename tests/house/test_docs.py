"""The reference pages say what the code does."""

from __future__ import annotations

import ast

import pytest
from docs import generate

PAGES = generate.pages()


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
