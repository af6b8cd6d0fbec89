"""A picture without what the camera and programs wrote into it: position, times, device, author, comments.

What it shows stays, and stays a person's to judge. Source: Exif 2.32, IPTC-IIM 4.2, XMP.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from ckanext.privacy.engine.errors import InvalidPlan, UnreadableFile
from ckanext.privacy.engine.readers.pictures import formats
from ckanext.privacy.engine.sentences import say

#: Formats that are written again, by the ending of a name.
FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
ENDINGS = frozenset(FORMATS)
UPRIGHT = 1
ORIENTATION = 0x0112


def write_bare(source: Path, out: Path) -> None:
    """Write the picture in `source` to `out`, upright, with its colour profile and nothing else beside the pixels.

    Raises `InvalidPlan` where the name's ending is another format's, `UnreadableFile` where the picture is damaged or
    too large.
    """
    try:
        with Image.open(source, formats=formats()) as image:
            kind = FORMATS.get(out.suffix.lower(), "")
            if kind != image.format:
                raise InvalidPlan(
                    say(
                        "{name}: a {format} picture stays one; give it the ending it had.",
                        name=out.name,
                        format=image.format,
                    )
                )
            _save(image, out, kind)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableFile(
            say("The picture is damaged or too large; save it again in a program for pictures.")
        ) from error


def _save(image: Image.Image, out: Path, kind: str) -> None:
    options: dict[str, Any] = {"icc_profile": image.info.get("icc_profile")}
    frames = [_bare(frame) for frame in ImageSequence.Iterator(image)]
    if len(frames) > 1:
        options |= {"save_all": True, "append_images": frames[1:]}
        options |= {name: image.info[name] for name in ("duration", "loop") if name in image.info}
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": _subsampling(image)}
    if kind == "WEBP":
        options |= {"lossless": True}
    frames[0].save(out, kind, **options)


def _bare(frame: Image.Image) -> Image.Image:
    """The pixels of a frame, turned as its Exif tag says, and nothing else."""
    turned = ImageOps.exif_transpose(frame) if frame.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT else frame
    bare = turned.copy()
    bare.info = {name: frame.info[name] for name in ("transparency", "background") if name in frame.info}
    bare.getexif().clear()
    return bare


def _subsampling(image: Image.Image) -> int:
    """How coarsely a JPEG keeps its colours: 0 finest, 2 coarsest."""
    from PIL.JpegImagePlugin import get_sampling

    return max(get_sampling(image), 0)
