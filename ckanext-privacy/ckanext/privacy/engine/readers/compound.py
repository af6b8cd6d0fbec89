"""The old compound format: XLS workbooks, and whatever else Office kept in it."""

from __future__ import annotations

import olefile

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say, to_say
from ckanext.privacy.engine.tables import OpenFile, RawFile

from .formats import TABLE, not_looked_into
from .workbook import open_xls

ENCRYPTED = say("The workbook is encrypted; save it without a password.")
#: Streams that say what a compound file is and that no reader looks into.
OTHERS = (
    ("WordDocument", to_say("an old Word document"), to_say("save it as DOCX")),
    ("PowerPoint Document", to_say("an old presentation"), to_say("save it as PPTX")),
    ("__properties_version1.0", to_say("an Outlook message"), to_say("save it as EML")),
    ("Catalog", to_say("a folder's thumbnails"), to_say("leave it out")),
)


def open_compound(raw: RawFile) -> OpenFile:
    """Open an XLS workbook. Raises ``UnreadableFile`` when it is encrypted, damaged or something else."""
    try:
        with olefile.OleFileIO(str(raw.path)) as compound:
            streams = {path[0] for path in compound.listdir()}
    except (OSError, ValueError, IndexError, TypeError) as error:
        if "EncryptedPackage".encode("utf-16-le") in raw.head:
            raise UnreadableFile(ENCRYPTED, raw.name) from error
        raise UnreadableFile(say("The file is damaged and cannot be opened; save it again."), raw.name) from error
    if "EncryptedPackage" in streams:
        raise UnreadableFile(ENCRYPTED, raw.name)
    if streams & {"Workbook", "Book"}:
        return open_xls(raw)
    kind = next(((kind, remedy) for stream, kind, remedy in OTHERS if stream in streams), None)
    raise not_looked_into(*(kind or (to_say("an old Office file"), TABLE)), raw.name)
