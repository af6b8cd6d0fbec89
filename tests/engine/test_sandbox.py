"""A file can break its reader, never the worker; and the reader has little to reach."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ckanext.privacy.engine import InvalidPlan, Limits, UnreadableFile, check_quality, scan_file
from ckanext.privacy.engine.remediation import parse_plan
from ckanext.privacy.engine.remediation.isolated import apply_isolated, preview_isolated
from ckanext.privacy.engine.sandbox import Worker, isolated
from ckanext.privacy.engine.settings import ScanSettings

#: What a quiet machine does not need, and a bomb must not take.
LIMITS = Limits(seconds=60, whole=32 << 20, unpacked=64 << 20, archive=128 << 20, members=300, columns=500)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker(3 << 30)
    yield worker
    worker.stop()


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def nested_bomb() -> bytes:
    content = packed({"zeros": b"\0" * (40 << 20)})
    for level in range(5):
        content = packed({f"{level}-{number}.zip": content for number in range(5)})
    return content


def overlapping_bomb() -> bytes:
    """Many entries of the directory share one compressed member, as in David Fifield's construction."""
    whole = packed({"a": b"\0" * (30 << 20)})
    start = struct.unpack("<I", whole[-6:-2])[0]
    entry = whole[start:-22]
    end = whole[-22:-14] + struct.pack("<HHII", 200, 200, len(entry) * 200, start) + b"\0\0"
    return whole[:start] + entry * 200 + end


def laughing_xml() -> bytes:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{lines}]><d><r>&l11;</r></d>'.encode()


def outside_xml() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d><r>&x;</r></d>'


