"""Files within files: each is unpacked to disk under the limits that all of them share, and opened by what it holds.

Names within an archive never become paths: what is unpacked gets a folder and a name of our own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ckanext.privacy.engine import scratch
from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import BLOCK, OpenFile, RawFile, open_raw, read_raw

BOMB = say("It unpacks to more than the limit, as a zip bomb does; upload the files in it one by one.")


class Stream(Protocol):
    """Anything that bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...


class Scratch:
    """A folder on disk that goes when the last table that needs it goes."""

    def __init__(self) -> None:
        self._folder = scratch.Folder()
        self.path = self._folder.path

    def place(self, name: str, folder: str = "") -> Path:
        """Give a path for a file: the ending of its name stays, since libraries go by it."""
        parent = self.path / folder if folder else self.path
        parent.mkdir(exist_ok=True)
        return parent / name


def unpack(raw: RawFile, stream: Stream, target: Path, name: str) -> Path:
    """Copy a stream to disk. Raises ``UnreadableFile`` once the room that all unpacked files share is used up."""
    with target.open("wb") as file:
        while block := stream.read(BLOCK):
            raw.room.bytes -= len(block)
            if raw.room.bytes < 0:
                target.unlink(missing_ok=True)
                raise UnreadableFile(BOMB, name)
            file.write(block)
    return target


def open_part(raw: RawFile, path: Path, name: str, scratch: Scratch) -> OpenFile:
    """Open a file that was unpacked from another one; what cannot be read of it is listed as held, never raised."""
    if raw.depth >= raw.limits.depth:
        deep = say("It is packed more than {depth} times over; unpack it.", depth=raw.limits.depth)
        return OpenFile(raw.facts("unknown"), held=[Held(deep, name)])
    try:
        if path.is_dir():
            from .maps import open_folder

            return open_folder(replace(raw, name=name), path, scratch)
        part = open_raw(replace(read_raw(path, name, raw.limits, inside=raw), folder=scratch))
    except UnreadableFile as error:
        return OpenFile(raw.facts("unknown"), held=[Held.of(error, name)])
    part.tables = [replace(table, keep=(scratch, table.keep)) for table in part.tables]
    return part


def absorb(file: OpenFile, part: OpenFile, name: str, hidden: bool = False) -> None:
    """Take over a part's tables and what of it is held; every table is named after the part that it is in."""
    for table in part.tables:
        title = table.name if table.name.startswith(name) else f"{name}/{table.name}"
        file.tables.append(replace(table, name=title, values=None, hidden=hidden or table.hidden))
    for held in part.held:
        file.held.append(held if held.where.startswith(name) else replace(held, where=f"{name}/{held.where}"))


def named(raw: RawFile, ending: str, scratch: Scratch) -> Path:
    """Give a path of the file with an ending, which some libraries go by."""
    if raw.path.suffix.lower() == ending:
        return raw.path
    link = scratch.place(f"file{ending}")
    link.symlink_to(raw.path.resolve())
    return link
