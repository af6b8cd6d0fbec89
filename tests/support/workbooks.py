"""Workbooks made of rows, for tests of what reads them."""

from __future__ import annotations

import io
from typing import Any

import openpyxl


def workbook(**sheets: list[list[Any]]) -> bytes:
    """An XLSX file with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
