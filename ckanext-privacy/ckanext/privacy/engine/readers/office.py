"""What Office packages keep outside their text: properties, links, pictures, embedded files, custom data.

Source: ECMA-376 (Office Open XML) and OpenDocument 1.3, parts of a package.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import BLOCK, OpenFile, RawFile, Table, frame, text_table

from .traces import traces
from .unpacking import Scratch, absorb, open_part, unpack
from .xml_parts import attributes, elements, local, texts_of

#: Parts about look and order, in which nobody's words stand.
PLAIN = re.compile(
    r"\[Content_Types\]\.xml"
    r"|(xl|word|ppt)/(theme/.*|calcChain\.xml|fontTable\.xml|webSettings\.xml"
    r"|metadata\.xml|tableStyles\.xml|presProps\.xml|viewProps\.xml|stylesWithEffects\.xml|numbering\.xml|fonts/.*)"
    r"|(word|ppt)/styles\.xml|(ppt|word)/(slideMasters|slideLayouts)/_rels/.*|mimetype|META-INF/.*|settings\.xml|manifest\.rdf|layout-cache"
    r"|Configurations2/.*|.*/$"
)
#: Pictures, sounds and files within a document.
EMBEDDED = re.compile(
    r"(xl|word|ppt)/(media|embeddings|activeX)/.*|docProps/thumbnail.*|(Pictures|Thumbnails|media|ObjectReplacements)/.*"
)
MACROS = re.compile(r".*vbaProject\.bin|Basic/.*|Scripts/.*")
PROPERTIES = re.compile(r"docProps/(core|app|custom)\.xml|meta\.xml")
#: Properties that say nothing of people: counts and versions.
COUNTS = frozenset({
    "Pages", "Words", "Characters", "CharactersWithSpaces", "Lines", "Paragraphs", "Slides", "Notes", "HiddenSlides",
    "MMClips", "TotalTime", "DocSecurity", "ScaleCrop", "LinksUpToDate", "SharedDoc", "HyperlinksChanged", "AppVersion",
    "revision", "document-statistic", "editing-cycles", "editing-duration",
})  # fmt: skip
#: How an archive's last record begins, and its longest size with a comment and some bytes behind it.
END, LONGEST_END = b"PK\x05\x06", 1 << 20
MACRO = say("Macros are not looked into; save the file without them.")
DAMAGED = say("The file is damaged and cannot be opened; save it again.")


class Package:
    """An Office package: its members, counted before anything trusts what they claim to unpack to.

    Large members that are read anyway, once, before anything else, are counted then: those whose names fit ``later``.
    """

    def __init__(self, raw: RawFile, later: re.Pattern[str] | None = None) -> None:
        self.raw = raw
        self._left = raw.limits.unpacked
        self._later = later
        self.scratch = Scratch()
        try:
            self.archive = zipfile.ZipFile(raw.path)
            self._count()
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
            raise UnreadableFile(DAMAGED, raw.name) from error
        self.names = self.archive.namelist()

    def loose(self) -> list[str]:
        """What the archive itself says and no member does: comments, and text after its end."""
        comments = [self.archive.comment, *(member.comment for member in self.archive.infolist())]
        said = [comment.decode("utf-8", "replace") for comment in comments if comment]
        return [*said, *traces(_after_the_end(self.raw))]

    def _count(self) -> None:
        for member in self.archive.infolist():
            if member.flag_bits & 1:
                raise UnreadableFile(say("The file is encrypted; save it without a password."), self.raw.name)
            if not (self._later and self._later.fullmatch(member.filename)):
                for _ in self.counted(member.filename):
                    pass

    def counted(self, name: str) -> Iterator[bytes]:
        """Give a member's bytes, block by block. Raises ``UnreadableFile`` when all members are more than the limit."""
        with self.archive.open(name) as stream:
            while block := stream.read(BLOCK):
                self._left -= len(block)
                if self._left < 0:
                    raise UnreadableFile(
                        say("The file unpacks to more than the limit; it may be a zip bomb."), self.raw.name
                    )
                yield block

    def open(self, name: str) -> IO[bytes]:
        """Open a member."""
        return self.archive.open(name)

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        """Members whose whole name fits, in order."""
        return [name for name in self.names if pattern.fullmatch(name)]

    def texts(self, names: Iterable[str]) -> list[str]:
        """Every piece of text in some XML members, or what looks like text in binary ones."""
        found: list[str] = []
        for name in names:
            with self.open(name) as stream:
                found += traces(stream.read()) if name.endswith(".bin") else texts_of(stream)
        return found


