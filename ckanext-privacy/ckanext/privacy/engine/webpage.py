"""A report as one page that can be read and printed: no script, no network, masked examples only."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader

from .findings import FileReport, to_dict


def write_page(reports: Sequence[FileReport]) -> str:
    """Return the HTML page for some reports; every value is escaped."""
    pages = Environment(loader=PackageLoader(__package__ or "", "templates"), autoescape=True, trim_blocks=True)
    return pages.get_template("report.html").render(reports=[to_dict(report) for report in reports])
