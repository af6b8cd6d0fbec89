"""Formats that are ZIP archives inside: workbooks and documents; anything else is an archive of files."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from importlib import import_module

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say, to_say
from ckanext.privacy.engine.tables import OpenFile, RawFile

from .formats import TABLE, Reader, not_looked_into

#: What a package is, by where its members lie (Office Open XML) or by what its first member says (OpenDocument).
BY_FOLDER: tuple[tuple[str, Reader], ...] = (
    ("xl/", ("workbook", "open_workbook")),
    ("word/", ("documents", "open_word")),
    ("ppt/", ("documents", "open_slides")),
)
BY_TYPE: tuple[tuple[bytes, Reader], ...] = (
    (b"opendocument.spreadsheet", ("workbook", "open_workbook")),
    (b"opendocument.text", ("documents", "open_opendocument")),
    (b"opendocument.presentation", ("documents", "open_opendocument")),
    (b"opendocument.graphics", ("documents", "open_opendocument")),
)
OTHER_OFFICE = "visio/"


def open_package(raw: RawFile) -> OpenFile:
    """Open a ZIP archive as what it is. Raises ``UnreadableFile`` when it is encrypted, damaged or a bomb."""
    try:
        with zipfile.ZipFile(raw.path) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype")[:200] if "mimetype" in names else b""
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise UnreadableFile(say("The file is damaged and cannot be opened; save it again."), raw.name) from error
    module, function = _reader(raw, names, kind)
    return getattr(import_module(f".{module}", __package__), function)(raw)


def _reader(raw: RawFile, names: Sequence[str], kind: bytes) -> Reader:
    archive = "archives", "open_zip"
    if "[Content_Types].xml" in names or "xl/workbook.xml" in names:
        if any(name.startswith(OTHER_OFFICE) for name in names):
            raise not_looked_into(to_say("a drawing"), TABLE, raw.name)
        found = (reader for folder, reader in BY_FOLDER if any(name.startswith(folder) for name in names))
        return next(found, archive)
    if "content.xml" not in names:
        return archive
    return next((reader for mark, reader in BY_TYPE if mark in kind), BY_TYPE[0][1] if not kind else archive)
