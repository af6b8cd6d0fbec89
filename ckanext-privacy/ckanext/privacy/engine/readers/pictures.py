"""Pictures: what cameras and programs write into them, GPS position first; what they show needs a person's eyes.

Source: Exif 2.32, IPTC-IIM 4.2, XMP.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin, UnidentifiedImageError

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, text_table

from .office import record_table
from .properties import PACKET, packet_texts
from .traces import traces

SHOWS = say("A picture may show people, or text about them; look at it, then describe it in a table, or leave it out.")
#: Formats that Pillow is asked for; others of its plug-ins are never tried.
FORMATS = ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "AVIF", "HEIF")
PNG = b"\x89PNG\r\n\x1a\n"
TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
#: Bytes of one comment that are looked at.
MOST_TEXT = 16 << 20
#: Groups of Exif tags beside the main one, by the tag that points to them.
GROUPS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop)
#: Tags that say how the picture is stored, not who took it of what, when and where.
TECHNICAL = frozenset({
    "MakerNote", "PrintImageMatching", "ComponentsConfiguration", "ExifOffset", "GPSInfo", "ExifInteroperabilityOffset",
    "JPEGTables", "StripOffsets", "StripByteCounts", "TileOffsets", "TileByteCounts", "ImageWidth", "ImageLength",
    "BitsPerSample", "Compression", "PhotometricInterpretation", "SamplesPerPixel", "RowsPerStrip", "XResolution",
    "YResolution", "PlanarConfiguration", "ResolutionUnit", "YCbCrPositioning", "ExifImageWidth", "ExifImageHeight",
    "ColorSpace", "FlashPixVersion", "ExifVersion", "InteropIndex", "InteropVersion", "Orientation", "SceneType",
    "CFAPattern",
})  # fmt: skip
#: IPTC fields that name people and places. Source: IPTC-IIM 4.2, record 2.
IPTC = {
    5: "title", 25: "keywords", 55: "date created", 80: "author", 85: "author title", 90: "city", 92: "location",
    95: "province", 101: "country", 105: "headline", 110: "credit", 115: "source", 116: "copyright", 118: "contact",
    120: "caption", 122: "caption writer",
}  # fmt: skip


def open_picture(raw: RawFile) -> OpenFile:
    """Open a picture's descriptions; the picture itself is held. Its pixels are never unpacked."""
    file = OpenFile(raw.facts("picture"), held=[Held(SHOWS, raw.name, by_eye=True)])
    facts: dict[str, str] = {}
    texts: list[str] = []
    try:
        with warnings.catch_warnings():
            # Large dimensions are no danger as long as no pixel is read.
            warnings.simplefilter("ignore")
            with _opened(raw) as image:
                facts = {**dict(_exif(image)), **dict(_iptc(image))}
                texts = list(_png_texts(raw) if image.format == "PNG" else _texts(image))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, TypeError, zlib.error) as error:
        raise UnreadableFile(
            say("The picture is damaged; save it again, and look at what it shows."), raw.name
        ) from error
    if facts:
        file.tables.append(record_table(raw.name, facts))
    texts += [text for packet in PACKET.findall(_content(raw)) for text in packet_texts(packet)]
    if texts:
        file.tables.append(text_table(f"{raw.name}: embedded properties", dict.fromkeys(texts), hidden=True))
    return file


def _opened(raw: RawFile) -> ImageFile.ImageFile:
    if raw.head[4:8] == b"ftyp":
        import pi_heif  # pyright: ignore[reportMissingImports]

        pi_heif.register_heif_opener()
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(raw.path, formats=formats())
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def formats() -> list[str]:
    """The formats that Pillow is asked for, as far as it knows them here."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _content(raw: RawFile) -> bytes:
    return raw.path.read_bytes() if raw.size <= raw.limits.whole else raw.head


def _exif(image: Image.Image) -> Iterator[tuple[str, str]]:
    exif = image.getexif()
    for group in (None, *GROUPS):
        tags = exif if group is None else exif.get_ifd(group)
        names = ExifTags.GPSTAGS if group == ExifTags.IFD.GPSInfo else ExifTags.TAGS
        for tag, value in tags.items():
            name = names.get(tag, f"tag {tag}")
            if name not in TECHNICAL and (text := _text(value)):
                yield name, text
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for name, tag, reference, negative in (("latitude", 2, 1, "S"), ("longitude", 4, 3, "W")):
        degrees = _degrees(place.get(tag))
        if degrees is not None:
            yield name, f"{-degrees if place.get(reference) == negative else degrees:.6f}"


def _degrees(parts: Any) -> float | None:
    try:
        return sum(float(part) / 60**power for power, part in enumerate(parts))
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        # Comments begin with how they are encoded; Windows writes its own in UTF-16.
        return "; ".join(traces(value))
    if isinstance(value, (tuple, list)):
        return ", ".join(_text(part) for part in value)
    return str(value).strip("\0 ")


def _iptc(image: ImageFile.ImageFile) -> Iterator[tuple[str, str]]:
    fields = IptcImagePlugin.getiptcinfo(image) or {}
    for (record, number), value in fields.items():
        if record == 2 and number in IPTC:
            values = value if isinstance(value, list) else [value]
            yield IPTC[number], "; ".join(each.decode("utf-8", "replace") for each in values)


def _texts(image: Image.Image) -> Iterator[str]:
    """Comments of JPEG and GIF."""
    for key, value in image.info.items():
        if key in {
            "exif",
            "icc_profile",
            "photoshop",
            "xmp",
            "XML:com.adobe.xmp",
            "thumbnails",
            "metadata",
            "compression",
            "version",
        }:
            continue
        if isinstance(value, (str, bytes)):
            text = value if isinstance(value, str) else value.decode("utf-8", "replace")
            yield f"{key}: {text}"


def _png_texts(raw: RawFile) -> Iterator[str]:
    """Text chunks of a PNG that stand after the pixels, where Pillow would unpack those first."""
    with raw.path.open("rb") as file:
        file.seek(len(PNG))
        while len(head := file.read(8)) == 8:
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind in TEXT_CHUNKS and size < MOST_TEXT:
                yield _chunk_text(kind, file.read(size))
                size = 0
            file.seek(size + 4, 1)


def _chunk_text(kind: bytes, content: bytes) -> str:
    keyword, _, text = content.partition(b"\0")
    packed = kind == b"zTXt" or (kind == b"iTXt" and text[:1] == b"\1")
    if kind == b"iTXt":
        # After the flags: language, translated keyword, text.
        text = text[2:].split(b"\0", 2)[-1]
    elif packed:
        text = text[1:]
    if packed:
        text = zlib.decompressobj().decompress(text, MOST_TEXT)
    return f"{keyword.decode('latin-1')}: {text.decode('utf-8', 'replace')}"
