"""ZIP, TAR and compressed files: every file in them is opened by what it holds, archives in archives too."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, text_table

from .maps import COMPANIONS, DATABASE_FOLDER
from .unpacking import Scratch, absorb, open_part, unpack

#: What a damaged archive raises while it is unpacked.
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)
DAMAGED = say("It is damaged and cannot be unpacked; pack it again.")
ENCRYPTED = say("It is encrypted; pack it without a password.")
#: Names listed one by one among what is held.
LISTED = 100
#: Endings that compressed files have beside the name of what is in them.
PACKED_ENDINGS = {".gz": "", ".bz2": "", ".xz": "", ".zst": "", ".tgz": ".tar", ".tbz2": ".tar", ".txz": ".tar"}


@dataclass
class Member:
    """A file of an archive: its name there, and how it is opened; it may be encrypted."""

    name: str
    open: Callable[[], IO[bytes]]
    encrypted: bool = False


def open_zip(raw: RawFile) -> OpenFile:
    """Open every file of a ZIP archive; its own comment and the files' names are looked at as well."""
    try:
        with zipfile.ZipFile(raw.path) as archive:
            members = [
                Member(info.filename, lambda info=info: archive.open(info), bool(info.flag_bits & 1))
                for info in archive.infolist()
                if not info.is_dir()
            ]
            comments = [archive.comment, *(info.comment for info in archive.infolist())]
            file = _open_all(raw, "zip", members)
    except BROKEN as error:
        raise UnreadableFile(say("The archive is damaged and cannot be opened; pack it again."), raw.name) from error
    if any(comments):
        texts = [comment.decode("utf-8", "replace") for comment in comments]
        file.tables.append(text_table(f"{raw.name}/comments", texts, hidden=True))
    return file


def open_tar(raw: RawFile) -> OpenFile:
    """Open every file of a TAR archive; links and devices hold nothing."""
    try:
        with tarfile.open(raw.path, "r:") as archive:
            infos = [info for info in archive if info.isfile()]
            members = [Member(info.name, lambda info=info: _extracted(archive, info)) for info in infos]
            return _open_all(raw, "tar", members)
    except BROKEN as error:
        raise UnreadableFile(say("The archive is damaged and cannot be opened; pack it again."), raw.name) from error


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    if stream is None:
        raise tarfile.ReadError(info.name)
    return stream


def open_compressed(raw: RawFile) -> OpenFile:
    """Open the one file in a compressed one. Raises ``UnreadableFile`` when it is damaged or a bomb."""
    scratch, name = Scratch(), raw.name
    inner = PurePosixPath(name)
    ending = PACKED_ENDINGS.get(inner.suffix.lower())
    title = f"{name}/{inner.stem if ending is not None else inner.name}{ending or ''}"
    try:
        with _decompressor(raw) as stream:
            path = unpack(raw, stream, scratch.place(_safe(title)), name)
    except (*BROKEN, ValueError) as error:
        raise UnreadableFile(DAMAGED, name) from error
    file = OpenFile(raw.facts("compressed"))
    absorb(file, open_part(raw, path, title, scratch), title)
    return file


def _decompressor(raw: RawFile) -> Any:
    if raw.head.startswith(b"\x1f\x8b"):
        return gzip.open(raw.path)
    if raw.head.startswith(b"BZh"):
        return bz2.open(raw.path)
    if raw.head.startswith(b"\xfd7zXZ"):
        return lzma.open(raw.path)
    import pyarrow as pa

    return pa.input_stream(str(raw.path), compression="zstd")


def _open_all(raw: RawFile, kind: str, members: Sequence[Member]) -> OpenFile:
    file, content = OpenFile(raw.facts(kind)), _Content(raw)
    raw.room.files -= len(members)
    if raw.room.files < 0:
        many = say("It holds more than {members} files; upload fewer at a time.", members=raw.limits.members)
        raise UnreadableFile(many, raw.name)
    for member in members:
        content.unpack(member)
    for title, path in content.openable():
        absorb(file, open_part(raw, path, title, content.scratch), title)
    file.held += _listed(content.held, raw.name)
    names = [member.name for member in members]
    file.tables.append(text_table(f"{raw.name}/names of files", names, hidden=True, label="file"))
    return file


class _Content:
    """What an archive holds, unpacked; ``held`` lists what could not be."""

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw
        self.scratch = Scratch()
        self.held: list[Held] = []
        self._folders: dict[str, str] = {}
        self._paths: dict[str, Path] = {}

    def unpack(self, member: Member) -> None:
        """Unpack a file to where its companions are."""
        title = f"{self._raw.name}/{member.name}"
        if member.encrypted:
            self.held.append(Held(ENCRYPTED, title))
            return
        target = self._target(member.name)
        try:
            with member.open() as stream:
                self._paths[member.name] = unpack(self._raw, stream, target, title)
        except UnreadableFile as error:
            self.held.append(Held(error.reason, title, error.by_eye))
        except (*BROKEN, RuntimeError):
            self.held.append(Held(DAMAGED, title))

    def _target(self, name: str) -> Path:
        parent = str(PurePosixPath(name).parent)
        ending = DATABASE_FOLDER if parent.lower().endswith(DATABASE_FOLDER) else ""
        folder = self._folders.setdefault(parent, f"{len(self._folders)}{ending}")
        target = self.scratch.place(_safe(name), folder)
        return target.with_name(f"{len(self._paths)}-{target.name}") if target.exists() else target

    def openable(self) -> Iterator[tuple[str, Path]]:
        """What is opened: companions of a map are opened with it, a folder that is a database as one."""
        folded, done = {name.lower() for name in self._paths}, set[Path]()
        for name, path in self._paths.items():
            pure = PurePosixPath(name)
            if path.parent.name.endswith(DATABASE_FOLDER):
                if path.parent not in done:
                    yield f"{self._raw.name}/{pure.parent}", path.parent
                done.add(path.parent)
                continue
            stem = name.removesuffix(pure.suffix).lower()
            if not any(stem + main in folded for main in COMPANIONS.get(pure.suffix.lower(), ())):
                yield f"{self._raw.name}/{name}", path


def _safe(name: str) -> str:
    """A file name without any path in it, short enough for every file system; the ending stays."""
    path = PurePosixPath(name.replace("\\", "/"))
    stem = "".join(char if char.isalnum() else "_" for char in path.stem)[:60]
    return f"{stem or 'file'}{path.suffix.lower()[:12]}"


def _listed(unread: list[Held], name: str) -> list[Held]:
    more = len(unread) - LISTED
    if more <= 0:
        return unread
    return [
        *unread[:LISTED],
        Held(
            say("{more} more files in it could not be looked at; {reason}", more=more, reason=unread[-1].reason), name
        ),
    ]
