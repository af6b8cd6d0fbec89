"""A cleaned picture tells what it shows, and nothing that was written into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from ckanext.privacy.engine import InvalidPlan, UnreadableFile, apply_plan, open_tables, scan_file, suggest_plan
from ckanext.privacy.engine.remediation import Plan, cleaned_name

SIZE = (64, 48)
TURNED = 6


def exif() -> Image.Exif:
    tags = Image.Exif()
    tags[0x010F], tags[0x013B], tags[0x0112] = "Acme", "Rekha Patil", TURNED
    place = tags.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (19.0, 4.0, 22.1), "E", (72.0, 52.0, 57.0)
    return tags


def picture(folder: Path, ending: str) -> Path:
    path = folder / f"home{ending}"
    image = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    options = {"exif": exif()} if ending not in {".gif", ".png"} else {}
    if ending == ".png":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", "room 14, call 98200 12345")
        options = {"pnginfo": notes, "exif": exif()}
    if ending == ".gif":
        options = {"comment": b"room 14", "save_all": True, "append_images": [image.rotate(90)], "duration": 40}
    image.save(path, **options)
    return path


@pytest.mark.parametrize("ending", [".jpg", ".png", ".gif", ".webp", ".tiff"])
def test_what_was_written_into_a_picture_goes(tmp_path: Path, ending: str) -> None:
    path, out = picture(tmp_path, ending), tmp_path / f"clean{ending}"
    assert open_tables(path).tables, "the test's own picture says nothing"

    report = apply_plan(path, suggest_plan(scan_file(path)), out)

    assert open_tables(out).tables == []
    assert [word for word in (b"Rekha", b"98200", b"room 14", b"Acme") if word in out.read_bytes()] == []
    assert report.left_out
    assert (tmp_path / report.statement_file).read_text("utf-8").startswith("# What was done")
    with Image.open(out) as image:
        assert image.size == (SIZE if ending == ".gif" else SIZE[::-1])
        assert getattr(image, "n_frames", 1) == (2 if ending == ".gif" else 1)


def test_a_picture_keeps_its_name_and_its_form(tmp_path: Path) -> None:
    path = picture(tmp_path, ".png")
    assert cleaned_name("home.png") == "home.png"
    with pytest.raises(InvalidPlan, match="a PNG picture stays one"):
        apply_plan(path, Plan(()), tmp_path / "clean.jpg")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home.png"]


def test_a_damaged_picture_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = picture(tmp_path, ".png")
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(UnreadableFile, match="damaged"):
        apply_plan(path, Plan(()), tmp_path / "clean.png")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home.png"]