def _after_the_end(raw: RawFile) -> bytes:
    """Bytes behind an archive: programs that unpack it pass them over."""
    with raw.path.open("rb") as stream:
        stream.seek(max(0, raw.size - LONGEST_END))
        tail = stream.read()
    start = tail.rfind(END)
    if start < 0 or len(tail) < start + 22:
        return b""
    return tail[start + 22 + int.from_bytes(tail[start + 20 : start + 22], "little") :]


def add_the_rest(file: OpenFile, package: Package, looked: Iterable[str]) -> None:
    """Look at every member that the reader of the document did not: nothing of a package goes unseen."""
    seen = set(looked)
    rest = [name for name in package.names if name not in seen and not PLAIN.fullmatch(name)]
    file.tables += _properties(package, [name for name in rest if PROPERTIES.fullmatch(name)])
    file.tables += _links(package, [name for name in rest if name.endswith(".rels")])
    others: list[str] = []
    for name in rest:
        if MACROS.fullmatch(name):
            file.held.append(Held(MACRO, f"{file.facts.name}/{name}"))
        elif EMBEDDED.fullmatch(name) or not name.endswith((".xml", ".rels", ".bin", ".vml", ".rdf")):
            _embedded(file, package, name)
        elif not name.endswith(".rels") and not PROPERTIES.fullmatch(name):
            others.append(name)
    texts = package.texts(others)
    for title, found in (("other parts", texts), ("around the archive", package.loose())):
        if found:
            file.tables.append(text_table(title, found, hidden=True))


def _embedded(file: OpenFile, package: Package, name: str) -> None:
    title = f"{file.facts.name}/{name}"
    path = package.scratch.place(f"{len(file.tables)}-{len(file.held)}{PurePosixPath(name).suffix.lower()[:8]}")
    with package.open(name) as stream:
        unpack(package.raw, stream, path, title)
    if path.stat().st_size:
        absorb(file, open_part(package.raw, path, title, package.scratch), title, hidden=True)


def _properties(package: Package, names: list[str]) -> list[Table]:
    """Who wrote, changed and printed the document, where, with what, and what is said about it: one row."""
    found: dict[str, list[str]] = {}
    for name in names:
        with package.open(name) as stream:
            for _, element in elements(stream):
                label = _property(element)
                text = (element.text or "").strip()
                if text and label and label not in COUNTS:
                    found.setdefault(label, []).append(text)
    if not found:
        return []
    return [record_table("document properties", {label: "; ".join(texts) for label, texts in found.items()})]


def _property(element: object) -> str:
    """A property's name: its element's, but that of a custom property stands on the element around it or on itself."""
    parent = element.getparent()  # type: ignore[attr-defined]
    own = attributes(element).get("name")
    around = attributes(parent).get("name") if parent is not None else None
    return own or around or local(element)


def _links(package: Package, names: list[str]) -> list[Table]:
    """Where the document points to outside itself: addresses of people, folders of their machines."""
    targets: list[str] = []
    for name in names:
        with package.open(name) as stream:
            given = (attributes(element) for _, element in elements(stream))
            targets += [each["Target"] for each in given if each.get("TargetMode") == "External"]
    return [text_table("links", targets, hidden=True, label="link")] if targets else []


def record_table(name: str, record: dict[str, str]) -> Table:
    """A hidden table of one row."""
    labels, row = tuple(record), list[str | None](record.values())
    return Table(name, labels, labels, lambda: [frame([row], labels)], hidden=True)
