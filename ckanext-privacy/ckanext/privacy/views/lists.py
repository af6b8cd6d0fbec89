"""What lists share: filters that stay in the address, and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ckan.plugins import toolkit as tk

PAGE_SIZE = 25
Options = Iterable[tuple[str, str]]


def chosen(name: str, options: Options) -> str:
    """Return what the address says for a filter; its first option where it says nothing that is on offer."""
    values = [value for value, _ in options]
    given = tk.request.args.get(name, "")
    return given if given in values else values[0]


def choice(name: str, label: str, options: Options) -> dict[str, Any]:
    """Return one filter for the template."""
    offered = list(options)
    return {"name": name, "label": label, "options": offered, "chosen": chosen(name, offered)}


def paging(endpoint: str, count: int) -> dict[str, Any]:
    """Return what a template needs to leaf through ``count`` items; every address keeps its filters."""
    kept = {name: value for name, value in tk.request.args.items() if name != "page"}
    address: Callable[[int], str] = lambda page: tk.h.url_for(endpoint, **{**kept, "page": page})  # noqa: E731
    return {"page": page(), "pages": -(-count // PAGE_SIZE), "address": address}


def page() -> int:
    """Return the page that the address names, from 1."""
    given = tk.request.args.get("page", "1")
    return max(int(given), 1) if given.isdigit() else 1