def laughing_workbook() -> bytes:
    return packed({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": laughing_xml()})


def wide_picture() -> bytes:
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", size), (b"IDAT", zlib.compress(b"\0" * 10_000_000)), (b"IEND", b"")]
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def text_bomb_picture() -> bytes:
    body = b"Comment\0\0" + zlib.compress(b"a" * (200 << 20))
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    head = wide_picture()
    return head[:33] + chunk + head[33:]


def looping_pdf() -> bytes:
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 3 0 R 3 0 R]/Count 999999999>>"]
    objects.append(b"<</Type/Page/Parent 3 0 R/Contents 3 0 R/Annots 3 0 R>>")
    body = b"".join(b"%d 0 obj%sendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Prev 0>>\nstartxref\n0\n%%EOF"


def far_workbook() -> bytes:
    sheet = (
        b'<worksheet><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData></worksheet>'
    )
    return xlsx(sheet)


def claiming_workbook() -> bytes:
    """Claims to reach to the last cell, and does not."""
    sheet = b'<worksheet><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
    return xlsx(sheet + b"</worksheet>")


def xlsx(sheet: bytes) -> bytes:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    spaces = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{office}"'
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    return packed({
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": (f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>').encode(),
        "xl/workbook.xml": f'<workbook {spaces}><sheets><sheet name="S" r:id="r1"/></sheets></workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>'
        ).encode(),
        "xl/worksheets/sheet1.xml": sheet.replace(b"<worksheet>", f"<worksheet {spaces}>".encode()),
    })  # fmt: skip


BOMBS: dict[str, Callable[[], bytes]] = {
    "nested.zip": nested_bomb,
    "overlapping.zip": overlapping_bomb,
    "rows.csv.gz": lambda: gzip.compress(b"a,b\n" * (60 << 20), 1),
    "rows.xml": laughing_xml,
    "outside.xml": outside_xml,
    "book.xlsx": laughing_workbook,
    "wide.png": wide_picture,
    "text.png": text_bomb_picture,
    "loop.pdf": looping_pdf,
    "deep.json": lambda: b"[" * 100_000 + b"]" * 100_000,
    "deep.xml": lambda: b"<a>" * 100_000 + b"</a>" * 100_000,
    "wide.csv": lambda: b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n",
    "keys.json": lambda: json.dumps([{f"k{n}": n} for n in range(1_500)]).encode(),
    "cell.csv": lambda: b'a,b\n1,"' + b"x" * (5 << 20),
    "far.xlsx": far_workbook,
    "words.parquet": lambda: b"PAR1\x15" + os.urandom(5_000) + b"\xff\xff\xff\x7fPAR1",
}
#: Those that are read within the limits; all others are held.
READ = {"keys.json", "cell.csv", "loop.pdf"}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_held_and_the_worker_lives_on(tmp_path: Path, worker: Worker, name: str) -> None:
    (tmp_path / name).write_bytes(BOMBS[name]())
    report = scan_file(tmp_path / name, worker=worker, settings=ScanSettings(limits=LIMITS))
    assert name in READ or report.held
    assert all(held.reason.endswith(".") and "/etc" not in held.reason for held in report.held)
    assert "root:" not in str(report.tables)
    after = tmp_path / "after.csv"
    after.write_text("id,mail\n1,ana@example.org\n")
    assert scan_file(after, worker=worker).tables[0].columns[1].sensitive
    assert not list(worker._folder.path.iterdir())  # nothing stays behind


def test_a_sheet_that_claims_to_be_large_is_read(tmp_path: Path, worker: Worker) -> None:
    (tmp_path / "claims.xlsx").write_bytes(claiming_workbook())
    report = scan_file(tmp_path / "claims.xlsx", worker=worker)
    assert not report.held
    assert report.tables[0].columns


WALLS = """
import os, socket, subprocess, sys
from pathlib import Path
from ckanext.privacy.engine.confinement import confine, limit_request, write_only_to
confine(4 << 30)
write_only_to(Path(sys.argv[1]))
limit_request(60, 1000)

def refused(act):
    try:
        act()
    except OSError:
        return True
    return False

def connect():
    with socket.socket() as each:
        each.connect(("127.0.0.1", int(sys.argv[2])))

told = {
    "socket": refused(connect),
    "program": refused(lambda: subprocess.run(["true"])),
    "large": refused(lambda: Path(sys.argv[1], "large").write_bytes(b"x" * 2000)),
    "memory": False,
    "small": not refused(lambda: Path(sys.argv[1], "small").write_bytes(b"x" * 100)),
    "outside": refused(lambda: Path(sys.argv[3]).write_text("x")),
}
try:
    bytearray(8 << 30)
except MemoryError:
    told["memory"] = True
print(told)
"""


def test_the_child_reaches_no_network_no_program_and_little_memory(tmp_path: Path) -> None:
    own, outside = tmp_path / "own", tmp_path / "outside"
    own.mkdir()
    arguments = [sys.executable, "-c", WALLS, str(own), "9", str(outside)]
    told = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    told = json.loads(told.replace("'", '"').replace("True", "true").replace("False", "false"))
    landlocked = told.pop("outside")
    assert all(told.values()), told
    assert landlocked is not outside.exists()


def test_the_child_is_told_no_secret_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVACY_CLEAN_KEY", "a long key that nobody else may know")
    worker = Worker(3 << 30)
    worker._running()
    environment = Path(f"/proc/{worker._process.pid}/environ").read_bytes()
    worker.stop()
    assert b"PRIVACY_CLEAN_KEY" not in environment


def test_validity_is_checked_apart_as_it_is_here(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,n\n1,2\n3\n4,5,6\n")
    assert check_quality(path, apart=True) == check_quality(path)
    assert not check_quality(path, apart=True).valid


def test_a_plan_is_previewed_and_applied_apart(tmp_path: Path) -> None:
    path, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    path.write_text("id,mail\n1,ana@example.org\n2,eva@example.org\n")
    plan = parse_plan({"version": 1, "tables": [{"columns": [{"column": "mail", "action": "drop"}]}]})
    tables = preview_isolated(path, plan, 5, "rows.csv")
    assert tables[0]["columns_after"] == ["id"]
    result = apply_isolated(path, plan, out, None, "rows.csv", None)
    assert out.read_text() == "id\n1\n2\n"
    assert all((tmp_path / name).exists() for name in result["schemas"])
    wrong = parse_plan({"version": 1, "tables": [{"columns": [{"column": "nothing", "action": "drop"}]}]})
    with pytest.raises(InvalidPlan):
        apply_isolated(path, wrong, out, None, "rows.csv", None)


def test_a_reader_that_breaks_is_named_without_what_it_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        isolated({"kind": "quality", "path": "secret", "name": "rows.csv", "settings": {"secret": 1}})
    assert "secret" not in str(caught.value)
