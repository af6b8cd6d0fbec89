"""Looks at a file from outside before any library opens it."""

from __future__ import annotations

import io
import zipfile

from ckanext.communitydata.fields import _

from .proposal import ImportRefusedError

#: Bytes of a description, such as a form; and of an export with answers in it.
LARGEST_FORM = 5_000_000
LARGEST_EXPORT = 50_000_000
#: Bytes and members of an archive once it is unpacked.
LARGEST_UNPACKED = 300_000_000
MOST_MEMBERS = 2_000


def check(name: str, content: bytes, largest: int) -> None:
    """Refuse a file that is empty or too big, and an archive that would unpack to too much."""
    if not content:
        raise ImportRefusedError(_("“{name}” is empty. Choose another file."), name=name)
    if len(content) > largest:
        raise ImportRefusedError(
            _("“{name}” is too big ({size} MB, at most {limit} MB)."),
            name=name,
            size=round(len(content) / 1e6, 1),
            limit=largest // 1_000_000,
        )
    if content.startswith(b"PK"):
        _check_archive(name, content)


def _check_archive(name: str, content: bytes) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise ImportRefusedError(_("“{name}” is damaged. Save it again and choose the new one."), name=name) from None
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise ImportRefusedError(_("“{name}” would unpack to too much. Take parts of it out."), name=name)
